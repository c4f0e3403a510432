/** Messages that are sent in parts. */
import { describe, expect, test } from '@jest/globals';
import { ClosedError, InvalidInputError, moveOnAfter, TimeoutError } from '@awaitio/core';

import type { MessageSource, WebSocket, WebSocketOptions } from '../../src/websocket/index.ts';
import { QUIET } from '../support/quiet-bodies.ts';
import { simulated, type World } from '../support/simulated.ts';

import { CONTINUATION, frame, PING, TEXT } from './frames.ts';
import { open, talking } from './sockets.ts';
import { bye, pair, wireOf } from './wire-pair.ts';

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
