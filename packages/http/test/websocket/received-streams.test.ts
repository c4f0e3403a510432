/** Messages that are received in parts. */
import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  BusyError,
  ClosedError,
  moveOnAfter,
  TimeoutError,
  UnexpectedEofError,
} from '@awaitio/core';

import type { IncomingMessage, WebSocket } from '../../src/websocket/index.ts';

import { simulated } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';
import { BINARY, CONTINUATION, PING, TEXT } from './frames.ts';
import { talking } from './sockets.ts';
import { ASK, bye, pair, pairOn, wireOf } from './wire-pair.ts';

async function partsOf(message: IncomingMessage | null): Promise<(string | Uint8Array)[]> {
  const parts: (string | Uint8Array)[] = [];
  for await (const part of message as IncomingMessage) parts.push(part);
  return parts;
}

const LONG = { limits: { readAheadBytes: 10_000, messageBytes: Infinity, frameBytes: Infinity } };

describe('a message that is received in parts', () => {
  test('has its first part before its last has come', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      const opening = socket.receiveStream();
      await wire.send(wireOf({ opcode: TEXT, payload: 'ab', fin: false }));
      const message = await opening;
      expect(message?.kind).toBe('text');
      expect(await message?.read()).toBe('ab');
      await wire.send(wireOf({ opcode: CONTINUATION, payload: 'cd' }));
      expect(await message?.read()).toBe('cd');
      expect(await message?.read()).toBeNull();
      expect(await message?.read()).toBeNull();
      expect(socket.statistics().received).toBe(1);
    }));

  test('is the same whole, byte by byte and with others behind it, also between pings', () =>
    simulated(async (world) => {
      const bytes = wireOf(
        { opcode: TEXT, payload: 'ä\u20ac\u{1f600}', fin: false },
        { opcode: PING, payload: 'p' },
        { opcode: CONTINUATION, payload: '', fin: false },
        { opcode: CONTINUATION, payload: 'z' },
        { opcode: BINARY, payload: 'bytes' },
        { opcode: TEXT, payload: '' },
        bye,
      );
      for (const step of [bytes.length, 1, 3]) {
        const { socket, wire } = await pairOn(world);
        const sending = (async () => {
          for (let at = 0; at < bytes.length; at += step) {
            await wire.send(bytes.slice(at, at + step));
            if (step === 1) await world.sleep(2);
          }
        })();
        expect((await partsOf(await socket.receiveStream())).join('')).toBe('ä\u20ac\u{1f600}z');
        const second = await socket.receiveStream();
        expect(second?.kind).toBe('bytes');
        const parts = await partsOf(second);
        expect(Buffer.concat(parts as Uint8Array[]).toString()).toBe('bytes');
        expect(await partsOf(await socket.receiveStream())).toEqual([]);
        expect(await socket.receiveStream()).toBeNull();
        await sending;
        await socket.closed;
      }
    }));

  test('never has half a character in a part of text', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      const opening = socket.receiveStream();
      const text = Buffer.from('a\u{1f600}b');
      for (const [index, byte] of text.entries()) {
        const opcode = index === 0 ? TEXT : CONTINUATION;
        const payload = Buffer.of(byte);
        await wire.send(wireOf({ opcode, payload, fin: index === text.length - 1 }));
        await world.sleep(5);
      }
      expect((await partsOf(await opening)).join('|')).toMatch(/^a\|?\u{1f600}\|?b$/u);
    }));

  test('that is not read waits with its sender, and what waits here is bounded', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world, LONG);
      const size = 3_000_000;
      const sending = wire.send(wireOf({ opcode: BINARY, payload: Buffer.alloc(size, 7) }));
      let isSent = false;
      const done = sending.then(() => (isSent = true));
      await world.sleep(5_000);
      expect(isSent).toBe(false);
      const message = await socket.receiveStream();
      let length = 0;
      let longest = 0;
      for await (const part of message as IncomingMessage) {
        length += part.length;
        longest = Math.max(longest, part.length);
        await world.sleep(1);
      }
      expect(length).toBe(size);
      expect(longest).toBeLessThan(500_000);
      await done;
    }));

  test('can be longer than a whole one may be ahead; received whole, it is collected', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world, LONG);
      const sending = wire.send(wireOf({ opcode: TEXT, payload: 'x'.repeat(50_000) }));
      await world.sleep(100);
      expect(await socket.receive()).toHaveLength(50_000);
      await sending;
    }));

  test('counts against the limit of a message also when its parts were taken', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world, { limits: { messageBytes: 10 } });
      await wire.send(wireOf({ opcode: TEXT, payload: '12345678', fin: false }));
      const message = await socket.receiveStream();
      expect(await message?.read()).toBe('12345678');
      await wire.send(wireOf({ opcode: CONTINUATION, payload: '901' }));
      await expect(message?.read()).rejects.toMatchObject({ limitName: 'messageBytes' });
      await wire.close();
      expect(await socket.closed).toMatchObject({ code: 1009 });
    }));

  test.each<[string, (message: IncomingMessage, socket: WebSocket) => unknown]>([
    ['by discard', (message) => message.discard()],
    [
      'by a loop that ends early',
      async (message) => {
        for await (const part of message) if (part.length > 0) break;
      },
    ],
    ['by the next receive', () => {}],
  ])('that is left %s is skipped', (_how, leave) =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world, LONG);
      const size = 400_000;
      const sending = wire.send(
        wireOf({ opcode: BINARY, payload: Buffer.alloc(size) }, { opcode: TEXT, payload: 'next' }),
      );
      const message = (await socket.receiveStream()) as IncomingMessage;
      await message.read();
      await leave(message, socket);
      expect(await socket.receive()).toBe('next');
      await expect(message.read()).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_MESSAGE_LEFT' });
      message.discard();
      await sending;
      await wire.send(wireOf({ opcode: TEXT, payload: 'after', fin: false }));
      const after = await socket.receiveStream();
      expect(await after?.read()).toBe('after');
    }),
  );

  test('that has come whole is left by the next receive too', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      await wire.send(wireOf({ opcode: TEXT, payload: 'a' }, { opcode: TEXT, payload: 'b' }));
      const message = await socket.receiveStream();
      expect(await socket.receive()).toBe('b');
      await expect(message?.read()).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_MESSAGE_LEFT' });
    }));

  test('is not idle while its parts come', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world, { deadlines: { idle: 1_000 } });
      await wire.send(wireOf({ opcode: TEXT, payload: 'a', fin: false }));
      const message = (await socket.receiveStream()) as IncomingMessage;
      for (let count = 0; count < 10; count += 1) {
        await message.read();
        await world.sleep(400);
        await wire.send(wireOf({ opcode: CONTINUATION, payload: 'b', fin: false }));
      }
      expect(socket.isOpen).toBe(true);
      expect((await socket.closed).reason).toBe('idle');
    }));

  test('that is left while it is read ends that call', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      await wire.send(wireOf({ opcode: TEXT, payload: 'a', fin: false }));
      const message = await socket.receiveStream();
      await message?.read();
      const reading = message?.read();
      message?.discard();
      await expect(reading).rejects.toThrow(ClosedError);
    }));

  test('is read by one task at a time, and a cancelled call takes nothing', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      const opening = socket.receiveStream();
      await expect(socket.receiveStream()).rejects.toThrow(BusyError);
      await expect(socket.receive()).rejects.toThrow(BusyError);
      await wire.send(wireOf({ opcode: TEXT, payload: 'a', fin: false }));
      const message = (await opening) as IncomingMessage;
      expect(await message.read()).toBe('a');
      const reading = message.read({ timeout: 10 });
      await expect(message.read()).rejects.toThrow(BusyError);
      await expect(reading).rejects.toThrow(TimeoutError);
      const reason = new Error('stop');
      await expect(message.read({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await moveOnAfter(5, async () => void (await message.read()), { clock: world.sim.clock });
      await wire.send(wireOf({ opcode: CONTINUATION, payload: 'b' }));
      expect(await message.read()).toBe('b');
      expect(await message.read()).toBeNull();
    }));

  test('gives up before it begins, and loses nothing', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      await expect(socket.receiveStream({ timeout: 5 })).rejects.toThrow(TimeoutError);
      await wire.send(wireOf({ opcode: TEXT, payload: 'whole' }));
      expect(await socket.receive()).toBe('whole');
    }));

  test.each<[string, (wire: Wire) => unknown, new (...args: never[]) => Error]>([
    ['says goodbye', (wire) => wire.send(wireOf(bye)), UnexpectedEofError],
    ['ends the connection', (wire) => wire.close(), UnexpectedEofError],
    ['breaks it', (wire) => wire.stream.reset(), BrokenError],
    [
      'breaks the protocol',
      (wire) => wire.send(wireOf({ opcode: TEXT, payload: 'x' })).then(() => wire.close()),
      Error,
    ],
  ])('whose peer %s in the middle of it has no end', (_what, end, error) =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      await wire.send(wireOf({ opcode: TEXT, payload: 'a', fin: false }));
      const message = (await socket.receiveStream()) as IncomingMessage;
      expect(await message.read()).toBe('a');
      const reading = message.read();
      await end(wire);
      await expect(reading).rejects.toThrow(error);
      await expect(message.read()).rejects.toThrow(error);
      await socket.closed;
    }),
  );

  test('fails its handler as a fault of the client, when that closes in the middle of it', () =>
    simulated(async (world) => {
      const ended: unknown[] = [];
      const handler = async (socket: WebSocket): Promise<void> => {
        const message = (await socket.receiveStream()) as IncomingMessage;
        try {
          for await (const part of message) ended.push(part);
        } catch (error) {
          ended.push((error as Error).name);
          throw error;
        }
      };
      await world.serve(talking(handler));
      const wire = await world.connect();
      await wire.send(ASK);
      await wire.head();
      await wire.send(wireOf({ opcode: TEXT, payload: 'a', fin: false }));
      await world.sleep(100);
      await wire.send(wireOf(bye));
      const answer = await wire.stream.readChunk();
      expect(Buffer.from(answer ?? []).toString('hex')).toBe('880203e8');
      await wire.close();
      await world.sleep(100);
      expect(ended).toEqual(['a', 'UnexpectedEofError']);
      expect(world.errors).toEqual([]);
    }));

  test('is dropped when this side closes and it is not read, however long it is', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world, LONG);
      const sending = wire.send(wireOf({ opcode: BINARY, payload: Buffer.alloc(2_000_000) }, bye));
      await world.sleep(500);
      const end = await socket.close();
      expect(end).toMatchObject({ isClean: true, dropped: 1 });
      await sending;
    }));
});
