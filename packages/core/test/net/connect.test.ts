import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LookupFunction } from 'node:net';
import { createInterface } from 'node:readline';
import {
  AddressError,
  AddressList,
  InvalidInputError,
  TcpListener,
  TcpStream,
  type TcpConnectOptions,
} from '../../src/index.ts';
import { keep } from '../support/keep.ts';

/** A resolver that knows every name by these addresses. */
const knows =
  (...addresses: readonly string[]): LookupFunction =>
  (_name, _options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    queueMicrotask(() => {
      callback(null, found);
    });
  };

const listen = async (): Promise<TcpListener> => keep(await TcpListener.bind('127.0.0.1:0'));

const connectTo = async (
  { localAddress: { port } }: TcpListener,
  options: TcpConnectOptions,
  host = 'example.test',
): Promise<TcpStream> => keep(await TcpStream.connect({ host, port }, options));

/** A local port without a listener. */
async function deadPort(): Promise<number> {
  const listener = await listen();
  await listener.close();
  return listener.localAddress.port;
}

/** How many attempts of this process are under way. */
const connecting = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'TCPConnectWrap').length;

/**
 * A port that takes no more connections and refuses none: attempts to connect hang. A process that stands still holds
 * it, with its queue full.
 */
async function hangingPort(host = '127.0.0.1'): Promise<{ port: number; close(): void }> {
  const script = `
    const server = require('node:net').createServer().listen({ port: 0, host: '${host}', backlog: 1 }, () => {
      console.log(server.address().port);
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  child.kill('SIGSTOP');
  const port = Number(line);
  // With a backlog of 1 the kernel holds two, and drops further SYNs.
  const fillers: TcpStream[] = [];
  for (let count = 0; count < 4; count += 1) {
    const filler = await TcpStream.connect({ host, port }, { timeout: 100 }).catch(() => undefined);
    if (filler === undefined) break;
    fillers.push(filler);
  }
  return keep({
    port,
    close: () => {
      for (const filler of fillers) filler.reset();
      child.kill('SIGKILL');
    },
  });
}

describe('the addresses of a name', () => {
  test('are tried until one answers', async () => {
    const listener = await listen();
    const stream = await connectTo(listener, { lookup: knows('127.0.0.2', '127.0.0.1') });
    expect(stream.remoteAddress.host).toBe('127.0.0.1');
  });

  test('are tried while one is silent, and the silent attempt is closed', async () => {
    const { port } = await hangingPort('127.0.0.2');
    keep(await TcpListener.bind({ host: '127.0.0.1', port }));
    const stream = keep(
      await TcpStream.connect(
        { host: 'example.test', port },
        { lookup: knows('127.0.0.2', '127.0.0.1'), attemptDelay: 10, timeout: 5_000 },
      ),
    );
    expect(stream.remoteAddress.host).toBe('127.0.0.1');
    // The one that hung is not among them: it was given up with the race.
    expect(connecting()).toBe(0);
  });

  test('fail together in one error that names each', async () => {
    const port = await deadPort();
    const failing = TcpStream.connect(
      { host: 'example.test', port },
      { lookup: knows('127.0.0.1', '127.0.0.2') },
    );
    await expect(failing).rejects.toMatchObject({
      name: 'AddressError',
      code: 'ECONNREFUSED',
      operation: 'connect',
      message: `connect: no address of example.test:${port} could be reached: connect ECONNREFUSED 127.0.0.1:${port}; connect ECONNREFUSED 127.0.0.2:${port}`,
      cause: { errors: [{ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }] },
    });
  });

  test('are not tried beyond the first without autoSelectFamily', async () => {
    const listener = await listen();
    await expect(
      connectTo(listener, { lookup: knows('127.0.0.2', '127.0.0.1'), autoSelectFamily: false }),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('can be of one family only', async () => {
    const listener = await listen();
    const lookup = knows('::1', '127.0.0.1');
    const stream = await connectTo(listener, { lookup, family: 4 });
    expect(stream.remoteAddress.host).toBe('127.0.0.1');
    await expect(connectTo(listener, { lookup: knows('127.0.0.1'), family: 6 })).rejects.toThrow(
      'connect: example.test has no IPv6 address',
    );
  });

  test('can come one at a time from a resolver of the old kind', async () => {
    const listener = await listen();
    const lookup: LookupFunction = (_name, _options, callback) => {
      callback(null, '127.0.0.1', 4);
    };
    const stream = await connectTo(listener, { lookup });
    expect(stream.remoteAddress.host).toBe('127.0.0.1');
  });

  test('may be none, or not to be found', async () => {
    const listener = await listen();
    await expect(connectTo(listener, { lookup: knows() })).rejects.toMatchObject({
      name: 'AddressError',
      code: 'ENOTFOUND',
    });
    const lookup: LookupFunction = (_name, _options, callback) => {
      callback(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }), []);
    };
    await expect(connectTo(listener, { lookup })).rejects.toMatchObject({
      name: 'AddressError',
      code: 'EAI_AGAIN',
      operation: 'connect',
    });
  });

  test('are asked of the resolver with the name and all its addresses', async () => {
    const listener = await listen();
    const asked: unknown[] = [];
    const lookup: LookupFunction = (name, options, callback) => {
      asked.push(name, options.all, options.family);
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    await connectTo(listener, { lookup, family: 4 });
    expect(asked).toEqual(['example.test', true, 4]);
  });

  test('are not looked up when the host is an address', async () => {
    const listener = await listen();
    const lookup: LookupFunction = () => {
      throw new Error('asked');
    };
    const stream = await connectTo(listener, { lookup }, '127.0.0.1');
    expect(stream.remoteAddress.host).toBe('127.0.0.1');
  });

  test('of localhost lead here', async () => {
    const listener = await listen();
    const stream = await connectTo(listener, {}, 'localhost');
    expect(stream.remoteAddress).toEqual(listener.localAddress);
  });
});

describe('a block list', () => {
  test('keeps a connection from every address on it, by whatever name', async () => {
    const listener = await listen();
    const blockList = new AddressList(['127.0.0.0/8']);
    for (const host of ['example.test', '127.0.0.1']) {
      await expect(
        connectTo(listener, { blockList, lookup: knows('127.0.0.1') }, host),
      ).rejects.toMatchObject({
        name: 'AddressError',
        code: 'ERR_IP_BLOCKED',
        message: `connect: every address of ${host} is on the block list: 127.0.0.1`,
      });
    }
    expect(listener.statistics()).toMatchObject({ pending: 0 });
  });

  test('leaves the addresses that are not on it', async () => {
    const listener = await listen();
    const blockList = new AddressList(['127.0.0.2']);
    const stream = await connectTo(listener, {
      blockList,
      lookup: knows('127.0.0.2', '127.0.0.1'),
    });
    expect(stream.remoteAddress.host).toBe('127.0.0.1');
  });
});

describe('the local address', () => {
  test('is the one that was asked for', async () => {
    const listener = await listen();
    const stream = await connectTo(listener, { localAddress: { host: '127.0.0.9' } }, '127.0.0.1');
    expect(stream.localAddress.host).toBe('127.0.0.9');
    expect((await listener.accept().then(keep)).remoteAddress.host).toBe('127.0.0.9');
  });

  test('has the port that was asked for, with which addresses are tried one at a time', async () => {
    const port = await deadPort();
    const listener = await listen();
    const stream = await connectTo(listener, {
      localAddress: { port },
      lookup: knows('127.0.0.2', '127.0.0.1'),
      attemptDelay: 0,
    });
    expect(stream.localAddress.port).toBe(port);
  });

  test('chooses the family', async () => {
    const listener = await listen();
    const stream = await connectTo(listener, {
      localAddress: { host: '127.0.0.1' },
      lookup: knows('::1', '127.0.0.1'),
    });
    expect(stream.remoteAddress.host).toBe('127.0.0.1');
  });

  test('has to be one of this machine', async () => {
    const listener = await listen();
    await expect(
      connectTo(listener, { localAddress: { host: '192.0.2.1' } }, '127.0.0.1'),
    ).rejects.toMatchObject({ name: 'AddressError', code: 'EADDRNOTAVAIL' });
  });
});

describe('connecting', () => {
  test('gives up by its timeout, and leaves nothing open', async () => {
    const { port } = await hangingPort();
    await expect(
      TcpStream.connect({ host: '127.0.0.1', port }, { timeout: 50 }),
    ).rejects.toMatchObject({ name: 'TimeoutError', operation: 'connect', timeout: 50 });
    expect(connecting()).toBe(0);
  });

  test('gives up by its signal, while it looks the name up and while it connects', async () => {
    const controller = new AbortController();
    const never = TcpStream.connect('example.test:80', {
      lookup: () => undefined,
      signal: controller.signal,
    });
    controller.abort(new Error('enough'));
    await expect(never).rejects.toThrow('enough');

    const { port } = await hangingPort();
    const second = new AbortController();
    const hanging = TcpStream.connect({ host: '127.0.0.1', port }, { signal: second.signal });
    setImmediate(() => {
      second.abort(new Error('enough of that too'));
    });
    await expect(hanging).rejects.toThrow('enough of that too');
  });

  test('does not connect for an answer that comes after it was given up', async () => {
    const listener = await listen();
    const controller = new AbortController();
    let answer: (() => void) | undefined;
    const lookup: LookupFunction = (_name, _options, callback) => {
      answer = () => {
        callback(null, [{ address: '127.0.0.1', family: 4 }]);
      };
    };
    const late = connectTo(listener, { lookup, signal: controller.signal });
    controller.abort(new Error('too late'));
    await expect(late).rejects.toThrow('too late');
    answer?.();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(connecting()).toBe(0);
  });

  test('refuses options that mean nothing', async () => {
    for (const options of [{ attemptDelay: -1 }, { attemptDelay: NaN }, { timeout: -1 }]) {
      await expect(TcpStream.connect('127.0.0.1:1', options)).rejects.toThrow(InvalidInputError);
    }
    await expect(TcpStream.connect({ path: '/tmp/x' } as never)).rejects.toThrow(/UnixStream/);
    await expect(TcpListener.bind({ path: '/tmp/x' } as never)).rejects.toThrow(/UnixListener/);
  });

  test('fails with an AddressError where nothing listens', async () => {
    const port = await deadPort();
    const failure = TcpStream.connect({ host: '127.0.0.1', port });
    await expect(failure).rejects.toThrow(AddressError);
    await expect(failure).rejects.toMatchObject({ cause: { syscall: 'connect' } });
  });
});
