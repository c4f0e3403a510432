/** Messages that are received and sent in parts. */
import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  BusyError,
  ClosedError,
  InvalidInputError,
  moveOnAfter,
  TimeoutError,
  UnexpectedEofError,
} from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import type {
  IncomingMessage,
  MessageSource,
  WebSocket,
  WebSocketOptions,
} from '../../src/websocket/index.ts';
import { QUIET } from '../support/quiet-bodies.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';
import { BINARY, closing, CLOSE, CONTINUATION, frame, PING, TEXT } from './frames.ts';
import { open, talking } from './sockets.ts';

const ASK =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

type Frame = Parameters<typeof frame>[0];

const wireOf = (...frames: Frame[]): string =>
  Buffer.concat(frames.map((each) => frame(each, true))).toString('latin1');

/** A server's socket, and a client that the test plays by hand. */
async function pair(
  world: World,
  options?: WebSocketOptions,
): Promise<{ socket: WebSocket; wire: Wire }> {
  const given = deferred<WebSocket>();
  await world.serve(
    talking(async (socket) => {
      given.resolve(socket);
      await socket.closed;
    }, options),
  );
  const wire = await world.connect();
  await wire.send(ASK);
  await wire.head();
  return { socket: await given.promise, wire };
}

async function partsOf(message: IncomingMessage | null): Promise<(string | Uint8Array)[]> {
  const parts: (string | Uint8Array)[] = [];
  for await (const part of message as IncomingMessage) parts.push(part);
  return parts;
}

const LONG = { limits: { readAheadBytes: 10_000, messageBytes: Infinity, frameBytes: Infinity } };
const bye: Frame = { opcode: CLOSE, payload: closing(1000) };

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

/** One more pair in a world whose server is there: a server for each would need its own port. */
const given: ((socket: WebSocket) => void)[] = [];
const servers = new WeakSet<World>();
async function pairOn(world: World): Promise<{ socket: WebSocket; wire: Wire }> {
  if (!servers.has(world)) {
    servers.add(world);
    await world.serve(
      talking(async (socket) => {
        given.shift()?.(socket);
        await socket.closed;
      }),
    );
  }
  const opened = deferred<WebSocket>();
  given.push(opened.resolve);
  const wire = await world.connect();
  await wire.send(ASK);
  await wire.head();
  return { socket: await opened.promise, wire };
}

/** Sends with the socket of a server, and gives what a client receives. */
async function sent(
  send: (socket: WebSocket, world: World) => unknown,
  options?: WebSocketOptions,
): Promise<{ received: unknown[]; code: number; outcome: unknown }> {
  const received: unknown[] = [];
  let code = 0;
  let outcome: unknown;
  await simulated(async (world) => {
    await world.serve(
      talking(async (socket) => {
        try {
          outcome = await send(socket, world);
        } catch (error) {
          outcome = error;
        }
        await socket.close();
      }, options),
    );
    const socket = await open(world);
    for await (const message of socket) received.push(message);
    ({ code } = await socket.closed);
    expect(world.errors).toEqual([]);
  });
  return { received, code, outcome };
}

function fails(): never {
  throw new Error('hostile');
}

async function* later<T>(world: World, ...pieces: T[]): AsyncGenerator<T> {
  for (const piece of pieces) {
    await world.sleep(10);
    yield piece;
  }
}

