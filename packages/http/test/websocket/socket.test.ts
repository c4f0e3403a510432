import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  BusyError,
  CancelledError,
  ClosedError,
  InvalidInputError,
  moveOnAfter,
  TimeoutError,
  UnexpectedEofError,
} from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import { WebSocketError } from '../../src/websocket/index.ts';
import { simulated } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';
import { closing, CLOSE, CONTINUATION, frame, PING, TEXT } from './frames.ts';
import { echoing, open, talking } from './sockets.ts';
import { byHand, served, wireOf } from './wire-pair.ts';

/** The next bytes, as latin1 text. */
const take = async (wire: Wire, count: number): Promise<string> =>
  Buffer.from(await wire.stream.readExactly(count)).toString('latin1');

const bye = wireOf({ opcode: CLOSE, payload: closing(1000) });

describe('messages', () => {
  test('come back whole and in order, text as text and bytes as bytes', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = await open(world);
      const messages = ['hello', '', 'ä€😀', Uint8Array.of(0, 255), 'x'.repeat(300_000)];
      for (const message of messages) {
        await socket.send(message);
        expect(await socket.receive()).toEqual(message);
      }
      expect(await socket.close(4000, 'enough')).toEqual({
        code: 4000,
        reason: 'enough',
        by: 'local',
        isClean: true,
        dropped: 0,
      });
      expect(await socket.receive()).toBeNull();
      expect(socket.statistics()).toEqual({ received: 5, sent: 5, unread: 0, pendingSends: 0 });
    }));

  test('of both sides’ end are the same end, seen from either side', () =>
    simulated(async (world) => {
      const end = deferred<unknown>();
      await world.serve(talking(async (socket) => end.resolve(await socket.closed)));
      const socket = await open(world);
      await socket.close(3001, 'over');
      expect(await end.promise).toMatchObject({
        code: 3001,
        reason: 'over',
        by: 'peer',
        isClean: true,
      });
    }));

  test('are read ahead up to the limit; then the sender waits', () =>
    simulated(async (world) => {
      const server = await served(world, { limits: { readAheadMessages: 2 } });
      const socket = await open(world, { limits: { pendingSends: 40 } });
      const messages = Array.from({ length: 40 }, (_, index) => `${index} `.padEnd(100_000));
      const sending = Promise.all(messages.map((message) => socket.send(message)));
      await world.sleep(1_000);
      const peer = await server();
      expect(peer.statistics().unread).toBeLessThan(5);
      expect(socket.statistics().pendingSends).toBeGreaterThan(20);
      for (const message of messages) expect(await peer.receive()).toBe(message);
      await sending;
      await socket.close();
    }));

  test('that wait for room are bounded: the call after the last one fails, and nothing of it is sent', () =>
    simulated(async (world) => {
      const server = await served(world);
      const socket = await open(world, { limits: { pendingSends: 3 } });
      const begun = socket.send('x'.repeat(1_000_000));
      const waiting = ['1', '2', '3'].map((message) => socket.send(message));
      await expect(socket.send('4')).rejects.toMatchObject({
        name: 'LimitError',
        limitName: 'pendingSends',
        limit: 3,
      });
      const peer = await server();
      expect(await peer.receive()).toHaveLength(1_000_000);
      for (const message of ['1', '2', '3']) expect(await peer.receive()).toBe(message);
      await Promise.all([begun, ...waiting]);
      await socket.close();
      expect(await peer.receive()).toBeNull();
    }));

  test('are received by one task at a time, and a cancelled call takes nothing', () =>
    simulated(async (world) => {
      const server = await served(world);
      const socket = await open(world);
      const peer = await server();
      const controller = new AbortController();
      const reason = new Error('not now');
      const waiting = peer.receive({ signal: controller.signal });
      await expect(peer.receive()).rejects.toThrow(BusyError);
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await expect(peer.receive({ signal: controller.signal })).rejects.toBe(reason);
      await expect(peer.receive({ timeout: 5 })).rejects.toThrow(TimeoutError);
      await socket.send('one');
      expect(await peer.receive()).toBe('one');
      await socket.close();
    }));

  test('end with their scope, and the socket stays usable', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = await open(world);
      let error: unknown;
      await moveOnAfter(
        10,
        async () => {
          error = await socket.receive().catch((caught: unknown) => caught);
          error = await socket.send('late').catch((caught: unknown) => caught);
        },
        { clock: world.sim.clock },
      );
      expect(error).toBeInstanceOf(CancelledError);
      await socket.send('again');
      expect(await socket.receive()).toBe('again');
      await socket.close();
    }));

  test('that a cancelled send has begun are sent whole; those that wait are not sent', () =>
    simulated(async (world) => {
      const server = await served(world);
      const socket = await open(world);
      const peer = await server();
      const controller = new AbortController();
      const { signal } = controller;
      const big = 'x'.repeat(1_000_000);
      const begun = socket.send(big, { signal });
      const second = socket.send('never', { signal });
      const third = socket.send('third');
      controller.abort(new Error('stop'));
      await expect(begun).rejects.toThrow('stop');
      await expect(second).rejects.toThrow('stop');
      expect(await peer.receive()).toBe(big);
      expect(await peer.receive()).toBe('third');
      await third;
      await socket.close();
    }));

  test('of a loop that is left stay for the next one', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = await open(world);
      for (const message of ['a', 'b']) await socket.send(message);
      for await (const message of socket) {
        expect(message).toBe('a');
        break;
      }
      expect(await socket.receive()).toBe('b');
      await socket.close();
    }));

  test.each([undefined, null, 7, {}, ['a'], new ArrayBuffer(1)])('are not %p', (wrong) =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = await open(world);
      await expect(socket.send(wrong as string)).rejects.toThrow(InvalidInputError);
      await socket.close();
    }),
  );
});

