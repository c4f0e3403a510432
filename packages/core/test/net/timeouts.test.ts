/** A timeout names the limit that its caller set, in whatever phase the time ran out. */

import { describe, expect, test } from '@jest/globals';
import {
  memoryPair,
  startTls,
  TcpListener,
  TcpStream,
  TimeoutError,
  TlsListener,
  TlsStream,
  UnixListener,
  WOULD_BLOCK,
  type ByteStream,
  type InetAddress,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { keep } from '../support/keep.ts';
import { temporaryPath } from '../support/socket-pairs.ts';
import { authority, identity } from '../support/tls.ts';

const neverFound = (): void => {};

/** A server that accepts and says nothing. */
async function silentServer(): Promise<TcpListener> {
  return keep(await TcpListener.bind({ port: 0 }));
}

describe('a timeout of connect', () => {
  test.each([
    ['TCP', (options: object) => TcpStream.connect('name.test:1', { ...options })],
    ['TLS', (options: object) => TlsStream.connect('name.test:1', { ...options })],
  ])('over %s is named while the name is looked up', async (_name, connect) => {
    await expect(connect({ lookup: neverFound, timeout: 20 })).rejects.toEqual(
      new TimeoutError('connect', 20),
    );
  });

  test('is named during the handshake, over TCP and over a Unix socket', async () => {
    const server = await silentServer();
    await expect(TlsStream.connect(server.localAddress, { timeout: 30 })).rejects.toEqual(
      new TimeoutError('connect', 30),
    );
    const { path, remove } = await temporaryPath();
    const listener = keep(await UnixListener.bind(path));
    await expect(
      TlsStream.connect({ path }, { timeout: 30, servername: 'example.test' }),
    ).rejects.toEqual(new TimeoutError('connect', 30));
    await listener.close();
    await remove();
  });

  test('does not hide the reason of its signal, which may be a timeout too', async () => {
    const server = await silentServer();
    const reason = new TimeoutError('request', 20);
    const controller = new AbortController();
    const connecting = TlsStream.connect(server.localAddress, {
      timeout: 10_000,
      signal: controller.signal,
    });
    const outcome = connecting.catch((error: unknown) => error);
    const stream = keep(await server.accept());
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    await stream.close();
  });
});

describe('a timeout of startTls', () => {
  test.each([
    { servername: 'example.test', ca: authority.cert },
    { role: 'server', ...identity },
  ])('is named, in whatever role', async (options) => {
    const clock = new ManualClock();
    const [stream, peer] = memoryPair({ clock });
    const failure = startTls(stream, { ...options, clock, timeout: 30 } as never).catch(
      (error: unknown) => error,
    );
    await clock.advance(30);
    expect(await failure).toEqual(new TimeoutError('startTls', 30));
    await peer.close();
  });
});

describe('a timeout of a write that waits several times', () => {
  test.each(['writeAll', 'writev'] as const)('is named by %s', async (name) => {
    const clock = new ManualClock();
    const [stream, peer] = memoryPair({ clock, writeHighWaterMark: 10, readHighWaterMark: 10 });
    const data = new Uint8Array(100);
    const options = { timeout: 50 };
    const failure = (
      name === 'writev' ? stream.writev([data], options) : stream.writeAll(data, options)
    ).catch((error: unknown) => error);
    await clock.advance(30);
    await peer.readChunk();
    await clock.advance(30);
    expect(await failure).toEqual(new TimeoutError(name, 50));
    stream.reset();
    await peer.close();
  });

  test('does not hide the reason of its signal, which may be a timeout too', async () => {
    const [stream, peer] = memoryPair({ writeHighWaterMark: 10, readHighWaterMark: 10 });
    const reason = new TimeoutError('task', 20);
    const controller = new AbortController();
    const failure = stream
      .writeAll(new Uint8Array(100), { timeout: 10_000, signal: controller.signal })
      .catch((error: unknown) => error);
    controller.abort(reason);
    expect(await failure).toBe(reason);
    stream.reset();
    await peer.close();
  });
});

describe('a timeout of a read that needs several pieces', () => {
  test.each([
    ['readExactly', (stream) => stream.readExactly(10, { timeout: 50 })],
    ['readLine', (stream) => stream.readLine({ timeout: 50 })],
    ['readUntil', (stream) => stream.readUntil(';', { timeout: 50, limit: 7 })],
    ['readFrame', (stream) => stream.readFrame({ decode: () => WOULD_BLOCK }, { timeout: 50 })],
  ] as [string, (stream: ByteStream) => Promise<unknown>][])(
    'is named by %s',
    async (name, read) => {
      const clock = new ManualClock();
      const [stream, peer] = memoryPair({ clock });
      const failure = read(stream).catch((error: unknown) => error);
      await clock.advance(30);
      await peer.writeAll('ab');
      await clock.advance(30);
      expect(await failure).toEqual(new TimeoutError(name, 50));
      await stream.close();
      await peer.close();
    },
  );
});

test('a handshake that takes too long names the limit of its listener', async () => {
  const errors: unknown[] = [];
  const listener = keep(
    await TlsListener.bind(
      { port: 0 },
      { ...identity, handshakeTimeout: 20, onHandshakeError: (error) => errors.push(error) },
    ),
  );
  const client = keep(await TcpStream.connect(listener.localAddress as InetAddress));
  await client.readClosed();
  await client.close();
  expect(errors).toEqual([new TimeoutError('accept', 20)]);
  await listener.close();
});
