import { describe, expect, jest, test } from '@jest/globals';
import { connect, createServer, type AddressInfo } from 'node:net';
import { TcpListener, TcpStream, UnixStream, type ByteStream } from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { startProgram } from '../support/program.ts';
import { tcpPair, unixPair } from '../support/socket-pairs.ts';

/** The methods of the handles that sockets of one kind have, under Node's own hood. */
type Handle = Record<string, (...values: unknown[]) => number>;

async function handleOf(): Promise<Handle> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
  });
  const { _handle: handle } = socket as unknown as { _handle: object };
  socket.destroy();
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  return Object.getPrototypeOf(handle) as Handle;
}

/** Counts what reaches the handles of sockets while `body` runs. */
async function callsOf(
  names: readonly string[],
  body: () => Promise<void>,
): Promise<Record<string, unknown[][]>> {
  const handle = await handleOf();
  const spies = names.map((name) => jest.spyOn(handle, name));
  try {
    await body();
    return Object.fromEntries(names.map((name, at) => [name, [...(spies[at]?.mock.calls ?? [])]]));
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const WRITES = ['writev', 'writeBuffer', 'writeLatin1String', 'writeUtf8String'];
const countWrites = async (body: () => Promise<void>): Promise<number> =>
  Object.values(await callsOf(WRITES, body)).flat().length;

const pieces = (): Uint8Array[] => ['one ', 'two ', 'three'].map((text) => Buffer.from(text));

describe('writing', () => {
  test.each([[{ transfer: true }], [{}]])(
    'with writev is one system write, %j',
    async (options) => {
      const { client, server } = keep(await tcpPair());
      const count = await countWrites(async () => {
        await client.writev(pieces(), options);
        await client.flush();
      });
      expect(count).toBe(1);
      expect(Buffer.from(await server.readExactly(13)).toString()).toBe('one two three');
    },
  );

  test('with writev passes the pieces on as they are when they are given away', async () => {
    const { client, server } = keep(await tcpPair());
    const { writev } = await callsOf(['writev'], async () => {
      await client.writev(pieces(), { transfer: true });
      await client.flush();
    });
    const passed = writev?.[0]?.[1] as Uint8Array[] | undefined;
    expect(passed?.map((piece) => piece.length)).toEqual([4, 4, 5]);
    await server.readExactly(13);
  });

  test('many small pieces in one turn is one system write', async () => {
    const { client, server } = keep(await tcpPair());
    const count = await countWrites(async () => {
      await Promise.all([client.writeAll('a'), client.flush()]);
      client.tryWrite('b');
      client.tryWrite('c');
      await client.flush();
    });
    expect(count).toBeLessThanOrEqual(2);
    expect(Buffer.from(await server.readExactly(3)).toString()).toBe('abc');
  });
});

describe('options of a socket', () => {
  const NAMES = ['setNoDelay', 'setKeepAlive'];

  test('are set as the listener says, on what it accepts', async () => {
    const calls = await callsOf(NAMES, async () => {
      const listener = keep(await TcpListener.bind('127.0.0.1:0', { keepAlive: 30_000 }));
      keep(connectPlain(listener));
      keep(await listener.accept());
    });
    expect(calls).toEqual({ setNoDelay: [[true]], setKeepAlive: [[true, 30]] });
    const without = await callsOf(NAMES, async () => {
      const listener = keep(await TcpListener.bind('127.0.0.1:0', { noDelay: false }));
      keep(connectPlain(listener));
      keep(await listener.accept());
    });
    expect(without).toEqual({ setNoDelay: [], setKeepAlive: [] });
  });

  test('are set as connect says', async () => {
    const listener = keep(await TcpListener.bind('127.0.0.1:0', { noDelay: false }));
    const calls = await callsOf(NAMES, async () => {
      keep(await TcpStream.connect(listener.localAddress, { keepAlive: 5_000 }));
      keep(await listener.accept());
    });
    expect(calls).toEqual({ setNoDelay: [[true]], setKeepAlive: [[true, 5]] });
    const without = await callsOf(NAMES, async () => {
      keep(await TcpStream.connect(listener.localAddress, { noDelay: false, keepAlive: false }));
      keep(await listener.accept());
    });
    expect(without).toEqual({ setNoDelay: [], setKeepAlive: [] });
  });

  test('can be changed while it is open', async () => {
    const { client, server } = keep(await tcpPair({}));
    for (const stream of [client, server]) {
      const calls = await callsOf(NAMES, async () => {
        stream.setNoDelay(false);
        stream.setNoDelay(true);
        stream.setKeepAlive(true);
        stream.setKeepAlive(60_000);
        stream.setKeepAlive(false);
      });
      expect(calls['setNoDelay']).toEqual([[false], [true]]);
      expect(calls['setKeepAlive']?.map(([enabled]) => enabled)).toEqual([true, true, false]);
      expect(calls['setKeepAlive']?.[1]).toEqual([true, 60]);
    }
    await client.close();
    client.setNoDelay(true);
    client.setKeepAlive(true);
  });
});

function connectPlain({ localAddress: { host, port } }: TcpListener): { close(): void } {
  const socket = connect(port, host);
  return { close: () => socket.destroy() };
}

describe('the counters of a stream', () => {
  test.each<
    [string, () => Promise<{ client: ByteStream; server: ByteStream; close(): Promise<void> }>]
  >([
    ['TCP', tcpPair],
    ['Unix', unixPair],
  ])('on %s say what went each way', async (_name, makePair) => {
    const { client, server } = keep(await makePair());
    await client.writeAll('12345');
    await server.writev([Buffer.from('abc'), Buffer.from('d')]);
    await server.readable();
    await client.readExactly(4);
    expect(client.statistics()).toMatchObject({
      bytesWritten: 5,
      bytesRead: 4,
      buffered: 0,
      unsent: 0,
    });
    expect(server.statistics()).toMatchObject({ bytesWritten: 4, bytesRead: 5, buffered: 5 });
    const waiting = client.readChunk();
    expect(client.statistics().waits).toMatchObject([{ operation: 'readChunk' }]);
    await server.close();
    await waiting;
    expect(Object.isFrozen(client.statistics())).toBe(true);
    expect(client).toBeInstanceOf(_name === 'TCP' ? TcpStream : UnixStream);
  });
});

describe('a process', () => {
  test('ends though unref’ed listeners, streams and sockets are open', async () => {
    const program = keep(startProgram('unref'));
    expect(await program.nextLine()).toBe('all open');
    expect(await program.ended).toEqual({ code: 0, stderr: '' });
  });

  test('stays while one of them was ref’ed again', async () => {
    const program = keep(startProgram('unref', { env: { KEEP: '1' } }));
    expect(await program.nextLine()).toBe('all open');
    expect(await program.nextLine()).toBe('still here');
    expect(await program.ended).toEqual({ code: 0, stderr: '' });
  });
});
