/** The door of a TLS listener: clients that are silent in their handshake delay no other, and a drain lets the others finish. */

import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  ClosedError,
  InvalidInputError,
  MemoryListener,
  startTls,
  TcpStream,
  TlsListener,
  TlsStream,
  type ByteStream,
  type TlsListenOptions,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { keep } from '../support/keep.ts';
import { authority, identity } from '../support/tls.ts';

const ca = authority.cert;
/** The beginning of a ClientHello. */
const HALF_HELLO = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const turns = async (): Promise<void> => {
  for (let n = 0; n < 20; n += 1) await turn();
};

/** A listener in memory with TLS over it, in manual time. */
function inMemory(options: Partial<TlsListenOptions> = {}) {
  const clock = new ManualClock();
  const below = new MemoryListener({ clock });
  const failures: unknown[] = [];
  const onHandshakeError = (error: unknown): void => {
    failures.push(error);
  };
  const listener = keep(
    TlsListener.over(below, { ...identity, clock, onHandshakeError, ...options }),
  );
  const knock = async (): Promise<ByteStream> => keep(await below.connect());
  const shake = async (stream: ByteStream): Promise<TlsStream> =>
    keep(await startTls(stream, { ca, servername: 'example.test' }));
  return { clock, listener, failures, knock, shake };
}

const isReset = async (stream: ByteStream): Promise<boolean> => {
  await turns();
  return (
    stream.isReadable && (await stream.readChunk().catch((e: unknown) => e)) instanceof BrokenError
  );
};

describe('at maxHandshakes', () => {
  test('the oldest silent client gives way to a new one, with an error that names the limit', async () => {
    const { listener, failures, knock, shake } = inMemory({ maxHandshakes: 2 });
    const silent = [await knock(), await knock(), await knock()] as const;
    await until(() => listener.statistics().failedHandshakes === 1);
    expect(failures).toMatchObject([
      { name: 'LimitError', limitName: 'maxHandshakes', limit: 2, operation: 'accept' },
    ]);
    expect(String(failures[0])).toMatch(/more than 2 handshakes \(`maxHandshakes`\)/);
    expect(await isReset(silent[0])).toBe(true);
    await shake(await knock());
    keep(await listener.accept());
    expect(await isReset(silent[1])).toBe(true);
    expect(silent[2].isReadable).toBe(false);
    expect(listener.statistics()).toMatchObject({ handshakes: 1, failedHandshakes: 2 });
  });

  test('a client that sent half of its first message gives way after a second', async () => {
    const { clock, listener, knock, shake } = inMemory({ maxHandshakes: 2 });
    const half = [await knock(), await knock()];
    for (const stream of half) await stream.writeAll(HALF_HELLO);
    await until(() => listener.statistics().handshakes === 2);
    const good = shake(await knock());
    await turns();
    await clock.advance(249);
    await turns();
    await clock.advance(750);
    await turns();
    expect(listener.statistics()).toMatchObject({ failedHandshakes: 0 });
    await clock.advance(250);
    await good;
    keep(await listener.accept());
    expect(listener.statistics()).toMatchObject({ failedHandshakes: 1 });
  });

  test('a client that sends byte after byte keeps its place, and the time of a handshake ends it', async () => {
    const { clock, listener, failures, knock } = inMemory({ maxHandshakes: 1 });
    const busy = await knock();
    await until(() => listener.statistics().handshakes === 1);
    await busy.writeAll(HALF_HELLO);
    await turns();
    const next = await knock();
    for (let n = 0; n < 49; n += 1) {
      await turns();
      await clock.advance(200);
      await busy.writeAll(Uint8Array.of(0));
    }
    await turns();
    expect(failures).toEqual([]);
    await clock.advance(200);
    await until(() => failures.length === 1);
    expect(failures).toMatchObject([{ name: 'TimeoutError', timeout: 10_000 }]);
    expect(next.isReadable).toBe(false);
  });

  test('a burst of good clients is served, all of it', async () => {
    const { listener, failures, knock, shake } = inMemory({ maxHandshakes: 3 });
    const clients = Promise.all(Array.from({ length: 30 }, async () => shake(await knock())));
    for (let n = 0; n < 30; n += 1) keep(await listener.accept());
    await clients;
    expect(failures).toEqual([]);
  });

  test.each([0, 1.5, '7'])('which cannot be %j', (maxHandshakes) => {
    expect(() => inMemory({ maxHandshakes: maxHandshakes as never })).toThrow(InvalidInputError);
  });
});

