import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { InvalidInputError, IoError, TcpListener, TcpStream } from '../../src/index.ts';
import type { TcpSocketOptions } from '../../src/index.ts';
import { describeIf, describeWithout } from '../support/capabilities.ts';

type KeepAlive = NonNullable<TcpSocketOptions['keepAlive']>;

afterEach(() => {
  jest.restoreAllMocks();
});

/** What sets the options of every TCP connection, with and without a `net.Socket` around it. */
interface Handle {
  setNoDelay(noDelay: boolean): number;
  setKeepAlive(keepAlive: boolean, seconds: number): number;
}

/** The methods of all handles. */
async function handleMethods(port: number): Promise<Handle> {
  const probe = connect(port, '127.0.0.1');
  await once(probe, 'connect');
  const { _handle: handle } = probe as unknown as { readonly _handle: object };
  const methods = Object.getPrototypeOf(handle) as Handle;
  probe.resetAndDestroy();
  await once(probe, 'close');
  return methods;
}

test('Nagle’s algorithm and keep-alive can be changed on an open connection', async () => {
  const listener = await TcpListener.bind('127.0.0.1:0');
  const methods = await handleMethods(listener.localAddress.port);
  (await listener.accept()).reset();
  const client = await TcpStream.connect(listener.localAddress);
  const server = await listener.accept();
  const noDelay = jest.spyOn(methods, 'setNoDelay');
  const keepAlive = jest.spyOn(methods, 'setKeepAlive');
  client.setNoDelay(false);
  client.setNoDelay(true);
  client.setKeepAlive(60_000);
  client.setKeepAlive(false);
  expect(noDelay.mock.calls).toEqual([[false], [true]]);
  expect(keepAlive.mock.calls).toEqual([
    [true, 60],
    [false, 0],
  ]);
  await Promise.all([client.close(), server.close(), listener.close()]);
});

test('streams and listeners close at the end of an await using block', async () => {
  let listener: TcpListener;
  let client: TcpStream;
  {
    await using bound = await TcpListener.bind('127.0.0.1:0');
    await using stream = await TcpStream.connect(bound.localAddress);
    listener = bound;
    client = stream;
  }
  expect([listener.isDisposed, client.isClosed]).toEqual([true, true]);
});

const PROBED = { keepAlive: { delay: 1_000, interval: 1_000, count: 3 } };

/** The seconds until the kernel's next probe, on both ends of a connection with these options. */
async function probesOf(options: TcpSocketOptions, change?: KeepAlive): Promise<number[]> {
  await using listener = await TcpListener.bind('127.0.0.1:0', options);
  await using client = await TcpStream.connect(listener.localAddress, options);
  await using server = await listener.accept();
  if (change !== undefined) for (const stream of [client, server]) stream.setKeepAlive(change);
  return [client, server].map(({ localAddress, remoteAddress }) => {
    const filter = `sport = ${localAddress.port} and dport = ${remoteAddress.port}`;
    const text = execFileSync('ss', ['-tonH', filter], { encoding: 'utf8' });
    const [, amount = '0', unit = 'sec'] = /keepalive,(\d+)(\w+|\.\d+sec)/.exec(text) ?? [];
    return Number(amount) * ({ min: 60, ms: 0.001 }[unit] ?? 1);
  });
}

describeIf('ss')('keep-alive, as the kernel knows it', () => {
  test.each<[KeepAlive, number]>([
    [false, 0],
    [true, 7_200],
    [60_000, 60],
    [59_001, 60],
    [{ delay: 60_000 }, 60],
    [Infinity, 32_767],
  ])('%j begins within %i seconds', async (keepAlive, wanted) => {
    for (const found of [...(await probesOf({ keepAlive })), ...(await probesOf({}, keepAlive))]) {
      expect(found).toBeLessThanOrEqual(wanted);
      // `ss` cuts off minutes, and a second may have passed.
      expect(found).toBeGreaterThanOrEqual(wanted - (wanted > 600 ? 120 : 10));
    }
  });

  test('below a second begins after one, and not after two hours', async () => {
    for (const found of await probesOf({ keepAlive: 500 })) expect(found).toBeLessThan(2);
  });
});