describe('a peer', () => {
  test('that pings is answered while nothing receives', () =>
    simulated(async (world) => {
      await served(world);
      const wire = await byHand(world);
      await wire.send(wireOf({ opcode: PING, payload: 'are you there' }));
      const pong = frame({ opcode: 10, payload: 'are you there' }, false).toString('latin1');
      expect(await take(wire, pong.length)).toBe(pong);
      await wire.send(bye);
      expect(await wire.rest()).toBe(
        frame({ opcode: CLOSE, payload: closing(1000) }, false).toString('latin1'),
      );
    }));

  test('that breaks the protocol gets the code, and its messages before that are read', () =>
    simulated(async (world) => {
      const server = await served(world);
      const wire = await byHand(world);
      await wire.send(
        wireOf({ opcode: TEXT, payload: 'fine' }, { opcode: CONTINUATION }, { opcode: TEXT }),
      );
      expect(await take(wire, 4)).toBe(
        frame({ opcode: CLOSE, payload: closing(1002) }, false).toString('latin1'),
      );
      const socket = await server();
      expect(await socket.receive()).toBe('fine');
      await expect(socket.receive()).rejects.toThrow(WebSocketError);
      await wire.close();
      expect(await socket.closed).toMatchObject({ code: 1002, by: 'local', isClean: false });
      expect(world.errors).toEqual([]);
    }));

  test('that leaves without a close frame is distinguished from one that says goodbye', () =>
    simulated(async (world) => {
      const server = await served(world);
      const wire = await byHand(world);
      await wire.send(
        wireOf({ opcode: TEXT, payload: 'last' }, { opcode: TEXT, payload: 'half', fin: false }),
      );
      await wire.close();
      const socket = await server();
      expect(await socket.receive()).toBe('last');
      await expect(socket.receive()).rejects.toThrow(UnexpectedEofError);
      expect(await socket.closed).toMatchObject({ code: 1006, by: 'peer', isClean: false });
      await expect(socket.send('x')).rejects.toThrow(ClosedError);
    }));

  test('whose connection breaks is an error of the reader, and of no one else', () =>
    simulated(async (world) => {
      const server = await served(world);
      const wire = await byHand(world);
      const socket = await server();
      const receiving = socket.receive();
      wire.stream.reset();
      await expect(receiving).rejects.toThrow(BrokenError);
      expect((await socket.closed).code).toBe(1006);
      expect(world.errors).toEqual([]);
    }));

  test('that closes while messages wait for it: their senders get an error', () =>
    simulated(async (world) => {
      const server = await served(world);
      const wire = await byHand(world);
      const socket = await server();
      const big = new Uint8Array(500_000);
      const sends = [1, 2, 3, 4, 5].map(() =>
        socket.send(big).then(
          () => 'sent',
          (error) => error.name,
        ),
      );
      await world.sleep(100);
      await wire.send(bye);
      const received = await wire.rest();
      expect(received.endsWith('\x88\x02\x03\xe8')).toBe(true);
      const outcomes = await Promise.all(sends);
      expect(outcomes.at(-1)).toBe('ClosedError');
      // What was begun is whole: the frames and the close frame, nothing else.
      const whole = outcomes.filter((outcome) => outcome === 'sent').length;
      expect(received.length).toBe(whole * (500_000 + 10) + 4);
    }));
});