test('over sockets, three times as many silent clients as handshakes leave good ones served', async () => {
  const listener = keep(
    await TlsListener.bind('127.0.0.1:0', { ...identity, maxHandshakes: 40, maxPending: 40 }),
  );
  const address = listener.localAddress as { host: string; port: number };
  const silent = await Promise.all(
    Array.from({ length: 120 }, async () => keep(await TcpStream.connect(address))),
  );
  for (const stream of silent.slice(0, 20)) await stream.writeAll(HALF_HELLO).catch(() => {});
  const good = Promise.all(
    Array.from({ length: 16 }, async () => keep(await TlsStream.connect(address, { ca }))),
  );
  for (let n = 0; n < 16; n += 1) keep(await listener.accept());
  await good;
  expect(listener.statistics().handshakes).toBeLessThanOrEqual(40);
  for (const stream of silent) stream.reset();
});

describe('a TLS listener that drains', () => {
  test('hands out the clients that were in their handshake, when it is done', async () => {
    const { listener, failures, knock, shake } = inMemory();
    const raw = [await knock(), await knock(), await knock()] as const;
    const first = shake(raw[0]);
    await turn();
    const drained = listener.drain();
    const others = [shake(raw[1]), shake(raw[2])];
    const served: TlsStream[] = [];
    for await (const stream of listener) served.push(keep(stream));
    await drained;
    await Promise.all([first, ...others]);
    expect(served).toHaveLength(3);
    expect(failures).toEqual([]);
  });

  test('resets a client that sent nothing for the window: at once, where it had it before', async () => {
    const { clock, listener, failures, knock, shake } = inMemory();
    const old = await knock();
    await until(() => listener.statistics().handshakes === 1);
    await clock.advance(500);
    const fresh = await knock();
    await until(() => listener.statistics().handshakes === 2);
    await clock.advance(100);
    const drained = listener.drain();
    expect(await isReset(old)).toBe(true);
    await clock.advance(399);
    expect(await isReset(fresh)).toBe(false);
    await clock.advance(1);
    expect(await isReset(fresh)).toBe(true);
    await drained;
    expect(failures).toEqual([]);
    await expect(shake(fresh)).rejects.toThrow(/reset/);
  });

  test('gives one that goes on sending the time of a handshake', async () => {
    const { clock, listener, failures, knock } = inMemory();
    const busy = await knock();
    await busy.writeAll(HALF_HELLO);
    await until(() => listener.statistics().handshakes === 1);
    const drained = listener.drain({ idleWindow: 1_000 });
    for (let n = 0; n < 20; n += 1) {
      await turns();
      expect(failures).toEqual([]);
      await clock.advance(500);
      await busy.writeAll(Uint8Array.of(0)).catch(() => {});
    }
    await drained;
    expect(failures).toMatchObject([{ name: 'TimeoutError' }]);
  });

  test('ends when it is closed, with all that had not been handed out', async () => {
    const { listener, failures, knock, shake } = inMemory();
    const silent = await knock();
    await shake(await knock());
    await listener.readable();
    const drained = listener.drain();
    await listener.close();
    await drained;
    expect(await isReset(silent)).toBe(true);
    expect(failures).toEqual([]);
    await expect(listener.accept()).rejects.toThrow(ClosedError);
  });
});