describeIf('ss', 'keep-alive probes')(
  'probes with an interval and a count, where Node has them',
  () => {
    test.each<[KeepAlive, number]>([
      [{ delay: 30_000, interval: 5_000, count: 3 }, 30],
      [{ delay: 30_000, count: 3 }, 30],
      [{ interval: 500 }, 7_200],
    ])('%j begin as told', async (keepAlive, wanted) => {
      for (const found of [
        ...(await probesOf({ keepAlive })),
        ...(await probesOf({}, keepAlive)),
      ]) {
        expect(found).toBeLessThanOrEqual(wanted);
        expect(found).toBeGreaterThanOrEqual(wanted - (wanted > 600 ? 120 : 10));
      }
    });
  },
);

describeWithout('keep-alive probes')(
  'probes with an interval or a count, where Node has none',
  () => {
    test('are refused by every call before it does anything', async () => {
      const refused = {
        name: 'IoError',
        code: 'ENOTSUP',
        message: expect.stringContaining('24.19'),
      };
      await expect(TcpStream.connect('127.0.0.1:1', PROBED)).rejects.toMatchObject(refused);
      await expect(TcpListener.bind('127.0.0.1:0', PROBED)).rejects.toMatchObject(refused);
      await expect(TcpListener.inherit(999, PROBED)).rejects.toMatchObject(refused);
      await using listener = await TcpListener.bind('127.0.0.1:0');
      await using stream = await TcpStream.connect(listener.localAddress);
      expect(() => {
        stream.setKeepAlive(PROBED.keepAlive);
      }).toThrow(IoError);
    });
  },
);

describeIf('ss', 'types of service')('the type of service, where Node has it', () => {
  test('is set on both ends, when they are opened or later', async () => {
    await using listener = await TcpListener.bind('127.0.0.1:0', { typeOfService: 0x28 });
    await using client = await TcpStream.connect(listener.localAddress, { typeOfService: 0x48 });
    await using server = await listener.accept();
    const marks = (): unknown[] =>
      [client, server].map(({ localAddress, remoteAddress }) => {
        const filter = `sport = ${localAddress.port} and dport = ${remoteAddress.port}`;
        const text = execFileSync('ss', ['-tnH', '--tos', filter], { encoding: 'utf8' });
        return /tos:(0x[0-9a-f]+)/.exec(text)?.[1];
      });
    expect(marks()).toEqual(['0x48', '0x28']);
    for (const stream of [client, server]) stream.setTypeOfService(0xb8);
    expect(marks()).toEqual(['0xb8', '0xb8']);
  });
});

describeWithout('types of service')('the type of service, where Node has none', () => {
  test('is refused by every call before it does anything', async () => {
    const refused = { name: 'IoError', code: 'ENOTSUP', message: expect.stringContaining('24.15') };
    const marked = { typeOfService: 0 };
    await expect(TcpStream.connect('127.0.0.1:1', marked)).rejects.toMatchObject(refused);
    await expect(TcpListener.bind('127.0.0.1:0', marked)).rejects.toMatchObject(refused);
  });
});

test('wrong probes and marks are refused with their names', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  await using stream = await TcpStream.connect(listener.localAddress);
  const set = (keepAlive: unknown) => (): void => {
    stream.setKeepAlive(keepAlive as KeepAlive);
  };
  expect(set('on')).toThrow('expected `keepAlive` to be true, false, a number of milliseconds');
  expect(set({})).toThrow('at least one of { delay, interval, count }');
  expect(set({ delay: -1 })).toThrow('expected `keepAlive.delay` to be a number');
  expect(set({ count: 0 })).toThrow(
    'expected `keepAlive.count` to be a whole number from 1 to 127',
  );
  expect(set({ intervall: 1 })).toThrow('did you mean `keepAlive.interval`?');
  for (const wrong of [-1, 256, 1.5, '8']) {
    expect(() => {
      stream.setTypeOfService(wrong as number);
    }).toThrow(InvalidInputError);
  }
});