describe('a handler that fails because its client', () => {
  const talk = talking(async (socket) => {
    await socket.send('ready');
    for await (const message of socket) await socket.send(message);
    for (;;) await socket.send('more');
  });
  test.each<readonly [string, (wire: Wire) => unknown]>([
    ['has said goodbye', (wire) => wire.send(bye)],
    ['broke the protocol', (wire) => wire.send(wireOf({ opcode: CONTINUATION }))],
    ['has left without a word', (wire) => wire.close()],
    ['was cut off', (wire) => wire.stream.reset()],
    [
      'takes nothing',
      (wire) => wire.send(wireOf({ opcode: TEXT, payload: 'x' }, { opcode: CLOSE })),
    ],
  ])('%s is not reported', (_what, leave) =>
    simulated(async (world) => {
      const server = await world.serve(talk);
      const wire = await byHand(world);
      await leave(wire);
      await world.sleep(30_000);
      wire.stream.reset();
      await server.shutdown();
      expect(world.errors).toEqual([]);
    }),
  );
});

describe('closing', () => {
  test('sends what waits first', () =>
    simulated(async (world) => {
      const server = await served(world);
      const socket = await open(world);
      const peer = await server();
      const sends = ['a'.repeat(500_000), 'b', 'c'].map((message) => socket.send(message));
      const closed = socket.close();
      await expect(socket.send('late')).rejects.toThrow(ClosedError);
      const received = [];
      for await (const message of peer) received.push(message.length);
      expect(received).toEqual([500_000, 1, 1]);
      await Promise.all(sends);
      expect(await closed).toMatchObject({ code: 1000, isClean: true });
      expect(await socket.close(4000)).toBe(await closed);
    }));

  test('leaves messages that were under way to be read, and counts those that were dropped', () =>
    simulated(async (world) => {
      const server = await served(world, { limits: { readAheadMessages: 2 } });
      const wire = await byHand(world);
      const socket = await server();
      const closed = socket.close(1001);
      await wire.send(
        wireOf(...[1, 2, 3, 4, 5].map((n) => ({ opcode: TEXT, payload: String(n) }))) + bye,
      );
      expect(await closed).toMatchObject({ code: 1001, by: 'local', isClean: true, dropped: 3 });
      expect([await socket.receive(), await socket.receive(), await socket.receive()]).toEqual([
        '1',
        '2',
        null,
      ]);
    }));

  test('that is not answered ends with the deadline', () =>
    simulated(async (world) => {
      const server = await served(world, { deadlines: { close: 300 } });
      await byHand(world);
      const socket = await server();
      const since = world.now;
      const end = await socket.close();
      expect(end).toMatchObject({ code: 1000, by: 'local', isClean: false });
      expect(end.error).toBeInstanceOf(TimeoutError);
      expect(world.now - since).toBeGreaterThanOrEqual(300);
      expect(world.now - since).toBeLessThan(500);
    }));

  test.each<readonly [unknown, unknown]>([
    [1006, ''],
    [999, ''],
    ['1000', ''],
    [1000, 7],
    [1000, 'x'.repeat(124)],
    [1000, 'ä'.repeat(62)],
  ])('with %p %p is refused, and nothing is sent', (code, reason) =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = await open(world);
      await expect(socket.close(code as number, reason as string)).rejects.toThrow(
        InvalidInputError,
      );
      expect(socket.isOpen).toBe(true);
      await socket.close();
    }),
  );

  test('both at once is one end', () =>
    simulated(async (world) => {
      const server = await served(world);
      const socket = await open(world);
      const peer = await server();
      const ends = await Promise.all([socket.close(4001), peer.close(4002)]);
      expect(ends).toMatchObject([
        { code: 4001, by: 'local', isClean: true },
        { code: 4002, by: 'local', isClean: true },
      ]);
    }));

  test('by reset ends calls that wait, on both sides', () =>
    simulated(async (world) => {
      const server = await served(world);
      const socket = await open(world);
      const peer = await server();
      const waiting = peer.receive();
      const reason = new Error('enough');
      socket.reset(reason);
      socket.reset();
      await expect(waiting).rejects.toThrow(BrokenError);
      await expect(socket.receive()).rejects.toBe(reason);
      expect(await socket.closed).toEqual({
        code: 1006,
        reason: '',
        by: 'local',
        isClean: false,
        dropped: 0,
        error: reason,
      });
    }));

  test('by await using says goodbye', () =>
    simulated(async (world) => {
      const server = await served(world);
      {
        await using socket = await open(world);
        await socket.send('x');
      }
      expect(await (await server()).closed).toMatchObject({
        code: 1000,
        by: 'peer',
        isClean: true,
      });
    }));

  test('of a server that shuts down is 1001, and waits for the answer', () =>
    simulated(async (world) => {
      const server = await world.serve(echoing);
      const sockets = await Promise.all([open(world), open(world)]);
      const [report] = await Promise.all([
        server.shutdown({ grace: 10_000 }),
        ...sockets.map(async (socket) => expect(await socket.receive()).toBeNull()),
      ]);
      expect(report).toMatchObject({ upgraded: 2, webSockets: 2, aborted: [] });
      for (const socket of sockets) {
        expect(await socket.closed).toMatchObject({ code: 1001, by: 'peer', isClean: true });
      }
      expect(world.errors).toEqual([]);
    }));

  test('of a handler that fails is a reset, and its error is reported', () =>
    simulated(async (world) => {
      const failure = new Error('a bug');
      await world.serve(talking(() => Promise.reject(failure)));
      const socket = await open(world);
      await expect(socket.receive()).rejects.toThrow(BrokenError);
      expect(world.errors).toEqual([failure]);
    }));
});

