/** Compression from handshake to end: both sides, on a simulated network. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { memoryPair } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import { simulate, simulateSeeds, type Simulation } from '@awaitio/core/testing';
import { HttpClient, serve, type Handler } from '../../src/index.ts';
import {
  connectWebSocket,
  WebSocketHandshakeError,
  type CompressionOptions,
  type ConnectWebSocketOptions,
  type WebSocket,
} from '../../src/websocket/index.ts';
import { acceptOf, nonceOf } from '../../src/websocket/random-bits.ts';
import { simulated, type World } from '../support/simulated.ts';
import { open, talking } from './sockets.ts';
import { replaceZlib, restoreZlib, watchZlib } from './zlib-watch.ts';

const echoing = (compression?: CompressionOptions): Handler =>
  talking(
    async (socket) => {
      for await (const message of socket) await socket.send(message);
    },
    { compression },
  );
const LONG = 'again and again, '.repeat(500);

/** Sends a message that comes back. @returns What was agreed on */
async function echoed(socket: WebSocket, message: string): Promise<string> {
  await socket.send(message);
  expect(await socket.receive()).toBe(message);
  return socket.extensions;
}

afterEach(() => {
  restoreZlib();
});

describe('messages are compressed', () => {
  test.each<
    readonly [string, CompressionOptions | undefined, CompressionOptions | undefined, string]
  >([
    [
      'when both sides want it',
      {},
      {},
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    [
      'with what either asks for',
      { contextTakeover: true },
      { contextTakeover: true, windowBits: 10 },
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
    ],
    [
      'with takeover when both want it',
      { contextTakeover: true },
      { contextTakeover: true },
      'permessage-deflate',
    ],
    ['not when the client does not', {}, undefined, ''],
    ['not when the server does not', undefined, {}, ''],
  ])('%s', (_when, server, client, extensions) =>
    simulated(async (world) => {
      await world.serve(echoing(server));
      const socket = await open(world, { compression: client });
      for (const message of ['short', LONG, '', LONG]) {
        expect(await echoed(socket, message)).toBe(extensions);
      }
      await socket.send(Buffer.from(LONG));
      expect(await socket.receive()).toEqual(new Uint8Array(Buffer.from(LONG)));
      expect(await socket.close()).toMatchObject({ code: 1000, isClean: true });
    }),
  );

  test('and what exceeds a limit of the other side is refused with 1009', () =>
    simulated(async (world) => {
      const ended = deferred<unknown>();
      await world.serve(
        talking(
          async (socket) => {
            await socket.receive().catch(() => {});
            ended.resolve(await socket.closed);
          },
          { compression: {}, limits: { inflatedBytes: 1_000 } },
        ),
      );
      const socket = await open(world, { compression: {} });
      await socket.send(LONG);
      expect(await socket.receive()).toBeNull();
      expect(await socket.closed).toMatchObject({ code: 1009, by: 'peer' });
      expect(await ended.promise).toMatchObject({
        code: 1009,
        error: { limitName: 'inflatedBytes' },
      });
    }));
});

describe('a message that is taken back', () => {
  /** Text that compresses little, and refers to all that was said before. */
  const noisy = (
    random: { integer: (from: number, to: number) => number },
    words: string[],
  ): string => {
    let text = '';
    while (text.length < 30_000) {
      if (words.length < 200 || random.integer(0, 3) === 0) {
        words.push(random.integer(0, 1e9).toString(36));
      }
      text += `${words[random.integer(0, words.length - 1)]} `;
    }
    return text;
  };

  test.each([true, false])(
    'is missed by none of those after it, with takeover: %j',
    (contextTakeover) =>
      simulated(async (world) => {
        const { random } = world.sim;
        const start = deferred<void>();
        const received: unknown[] = [];
        await world.serve(
          talking(
            async (socket) => {
              await start.promise;
              for await (const message of socket) received.push(message);
            },
            { compression: { contextTakeover }, limits: { readAheadMessages: 1 } },
          ),
        );
        const limits = { pendingSends: 1_000 };
        const socket = await open(world, { compression: { contextTakeover }, limits });
        const expected: string[] = [];
        const words: string[] = [];
        const sends: Promise<void>[] = [];
        let cancelled = 0;
        for (let count = 0; count < 60; count += 1) {
          const message = noisy(random, words);
          const abort = new AbortController();
          const sending = socket.send(message, { signal: abort.signal });
          const isCancelled = count > 20 && random.chance(0.4);
          sends.push(
            sending.then(
              () => {
                expected.push(message);
              },
              () => {
                cancelled += 1;
              },
            ),
          );
          if (random.chance(0.5)) await world.sleep(1);
          if (isCancelled) abort.abort();
        }
        start.resolve();
        await Promise.all(sends);
        expect(cancelled).toBeGreaterThan(5);
        expect(await socket.close()).toMatchObject({ isClean: true });
        // One that had begun is sent all the same.
        const missing = expected.filter((message) => !received.includes(message));
        expect(missing).toEqual([]);
        expect(received.length).toBeLessThan(60);
      }),
  );
});

/** A client that sends a field which the test makes. */
function offering(world: World, offer: string): ConnectWebSocketOptions {
  const client = world.client();
  const request: HttpClient['request'] = (method, url, options) => {
    const given = (options?.headers ?? []) as [string, string][];
    const headers: [string, string][] = [...given, ['Sec-WebSocket-Extensions', offer]];
    return client.request(method, url, { ...options, headers });
  };
  return { client: { request } };
}

describe('a server that compresses', () => {
  test('answers 400 to a malformed field, and ignores it when it does not compress', () =>
    simulated(async (world) => {
      await world.serve(echoing({}));
      const opening = open(world, offering(world, 'a b'));
      await expect(opening).rejects.toMatchObject({ status: 400 });
      const socket = await open(world);
      expect(socket.extensions).toBe('');
      await socket.close();
    }));

  test('does not agree to what it does not know', () =>
    simulated(async (world) => {
      await world.serve(echoing({}));
      const socket = await open(world, offering(world, 'permessage-deflate; new_parameter'));
      expect(socket.extensions).toBe('');
      await socket.close();
    }));

  test('goes on without compression where zlib lacks what it needs', () =>
    simulated(async (world) => {
      await world.serve(echoing({}));
      replaceZlib('createInflateRaw', () => ({ close: () => {} }));
      const socket = await open(world, offering(world, 'permessage-deflate'));
      expect(await echoed(socket, LONG)).toBe('');
      await socket.close();
    }));
});

describe('a client', () => {
  /** Opens to a server that answers with this field. */
  async function opened(answer: string, compression?: CompressionOptions): Promise<unknown> {
    const [ours, theirs] = memoryPair();
    await using client = new HttpClient({ connect: async () => ours });
    const random = { next: () => 0, integer: () => 0, chance: () => false };
    const opening = connectWebSocket('ws://memory/', { client, random, compression }).catch(
      (error: unknown) => error,
    );
    await theirs.readUntil('\r\n\r\n');
    await theirs.writeAll(
      'HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n' +
        `Sec-WebSocket-Accept: ${acceptOf(nonceOf(() => 0))}\r\nSec-WebSocket-Extensions: ${answer}\r\n\r\n`,
    );
    const outcome = await opening;
    if (outcome instanceof Error) return outcome;
    await theirs.close();
    await (outcome as WebSocket).closed;
    return (outcome as WebSocket).extensions;
  }

  test.each<readonly [string, CompressionOptions | undefined]>([
    ['permessage-deflate', undefined],
    ['permessage-deflate; server_no_context_takeover', undefined],
    ['x-other', {}],
    ['permessage-deflate', {}],
    ['permessage-deflate; server_no_context_takeover, x-other', {}],
    ['permessage-deflate; server_no_context_takeover; more=1', {}],
    ['permessage-deflate', { contextTakeover: true, windowBits: 12 }],
    ['', { contextTakeover: true }],
  ])('that is answered "%s" to %j has no WebSocket', async (answer, compression) => {
    const error = await opened(answer, compression);
    expect(error).toBeInstanceOf(WebSocketHandshakeError);
    expect((error as Error).message).toContain('no extension but as it was offered');
  });

  test('that is answered what it offered has one', async () => {
    const answer = 'permessage-deflate; server_max_window_bits=12';
    expect(await opened(answer, { contextTakeover: true })).toBe(answer);
  });
});

describe('what zlib holds is freed', () => {
  test.each<readonly [string, (client: WebSocket, server: WebSocket) => Promise<unknown>]>([
    ['a close', (client) => client.close()],
    ['a close of the server', (_client, server) => server.close()],
    [
      'a reset',
      async (client) => {
        client.reset();
        await client.closed;
      },
    ],
    [
      'a reset of the server',
      async (client, server) => {
        server.reset();
        await client.closed;
      },
    ],
    [
      'a message too large',
      async (client) => {
        await client.send('x'.repeat(30_000));
        await client.closed;
      },
    ],
  ])('after %s', (_end, end) =>
    simulated(async (world) => {
      const zlib = watchZlib();
      let server: WebSocket | undefined;
      const compression = { contextTakeover: true };
      await world.serve(
        talking(
          async (socket) => {
            server = socket;
            for await (const message of socket) await socket.send(message);
          },
          { compression, limits: { inflatedBytes: 20_000 } },
        ),
        { onError: () => {} },
      );
      const client = await open(world, { compression });
      await echoed(client, LONG);
      // Two that looked whether zlib has what is needed, and two of each side.
      expect(zlib.made).toBe(6);
      expect(zlib.open).toBe(4);
      await end(client, server as WebSocket);
      await client.closed;
      await server?.closed;
      expect(zlib.open).toBe(0);
    }),
  );
});

describe('in a simulation', () => {
  const talk = async (sim: Simulation): Promise<void> => {
    const { clock, executor, random } = sim;
    const listener = await sim.host('server').listen(80);
    const compression = { contextTakeover: random.chance(0.5), threshold: 0 };
    const server = await serve(echoing(compression), {
      listener,
      clock,
      executor,
      onError: () => {},
    });
    const { connect } = sim.host('client');
    await using client = new HttpClient({ connect, clock, random });
    const socket = await connectWebSocket('ws://server/', { client, clock, random, compression });
    const received: unknown[] = [];
    const messages = Array.from({ length: 8 }, (_, at) =>
      `${at} `.repeat(random.integer(0, 20_000)),
    );
    const receiving = (async () => {
      for await (const message of socket) {
        received.push(message);
        if (received.length === messages.length) void socket.close();
      }
    })();
    for (const message of messages) await socket.send(message);
    await receiving;
    expect(received).toEqual(messages);
    await server.shutdown({ grace: 10_000 });
  };

  test('every message arrives once, whole and in order', async () => {
    const report = await simulateSeeds(
      { from: 1, count: 40, latency: [1, 20], deadline: 60_000 },
      talk,
    );
    expect(report.runs).toBe(40);
  });

  test('the same seed does the same', async () => {
    const [first, second] = [await simulate({ seed: 3 }, talk), await simulate({ seed: 3 }, talk)];
    expect(second.hash).toBe(first.hash);
  });
});
