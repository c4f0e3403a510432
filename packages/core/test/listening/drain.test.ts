/** A listener that drains hands out what has arrived and takes nothing new, on every kind of listener. */

import { describe, expect, test } from '@jest/globals';
import {
  ClosedError,
  InvalidInputError,
  MemoryListener,
  startTls,
  TcpListener,
  TcpStream,
  TlsListener,
  UnixListener,
  UnixStream,
  type ByteStream,
  type Listener,
} from '../../src/index.ts';
import { CALM, simulate } from '../../src/testing/index.ts';
import { keep } from '../support/keep.ts';
import { temporaryPath } from '../support/socket-pairs.ts';
import { authority, identity } from '../support/tls.ts';

/** A listener, and a way to connect to it. */
interface Stand {
  readonly listener: Listener;
  connect(): Promise<ByteStream>;
  /** Lets what is under way arrive. */
  readonly turn?: () => Promise<void>;
  /** Ends with the listener's signal, where there is one. */
  readonly abort: (() => void) | undefined;
}

const secured = (stream: ByteStream): Promise<ByteStream> =>
  startTls(stream, { ca: authority.cert, servername: 'example.test' });

const kinds: Record<string, (run: (stand: Stand) => Promise<void>) => Promise<void>> = {
  'in memory': async (run) => {
    const listener = keep(new MemoryListener());
    await run({ listener, connect: () => listener.connect(), abort: undefined });
  },
  'on TCP': async (run) => {
    const life = new AbortController();
    const listener = keep(await TcpListener.bind('127.0.0.1:0', { signal: life.signal }));
    const connect = (): Promise<ByteStream> => TcpStream.connect(listener.localAddress);
    await run({ listener, connect, abort: () => life.abort() });
  },
  'on a Unix socket': async (run) => {
    const life = new AbortController();
    const { path, remove } = await temporaryPath();
    const listener = keep(await UnixListener.bind(path, { signal: life.signal }));
    await run({ listener, connect: () => UnixStream.connect(path), abort: () => life.abort() });
    await listener.close();
    await remove();
  },
  'of TLS': async (run) => {
    const life = new AbortController();
    const options = { ...identity, signal: life.signal };
    const listener = keep(await TlsListener.bind('127.0.0.1:0', options));
    const address = listener.localAddress as { host: string; port: number };
    const connect = async (): Promise<ByteStream> => secured(await TcpStream.connect(address));
    await run({ listener, connect, abort: () => life.abort() });
  },
  'of TLS over another': async (run) => {
    const life = new AbortController();
    const below = new MemoryListener();
    const listener = keep(TlsListener.over(below, { ...identity, signal: life.signal }));
    const connect = async (): Promise<ByteStream> => secured(await below.connect());
    await run({ listener, connect, abort: () => life.abort() });
  },
  'of a simulated network': async (run) => {
    await simulate({ faults: CALM, latency: [1, 5] }, async (sim) => {
      const life = new AbortController();
      const listener = await sim.host('server').listen(80, { signal: life.signal });
      const connect = (): Promise<ByteStream> => sim.host('client').connect('server:80');
      const turn = (): Promise<void> => sim.clock.sleep(1);
      await run({ listener, connect, turn, abort: () => life.abort() });
      await listener.close();
    });
  },
};

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

/** Connects, and waits until the listener has it. */
async function arrive(
  { listener, connect, turn = nextTurn }: Stand,
  count = 1,
): Promise<ByteStream[]> {
  const streams: ByteStream[] = [];
  for (let n = 1; n <= count; n += 1) {
    streams.push(keep(await connect()));
    while (listener.statistics().pending < n) await turn();
  }
  return streams;
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe.each(Object.entries(kinds))('a listener %s that drains', (name, withStand) => {
  test('hands out all that had arrived, and is closed then', () =>
    withStand(async (stand) => {
      const { listener } = stand;
      const clients = await arrive(stand, 3);
      const drained = listener.drain();
      expect(listener.isDisposed).toBe(false);
      const served = [await listener.accept(), listener.tryAccept() as ByteStream];
      for await (const stream of listener) served.push(stream);
      await drained;
      expect(listener.isDisposed).toBe(true);
      expect(served).toHaveLength(3);
      for (const [n, stream] of served.entries()) {
        await stream.writeAll(`${n}\n`);
        expect(await clients[n]?.readLine()).toBe(String(n));
      }
      for (const stream of [...served, ...clients]) stream.reset();
    }));

  test('turns new connections away', () =>
    withStand(async (stand) => {
      const { listener, connect } = stand;
      const [client] = await arrive(stand);
      const drained = listener.drain();
      expect(await failureOf(connect())).toMatchObject({
        code: expect.stringMatching(/^(ECONNREFUSED|ENOENT)$/),
      });
      const stream = await listener.accept();
      await drained;
      for (const end of [stream, client]) end?.reset();
    }));

  test('is closed at once where nothing waits, and ends every wait', () =>
    withStand(async ({ listener }) => {
      const waits = [listener.accept(), listener.readable()].map(failureOf);
      const next = listener[Symbol.asyncIterator]().next();
      await listener.drain();
      for (const failure of await Promise.all(waits)) expect(failure).toBeInstanceOf(ClosedError);
      expect(await next).toEqual({ done: true, value: undefined });
      expect(await failureOf(listener.accept())).toBeInstanceOf(ClosedError);
      await listener.drain();
      await listener.close();
    }));

  test('resets the rest when it is closed', () =>
    withStand(async (stand) => {
      const { listener } = stand;
      const [client] = await arrive(stand);
      const drains = [listener.drain(), listener.drain()];
      await listener.close();
      await Promise.all(drains);
      const end = await client?.readChunk().catch(({ name: error }: Error) => error);
      expect(end).toBe(name === 'on a Unix socket' ? null : 'BrokenError');
    }));

  test('is closed by its signal', () =>
    withStand(async (stand) => {
      if (stand.abort === undefined) return;
      const { listener } = stand;
      const [client] = await arrive(stand);
      const drained = listener.drain();
      stand.abort();
      await drained;
      expect(listener.isDisposed).toBe(true);
      await client?.readChunk().catch(() => {});
    }));

  test.each([{ idleWindow: -1 }, { idleWindow: 'a while' }, { window: 1 }, 5, null])(
    'does not for %j',
    (options) =>
      withStand(async (stand) => {
        const { listener } = stand;
        const failure = await failureOf(listener.drain(options as never));
        expect(failure).toBeInstanceOf(InvalidInputError);
        const [client] = await arrive(stand);
        (await listener.accept()).reset();
        client?.reset();
        await listener.close();
      }),
  );

  test('frees its address for another', () =>
    withStand(async (stand) => {
      if (name !== 'on TCP') return;
      const [client] = await arrive(stand);
      const drained = stand.listener.drain();
      await nextTurn();
      const other = keep(await TcpListener.bind(String(stand.listener.localAddress)));
      expect(other.localAddress).toEqual(stand.listener.localAddress);
      (await stand.listener.accept()).reset();
      await drained;
      await other.close();
      client?.reset();
    }));
});
