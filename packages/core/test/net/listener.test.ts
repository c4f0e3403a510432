import { describe, expect, jest, test } from '@jest/globals';
import { Server } from 'node:net';
import {
  AddressList,
  InvalidInputError,
  TcpListener,
  TcpStream,
  UnixListener,
  UnixStream,
  WOULD_BLOCK,
  type IoError,
  type Overflow,
  type TcpListenOptions,
} from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { temporaryPath } from '../support/socket-pairs.ts';

const listen = async (
  options: TcpListenOptions = {},
  address = '127.0.0.1:0',
): Promise<TcpListener> => keep(await TcpListener.bind(address, options));

const connect = async (listener: TcpListener, from?: string): Promise<TcpStream> => {
  const { port } = listener.localAddress;
  const options = from === undefined ? {} : { localAddress: { host: from } };
  return keep(await TcpStream.connect({ host: '127.0.0.1', port }, options));
};

/** How a connection fared: what it read, or the code of its error, which may come while it still connects. */
const fate = (connecting: TcpStream | Promise<TcpStream>): Promise<unknown> =>
  Promise.resolve(connecting)
    .then((stream) => stream.readLine({ timeout: 5_000 }))
    .catch((error: unknown) => (error as IoError).code);

const accept = async (listener: TcpListener): Promise<TcpStream> => keep(await listener.accept());

/** Waits for what only the network decides. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Waits until as many connections have arrived as were made. */
const arrived = (listener: TcpListener, count: number): Promise<void> =>
  until(() => {
    const { accepted, pending, refused } = listener.statistics();
    return accepted + pending + refused >= count;
  });

