import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  BusyError,
  ClosedError,
  InetAddress,
  Interest,
  InvalidInputError,
  memoryPair,
  TcpListener,
  TcpStream,
  UnexpectedEofError,
  WOULD_BLOCK,
  type TcpConnectOptions,
  type TcpListenOptions,
} from '../../src/index.ts';
import { fill } from '../support/fill.ts';
import { keep } from '../support/keep.ts';
import { startProgram } from '../support/program.ts';

interface Pair {
  readonly client: TcpStream;
  readonly server: TcpStream;
}

async function pair(
  options: TcpConnectOptions = {},
  listenOptions: TcpListenOptions = {},
): Promise<Pair> {
  const listener = await TcpListener.bind('127.0.0.1:0', listenOptions);
  const client = keep(await TcpStream.connect(listener.localAddress, options));
  const server = keep(await listener.accept());
  await listener.close();
  return { client, server };
}

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('latin1');

/** A turn of the event loop, in which the kernel is asked. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('connecting', () => {
  test('takes an address as text, as host and port, and as a listener gives it', async () => {
    const listener = keep(await TcpListener.bind('127.0.0.1:0'));
    const { host, port } = listener.localAddress;
    for (const address of [`${host}:${port}`, { host, port }, listener.localAddress]) {
      const client = keep(await TcpStream.connect(address));
      const server = keep(await listener.accept());
      expect(String(client.remoteAddress)).toBe(`127.0.0.1:${port}`);
      expect(server.remoteAddress).toEqual(client.localAddress);
      expect(server.localAddress).toEqual(client.remoteAddress);
    }
  });

  test('to a port where nothing listens is an AddressError that names the call', async () => {
    const listener = await TcpListener.bind('127.0.0.1:0');
    await listener.close();
    await expect(TcpStream.connect(listener.localAddress)).rejects.toMatchObject({
      name: 'AddressError',
      code: 'ECONNREFUSED',
      operation: 'connect',
      cause: { syscall: 'connect' },
    });
  });

  test.each([
    ['no port', 'localhost'],
    ['a port beyond 65535', '127.0.0.1:65536'],
    ['an IPv6 host without brackets', '::1:80'],
    ['a fraction for a port', { port: 1.5 }],
    ['nothing', undefined as unknown as string],
    ['a host that is no text', { host: 5 as unknown as string, port: 80 }],
  ])('refuses %s, before anything is done', async (_what, address) => {
    await expect(TcpStream.connect(address)).rejects.toThrow(InvalidInputError);
  });

  test('with a signal that has aborted, or no time, connects to no one', async () => {
    const listener = keep(await TcpListener.bind('127.0.0.1:0'));
    const signal = AbortSignal.abort('not now');
    await expect(TcpStream.connect(listener.localAddress, { signal })).rejects.toBe('not now');
    await expect(TcpStream.connect('no.such.name.test:1', { signal })).rejects.toBe('not now');
    await turn();
    expect(listener.statistics()).toMatchObject({ pending: 0, accepted: 0 });
  });

  test('leaves nothing on its signal', async () => {
    const controller = new AbortController();
    const { client } = await pair({ signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort').length).toBeLessThanOrEqual(1);
    controller.abort();
    await turn();
    expect(client.isClosed).toBe(false);
  });
});

describe('a TCP stream', () => {
  test('has its addresses, also when it is gone', async () => {
    const { client, server } = await pair();
    const addresses = [client, server].map((end) => [
      String(end.localAddress),
      String(end.remoteAddress),
    ]);
    expect(client.localAddress).toBeInstanceOf(InetAddress);
    await client.close();
    server.reset();
    await server.closed;
    expect(
      [client, server].map((end) => [String(end.localAddress), String(end.remoteAddress)]),
    ).toEqual(addresses);
  });

  test('takes socket options, also when it is gone', async () => {
    const { client, server } = await pair({ noDelay: false, keepAlive: 10_000 });
    for (const end of [client, server]) {
      end.setNoDelay(true);
      end.setNoDelay(false);
      end.setKeepAlive(true);
      end.setKeepAlive(1_000);
      end.setKeepAlive(false);
    }
    await client.writeAll('after all that');
    expect(text(await server.readExactly(14))).toBe('after all that');
    await client.close();
    client.setNoDelay(true);
    client.setKeepAlive(5_000);
    client.ref();
    client.unref();
  });

  test('gives what a peer wrote before it broke off, as far as it had come, then the error', async () => {
    const { client, server } = await pair();
    await client.writeAll('last words');
    await server.readable();
    client.reset();
    await server.readClosed();
    expect(text(await server.readExactly(10))).toBe('last words');
    await expect(server.readChunk()).rejects.toMatchObject({
      name: 'BrokenError',
      code: 'ECONNRESET',
    });
    await expect(server.readChunk()).rejects.toThrow(BrokenError);
    expect((await server.closed).error).toBe(server.failure);
  });

  test('sees the end of a peer that finished, and writes on', async () => {
    const { client, server } = await pair();
    await client.writeAll('request');
    await client.shutdown('write');
    expect(text(await server.readExactly(7))).toBe('request');
    await expect(server.readExactly(1)).rejects.toThrow(UnexpectedEofError);
    expect(await server.readChunk()).toBeNull();
    expect(server.tryRead(new Uint8Array(1))).toBeNull();
    expect((await server.ready(Interest.READABLE)).isReadClosed).toBe(true);
    await server.writeAll('answer');
    await server.close();
    expect(text(await client.readExactly(6))).toBe('answer');
    expect(await client.readLine()).toBeNull();
    expect(await client.closed).toMatchObject({ how: 'shutdown', by: 'local' });
  });

  test('sends everything before it closes, however slowly the peer reads', async () => {
    const { client, server } = await pair();
    const data = new Uint8Array(20_000_000).fill(5);
    const writing = client.writeAll(data, { transfer: true });
    let count = 0;
    const reading = (async () => {
      for await (const chunk of server) {
        count += chunk.length;
        if (count % 7 === 0) await turn();
      }
    })();
    await writing;
    await client.close();
    await reading;
    expect(count).toBe(data.length);
    expect(await client.closed).toMatchObject({ how: 'shutdown', unsent: 0 });
  });

  test('says when memory that was given away may be used again', async () => {
    const { client, server } = await pair({ writeHighWaterMark: 50_000_000 });
    expect(client.isReleased).toBe(true);
    const data = new Uint8Array(40_000_000);
    await client.writeAll(data, { transfer: true });
    // More than the kernel takes: the rest is still sent from there.
    expect(client.isReleased).toBe(false);
    const reading = server.readExactly(data.length);
    await client.flush();
    expect(client.isReleased).toBe(true);
    await reading;
    client.reset();
    await client.closed;
    expect(client.isReleased).toBe(false);
    const [near, far] = memoryPair();
    expect(near.isReleased).toBe(false);
    await Promise.all([near.close(), far.close()]);
  });

  test('is paused while no one reads, so that its peer has to wait', async () => {
    const { client, server } = await pair({}, { readHighWaterMark: 1_000 });
    const accepted = await fill(client, 10);
    // What one read of the socket gives may come on top of the mark.
    expect(server.statistics().buffered).toBeLessThanOrEqual(1_000 + 73_728);
    expect(client.tryWrite('x')).toBe(WOULD_BLOCK);
    let count = 0;
    while (count < accepted) count += (await server.readChunk())?.length ?? accepted;
    expect(count).toBe(accepted);
    await client.writable();
    expect(client.isWritable).toBe(true);
  });

  test('holds no more unsent bytes than its mark, however much is written', async () => {
    const { client } = await pair({ writeHighWaterMark: 5_000 });
    const controller = new AbortController();
    const writing = client.writeAll(new Uint8Array(50_000_000), { signal: controller.signal });
    writing.catch(() => {});
    let most = 0;
    for (let before = -1; before !== client.statistics().bytesWritten;) {
      before = client.statistics().bytesWritten;
      for (let count = 0; count < 200; count += 1) {
        await turn();
        most = Math.max(most, client.statistics().unsent);
      }
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(5_000);
    await expect(client.write('another')).rejects.toThrow(BusyError);
    controller.abort('enough');
    await expect(writing).rejects.toBe('enough');
  });

  test('sends what it was given, whatever becomes of that memory and of what others send meanwhile', async () => {
    const slow = await pair();
    const quick = await pair();
    const source = new Uint8Array(1_000);
    let written = 0;
    for (;;) {
      const count = slow.server.tryWrite(source.fill(written % 251));
      if (count !== source.length) break;
      written += 1;
      await turn();
    }
    // The kernel took no more some time ago.
    for (let message = 0; message < 50; message += 1) {
      await quick.server.writeAll(source.fill(255));
      await quick.client.readExactly(source.length);
    }
    expect(slow.server.statistics().unsent).toBeGreaterThan(0);
    for (let message = 0; message < written; message += 1) {
      const came = await slow.client.readExactly(source.length);
      if (!came.every((byte) => byte === message % 251)) throw new Error(`message ${message}`);
    }
    expect(written).toBeGreaterThan(100);
  });

  test('lets its memory go: what was read may be kept, and is never written again', async () => {
    const { client, server } = await pair();
    const kept: Uint8Array[] = [];
    for (let round = 0; round < 50; round += 1) {
      const message = `message ${round}`;
      await client.writeAll(message);
      kept.push(await server.readExactly(message.length));
    }
    expect(kept.map(text)).toEqual(kept.map((_, round) => `message ${round}`));
  });
});

describe('breaking a connection off', () => {
  test('is seen by the peer as a reset, with bytes unsent or without', async () => {
    for (const isFull of [false, true]) {
      const { client, server } = await pair();
      if (isFull) await fill(client, 5);
      client.reset();
      expect(await client.closed).toMatchObject({ how: 'reset', by: 'local' });
      expect((await client.closed).unsent > 0).toBe(isFull);
      const drain = async (): Promise<void> => {
        for await (const chunk of server) expect(chunk.length).toBeGreaterThan(0);
      };
      await expect(drain()).rejects.toMatchObject({ name: 'BrokenError', code: 'ECONNRESET' });
    }
  });

  test('in the moment in which FIN is sent leaves nothing open', async () => {
    const { client, server } = await pair();
    const finishing = client.shutdown('write');
    client.reset();
    await finishing;
    expect(await client.closed).toMatchObject({ how: 'reset', by: 'local' });
    // The FIN was on its way already; whether the peer reads it before the RST comes is the network's choice.
    await server.readChunk().catch(() => null);
    await server.close();
  });

  test('after the peer has gone leaves nothing open, also with FIN on the way', async () => {
    for (const finish of [false, true]) {
      const { client, server } = await pair();
      client.reset();
      await client.closed;
      const finishing = finish ? server.shutdown('write') : undefined;
      finishing?.catch(() => {});
      server.reset();
      expect(await server.closed).toMatchObject({ by: 'local' });
    }
  });

  test('twice, or after closing, changes nothing', async () => {
    const { client } = await pair();
    const reason = new Error('first');
    client.reset(reason);
    client.reset(new Error('second'));
    await client.close();
    expect(await client.closed).toMatchObject({ how: 'aborted', by: 'local', error: reason });
    await expect(client.readChunk()).rejects.toThrow(ClosedError);
    const other = await pair();
    await other.client.close();
    other.client.reset(reason);
    expect(await other.client.closed).toMatchObject({ how: 'shutdown', by: 'local' });
  });
});

describe('waits on one signal', () => {
  test('are a million, and one listener', async () => {
    const { client, server } = await pair();
    const controller = new AbortController();
    const { signal } = controller;
    const byte = new Uint8Array([1]);
    let waits = 0;
    let most = 0;
    for (let round = 0; round < 500; round += 1) {
      const standing: Promise<unknown>[] = [];
      for (let count = 0; count < 2_000; count += 1) standing.push(server.readable({ signal }));
      waits += standing.length;
      most = Math.max(most, getEventListeners(signal, 'abort').length);
      await client.writeAll(byte);
      await Promise.all(standing);
      server.tryRead(byte);
    }
    expect({ waits, most }).toEqual({ waits: 1_000_000, most: 1 });
    expect(server.statistics().waits).toEqual([]);
    controller.abort();
    await client.writeAll('still there');
    expect(text(await server.readExactly(11))).toBe('still there');
  }, 60_000);
});

describe('what keeps a process alive', () => {
  test.each([
    ['a stream that waits', { UNREF: 'listener server' }, 'alive'],
    ['a listener', { UNREF: 'client server' }, 'alive'],
    [
      'one that was let go and taken back',
      { UNREF: 'listener client server', REF: 'server' },
      'alive',
    ],
    ['nothing, when all were let go', { UNREF: 'listener client server' }, 'gone'],
  ])('is %s', async (_what, env, expected) => {
    const program = keep(startProgram('keep-alive', { env }));
    expect(await program.nextLine()).toBe('waiting');
    // A process with everything unreferenced exits without input; one that is kept alive answers.
    if (expected === 'alive') program.say('hello?');
    const { code, stderr } = await program.ended;
    expect({ code, stderr }).toEqual({ code: expected === 'alive' ? 3 : 0, stderr: '' });
  });
});