describe('a message that is sent in pieces', () => {
  test.each<[string, (world: World) => MessageSource, unknown]>([
    ['an array of text', () => ['a', '', 'bc'], 'abc'],
    ['an array of bytes', () => [Buffer.from('a'), Buffer.from('b')], Buffer.from('ab')],
    ['an async generator', (world) => later(world, 'a', 'b'), 'ab'],
    ['a ReadableStream', () => new Blob(['abc']).stream(), Buffer.from('abc')],
    ['nothing', () => [], Buffer.alloc(0)],
    ['an empty text', () => [''], ''],
    ['halves of a character', () => ['\ud83d', '\ude00', 'x'], '\u{1f600}x'],
    ['half a character', () => ['x\ud83d'], 'x\ufffd'],
    ['long text', () => ['\u{1f600}'.repeat(100_000)], '\u{1f600}'.repeat(100_000)],
    ['long bytes', () => [Buffer.alloc(300_000, 1)], Buffer.alloc(300_000, 1)],
  ])('arrives whole: %s', async (_what, source, whole) => {
    const { received } = await sent((socket, world) => socket.sendStream(source(world)));
    expect(received).toHaveLength(1);
    const [message] = received;
    expect(typeof message === 'string' ? message : Buffer.from(message as Uint8Array)).toEqual(
      whole,
    );
  });

  test('lets other messages wait until its end, in the order of the calls', async () => {
    const bytes = Buffer.from('three');
    const { received } = await sent(async (socket, world) => {
      const calls = [
        socket.send('zero'),
        socket.sendStream(later(world, 'o', 'n', 'e')),
        socket.send('two'),
        socket.send(bytes),
        socket.sendStream(later(world, 'fo', 'ur')),
        socket.send('five'),
      ];
      // What is sent is copied with the call.
      bytes.fill(0);
      await Promise.all(calls);
      expect(socket.statistics()).toMatchObject({ sent: 6, pendingSends: 0 });
    });
    expect(received.map(String)).toEqual(
      ['zero', 'one', 'two', Buffer.from('three'), 'four', 'five']
        .map(String)
        .map((text, at) => (at === 3 ? new Uint8Array(Buffer.from('three')).toString() : text)),
    );
  });

  test('answers pings between its pieces', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      const sending = socket.sendStream(later(world, 'a', 'b'));
      await world.sleep(15);
      await wire.send(wireOf({ opcode: PING, payload: '?' }));
      await sending;
      const expected = Buffer.concat([
        frame({ opcode: TEXT, payload: 'a', fin: false }, false),
        frame({ opcode: 10, payload: '?' }, false),
        frame({ opcode: CONTINUATION, payload: 'b', fin: false }, false),
        frame({ opcode: CONTINUATION, payload: '' }, false),
      ]);
      expect(Buffer.from(await wire.stream.readExactly(expected.length))).toEqual(expected);
    }));

  test('is counted by `limits.pendingSends`', () =>
    simulated(async (world) => {
      const { socket } = await pair(world, { limits: { pendingSends: 2 } });
      const slow = socket.sendStream(later(world, 'a', 'b', 'c'));
      await world.sleep(1);
      const waiting = [socket.send('1'), socket.sendStream(['2'])];
      await expect(socket.sendStream(['3'])).rejects.toMatchObject({ limitName: 'pendingSends' });
      await expect(socket.send('3')).rejects.toMatchObject({ limitName: 'pendingSends' });
      await Promise.all([slow, ...waiting]);
    }));

  test('asks for its next piece when there is room', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      let produced = 0;
      function* endless(): Generator<Uint8Array> {
        for (; produced < 200; produced += 1) yield new Uint8Array(60_000);
      }
      const sending = socket.sendStream(endless());
      await world.sleep(3_000);
      expect(produced).toBeLessThan(100);
      const reading = (async () => {
        for (let left = 200; left > 0; left -= 1) await wire.stream.readExactly(60_004);
      })();
      await Promise.all([sending, reading]);
    }));

  test.each(QUIET)('ends its source when the connection ends: %s', async (_what, make) => {
    const { body, ends } = make();
    await simulated(async (world) => {
      const { socket, wire } = await pair(world);
      const sending = socket.sendStream(body as MessageSource).catch((error: unknown) => error);
      await world.sleep(10);
      wire.stream.reset();
      expect(await sending).toBeInstanceOf(Error);
    });
    expect(ends).toHaveLength(1);
  });

  test.each(QUIET)('ends its source when it is cancelled: %s', async (_what, make) => {
    const { body, ends } = make();
    const { outcome, code, received } = await sent((socket) =>
      socket.sendStream(body as MessageSource, { timeout: 20 }),
    );
    expect(outcome).toBeInstanceOf(TimeoutError);
    expect(ends).toHaveLength(1);
    expect(code).toBe(1011);
    expect(received).toEqual([]);
  });

  test('ends its source when it cannot be sent at all', () =>
    simulated(async (world) => {
      const { socket } = await pair(world);
      let ended = 0;
      const source = (): AsyncIterable<string> => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: 'x' }),
          return: async () => {
            ended += 1;
            return { done: true, value: undefined };
          },
        }),
      });
      const aborted = { signal: AbortSignal.abort(new Error('stop')) };
      await expect(socket.sendStream(source(), aborted)).rejects.toThrow('stop');
      await expect(socket.sendStream(source(), { timeout: -1 })).rejects.toThrow(InvalidInputError);
      socket.reset();
      await expect(socket.sendStream(source())).rejects.toThrow(ClosedError);
      expect(ended).toBe(3);
    }));

  test('that fails after its first piece closes with 1011, and is no message', async () => {
    const failure = new Error('no more');
    const { received, code, outcome } = await sent((socket) =>
      socket.sendStream(
        (function* () {
          yield 'half';
          throw failure;
        })(),
      ),
    );
    expect(outcome).toBe(failure);
    expect(received).toEqual([]);
    expect(code).toBe(1011);
  });

  test.each<[string, () => unknown]>([
    ['throws nothing', () => Promise.reject()],
    ['gives no result', () => 7],
    ['gives a result that throws', () => new Proxy({}, { get: () => fails() })],
  ])('whose source %s fails with a reason', async (_what, next) => {
    const { code, outcome } = await sent((socket) => {
      let count = 0;
      const iterator = {
        next: () => {
          count += 1;
          return count === 1 ? { done: false, value: 'first' } : next();
        },
        return: async () => ({ done: true, value: undefined }),
      };
      return socket.sendStream({ [Symbol.asyncIterator]: () => iterator } as never);
    });
    expect(outcome).toBeInstanceOf(Error);
    expect(code).toBe(1011);
  });

  test('that fails before its first piece leaves the WebSocket as it was', async () => {
    const { received, code } = await sent(async (socket) => {
      const failing = socket.sendStream({
        [Symbol.iterator]: () => ({
          next: () => {
            throw new Error('nothing');
          },
        }),
      });
      const after = socket.send('fine');
      await expect(failing).rejects.toThrow('nothing');
      await after;
    });
    expect(received).toEqual(['fine']);
    expect(code).toBe(1000);
  });

  test('that is cancelled while it waits for its turn sends nothing', async () => {
    const { received, code } = await sent(async (socket, world) => {
      const first = socket.sendStream(later(world, 'a', 'b'));
      const waiting = socket.sendStream(['never'], { timeout: 5 });
      const third = socket.send('c');
      await expect(waiting).rejects.toThrow(TimeoutError);
      await Promise.all([first, third]);
    });
    expect(received).toEqual(['ab', 'c']);
    expect(code).toBe(1000);
  });

  test.each<[string, unknown[]]>([
    ['bytes after text', ['a', Buffer.from('b')]],
    ['a number', ['a', 7]],
    ['nothing', ['a', undefined]],
  ])('has pieces of one kind, and no %s', async (_what, pieces) => {
    const { code, outcome } = await sent((socket) => socket.sendStream(pieces as string[]));
    expect(outcome).toBeInstanceOf(InvalidInputError);
    expect(code).toBe(1011);
  });

  test.each([undefined, null, 7, {}, 'text', Buffer.from('x')])('is not %p', (wrong) =>
    simulated(async (world) => {
      const { socket } = await pair(world);
      const sending = socket.sendStream(wrong as never);
      await expect(sending).rejects.toThrow(/^sendStream: expected `source` to be an iterable/);
      expect(socket.isOpen).toBe(true);
    }),
  );

  test('is finished by a close that comes meanwhile, with what waits behind it', async () => {
    const { received, code } = await sent(async (socket, world) => {
      const sending = [socket.sendStream(later(world, 'a', 'b')), socket.send('c')];
      await world.sleep(15);
      void socket.close(4000);
      await Promise.all(sending);
    });
    expect(received).toEqual(['ab', 'c']);
    expect(code).toBe(4000);
  });

  test('whose source gives nothing is cut by a close, after its deadline', async () => {
    const { received, code, outcome } = await sent(
      async (socket, world) => {
        const sending = socket.sendStream(
          (async function* (): AsyncGenerator<string> {
            yield 'a';
            await world.sleep(100);
            yield 'b';
            await world.sleep(100_000);
          })(),
        );
        await world.sleep(10);
        void socket.close(4000);
        await sending;
      },
      { deadlines: { close: 500 } },
    );
    expect(outcome).toMatchObject({ name: 'TimeoutError' });
    expect(String(outcome)).toContain('deadlines.close');
    expect(received).toEqual([]);
    expect(code).toBe(1011);
  });

  test('ends when its peer says goodbye', () =>
    simulated(async (world) => {
      const { socket, wire } = await pair(world);
      const sending = socket.sendStream(later(world, ...Array<string>(100).fill('x')));
      const waiting = socket.send('behind');
      await world.sleep(25);
      await wire.send(wireOf(bye));
      await expect(sending).rejects.toThrow(ClosedError);
      await expect(waiting).rejects.toThrow(ClosedError);
      expect(await socket.closed).toMatchObject({ code: 1000, by: 'peer', isClean: true });
    }));

  test('ends with its scope', async () => {
    const { outcome, code } = await sent(async (socket, world) => {
      let error: unknown;
      await moveOnAfter(
        15,
        async () => {
          error = await socket
            .sendStream(later(world, ...Array<string>(100).fill('x')))
            .catch((caught: unknown) => caught);
        },
        { clock: world.sim.clock },
      );
      return error;
    });
    expect(outcome).toMatchObject({ name: 'CancelledError' });
    expect(code).toBe(1011);
  });
});