describe('a connection that no one claimed', () => {
  test('is not read: its bytes stay with the kernel, and its sender waits', async () => {
    const listener = await listen();
    const client = await connect(listener);
    const progress = { accepted: 0 };
    const bytes = new Uint8Array(50_000_000);
    await expect(
      client.writeAll(bytes, { transfer: true, progress, timeout: 300 }),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(progress.accepted).toBeLessThan(bytes.length);
    const server = await accept(listener);
    const finishing = client.shutdown('write');
    let count = 0;
    for await (const chunk of server) count += chunk.length;
    await finishing;
    expect(count).toBe(progress.accepted);
  });

  test('is one of at most maxPending; a further one is reset', async () => {
    const listener = await listen({ maxPending: 2 });
    for (let count = 0; count < 2; count += 1) await connect(listener);
    expect(await fate(connect(listener))).toBe('ECONNRESET');
    expect(listener.statistics()).toMatchObject({ pending: 2, refused: 1, accepted: 0 });
    await accept(listener);
    await connect(listener);
    await arrived(listener, 4);
    expect(listener.statistics()).toMatchObject({ pending: 2, refused: 1, accepted: 1 });
  });
});

describe('above maxConnections', () => {
  test("a connection waits with 'wait', and is handed out when another is gone", async () => {
    const listener = await listen({ maxConnections: 1, onOverflow: 'wait' });
    const [, second] = [await connect(listener), await connect(listener)];
    const first = await accept(listener);
    await arrived(listener, 2);
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
    expect(listener.readiness).toBe(0);
    const waiting = listener.accept().then(keep);
    await first.close();
    await (await waiting).writeAll('your turn\n');
    expect(await fate(second)).toBe('your turn');
    expect(listener.statistics()).toMatchObject({ open: 1, accepted: 2, refused: 0 });
  });

  test("a connection is reset with 'reset', also when no one has claimed the others yet", async () => {
    const listener = await listen({ maxConnections: 2, onOverflow: 'reset' });
    for (let count = 0; count < 2; count += 1) await connect(listener);
    expect(await fate(connect(listener))).toBe('ECONNRESET');
    const first = await accept(listener);
    await first.close();
    await connect(listener);
    await arrived(listener, 4);
    expect(listener.statistics()).toMatchObject({ open: 0, pending: 2, refused: 1 });
  });

  test('a callback answers, and the connection ends after its answer', async () => {
    const seen: Overflow[] = [];
    const listener = await listen({
      maxConnections: 1,
      onOverflow: async (stream, overflow) => {
        seen.push(overflow);
        await stream.writeAll('busy\n');
      },
    });
    const first = await connect(listener);
    await accept(listener);
    const second = await connect(listener);
    expect(await fate(second)).toBe('busy');
    expect(await second.readChunk()).toBeNull();
    expect(seen).toEqual([{ limitName: 'maxConnections', limit: 1 }]);
    await second.close();
    await first.close();
    expect(listener.statistics()).toMatchObject({ accepted: 1, refused: 1 });
  });

  test('a callback that fails resets, and reaches no one else', async () => {
    let closed: TcpStream['closed'] | undefined;
    const listener = await listen({
      maxConnections: 1,
      onOverflow: (stream) => {
        ({ closed } = stream);
        throw new Error('no words');
      },
    });
    await connect(listener);
    expect(await fate(connect(listener))).toBe('ECONNRESET');
    expect(await closed).toMatchObject({ how: 'aborted', error: { message: 'no words' } });
  });

  test('no more than maxPending are answered at a time; further ones are reset', async () => {
    const waiting: (() => void)[] = [];
    const listener = await listen({
      maxConnections: 1,
      maxPending: 2,
      onOverflow: () =>
        new Promise((resolve) => {
          waiting.push(resolve);
        }),
    });
    await connect(listener);
    const answered = [await connect(listener), await connect(listener)];
    expect(await fate(connect(listener))).toBe('ECONNRESET');
    expect(listener.statistics()).toMatchObject({ pending: 1, answering: 2, refused: 3 });
    for (const resolve of waiting) resolve();
    expect(await Promise.all(answered.map(fate))).toEqual([null, null]);
    await until(() => listener.statistics().answering === 0);
    expect(listener.statistics()).toMatchObject({ pending: 1, accepted: 0, refused: 3 });
  });
});

describe('maxConnectionsPerAddress', () => {
  test('counts waiting and open connections of one address, whatever the others do', async () => {
    const listener = await listen({ maxConnectionsPerAddress: 2 });
    await connect(listener, '127.0.0.1');
    const open = await accept(listener);
    await connect(listener, '127.0.0.1');
    expect(await fate(connect(listener, '127.0.0.1'))).toBe('ECONNRESET');
    await connect(listener, '127.0.0.2');
    await arrived(listener, 4);
    expect(listener.statistics()).toMatchObject({ open: 1, pending: 2, refused: 1 });
    await open.close();
    await connect(listener, '127.0.0.1');
    await arrived(listener, 5);
    expect(listener.statistics()).toMatchObject({ open: 0, pending: 3, refused: 1 });
  });

  test('has its overflow answered by the callback', async () => {
    const listener = await listen({
      maxConnectionsPerAddress: 1,
      onOverflow: (stream, { limitName, limit }) => stream.writeAll(`${limitName} ${limit}\n`),
    });
    await connect(listener);
    expect(await fate(connect(listener))).toBe('maxConnectionsPerAddress 1');
  });

  test('is no bound for Unix sockets', async () => {
    const { path, remove } = await temporaryPath();
    const listener = keep(await UnixListener.bind(path, { maxConnectionsPerAddress: 1 }));
    for (let count = 0; count < 2; count += 1) keep(await UnixStream.connect(path));
    keep(await listener.accept());
    keep(await listener.accept());
    expect(listener.statistics()).toMatchObject({ open: 2, refused: 0 });
    await remove();
  });
});

describe('a listener', () => {
  test('resets whom its block list names, and counts it', async () => {
    const listener = await listen({
      blockList: new AddressList(['127.0.0.2']),
      onOverflow: () => {
        throw new Error('must not be called');
      },
    });
    expect(await fate(connect(listener, '127.0.0.2'))).toBe('ECONNRESET');
    await connect(listener, '127.0.0.1');
    await arrived(listener, 2);
    expect(listener.statistics()).toMatchObject({ pending: 1, refused: 1 });
  });

  test('closes while its streams live on', async () => {
    const listener = await listen();
    const client = await connect(listener);
    const server = await accept(listener);
    await listener.close();
    await client.writeAll('still here\n');
    expect(await fate(server)).toBe('still here');
    const again = await listen({}, String(listener.localAddress));
    expect(again.localAddress.port).toBe(listener.localAddress.port);
  });

  test('tells one accept of an error of the operating system, and goes on', async () => {
    const listening = jest.spyOn(Server.prototype, 'listen');
    const listener = await listen();
    const server = listening.mock.contexts[0] as Server;
    listening.mockRestore();
    const [first, second] = [listener.accept().catch((error: unknown) => error), accept(listener)];
    server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expect(await first).toMatchObject({ name: 'IoError', code: 'EMFILE', operation: 'accept' });
    await connect(listener);
    await second;
    server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    await listener.readable();
    expect(() => listener.tryAccept()).toThrow('accept EMFILE');
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
  });

  test('passes backlog and exclusive on', async () => {
    const listening = jest.spyOn(Server.prototype, 'listen');
    try {
      await listen({ backlog: 7, exclusive: true });
      await listen();
      const options = listening.mock.calls.map(([first]) => first as unknown);
      expect(options).toEqual([
        expect.objectContaining({ backlog: 7, exclusive: true }),
        expect.objectContaining({ backlog: 511, exclusive: false }),
      ]);
    } finally {
      listening.mockRestore();
    }
  });

  test('takes IPv4 on an IPv6 address, unless it is ipv6Only', async () => {
    const both = await listen({}, '[::]:0').catch(() => undefined);
    // A machine without IPv6 has nothing to show here.
    if (both === undefined) return;
    await connect(both);
    expect((await accept(both)).remoteAddress.host).toBe('::ffff:127.0.0.1');
    const one = await listen({ ipv6Only: true }, '[::]:0');
    await expect(connect(one)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('shares its port where Node can, and says where it cannot', async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isAble = major > 22 || (major === 22 && minor >= 12);
    const codeOf = ({ code }: IoError): string => code;
    const first = await listen({ reusePort: true }).catch(codeOf);
    expect(typeof first === 'string' ? first : 'bound').toBe(isAble ? 'bound' : 'ENOTSUP');
    if (typeof first === 'string') return;
    const address = String(first.localAddress);
    const second = await listen({ reusePort: true }, address);
    expect(String(second.localAddress)).toBe(address);
    expect(await listen({}, address).catch(codeOf)).toBe('EADDRINUSE');
  });

  test('refuses bounds that mean nothing', async () => {
    for (const options of [
      { backlog: 0 },
      { maxConnections: 0 },
      { maxPending: NaN },
      { onOverflow: 'drop' },
      { signal: {} },
    ]) {
      await expect(TcpListener.bind('127.0.0.1:0', options as never)).rejects.toThrow(
        InvalidInputError,
      );
    }
  });
});