describe('a deadline', () => {
  test('of silence sends a ping; a peer that is there stays', () =>
    simulated(async (world) => {
      const server = await served(world, { deadlines: { ping: 1_000, pong: 500 } });
      const socket = await open(world);
      await world.sleep(60_000);
      expect((await server()).isOpen).toBe(true);
      await socket.close();
    }));

  test('of the pong ends a connection whose peer is gone', () =>
    simulated(async (world) => {
      const server = await served(world, { deadlines: { ping: 1_000, pong: 500 } });
      const wire = await byHand(world);
      const socket = await server();
      await expect(socket.receive()).rejects.toThrow('deadlines.pong did not finish within 500 ms');
      expect(world.now).toBeLessThan(2_000);
      expect(await socket.closed).toMatchObject({ code: 1006, by: 'local' });
      expect(await take(wire, 2)).toBe('\x89\x00');
    }));

  test('of silence does not count while the application does not read', () =>
    simulated(async (world) => {
      const server = await served(world, {
        deadlines: { ping: 100, pong: 100 },
        limits: { readAheadMessages: 1 },
      });
      const socket = await open(world);
      for (const message of ['1', '2', '3']) await socket.send(message);
      const peer = await server();
      await world.sleep(10_000);
      expect(peer.isOpen).toBe(true);
      for (const message of ['1', '2', '3']) expect(await peer.receive()).toBe(message);
      await socket.close();
    }));

  test('of idleness closes, and messages either way put it off', () =>
    simulated(async (world) => {
      await served(world, { deadlines: { idle: 1_000 } });
      const socket = await open(world);
      for (let n = 0; n < 5; n += 1) {
        await world.sleep(600);
        await socket.send('x');
      }
      expect(socket.isOpen).toBe(true);
      expect(await socket.closed).toMatchObject({ code: 1000, reason: 'idle', by: 'peer' });
    }));

  test('of a write ends a connection whose peer takes nothing', () =>
    simulated(async (world) => {
      const server = await served(world, {
        deadlines: { writeStall: 2_000, writeWindow: 0 },
      });
      const wire = await byHand(world);
      const socket = await server();
      const sends = [1, 2, 3].map(() => socket.send(new Uint8Array(900_000)));
      const outcomes = await Promise.allSettled(sends);
      expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'ETIMEDOUT' } });
      expect((await socket.closed).error).toBeInstanceOf(TimeoutError);
      wire.stream.reset();
    }));
});
