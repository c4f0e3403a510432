import { describe, expect, jest, test } from '@jest/globals';
import { Socket } from 'node:dgram';
import type { LookupFunction } from 'node:net';
import {
  ClosedError,
  Interest,
  InvalidInputError,
  Poll,
  TimeoutError,
  UdpSocket,
  WOULD_BLOCK,
  type Datagram,
  type UdpOptions,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { keep } from '../support/keep.ts';

const bind = async (options: UdpOptions = {}, address = '127.0.0.1:0'): Promise<UdpSocket> =>
  keep(await UdpSocket.bind(address, options));

const textOf = ({ data }: Datagram): string => Buffer.from(data).toString('latin1');

/** Waits for what only the kernel decides. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Holds back Node's datagrams until `release()`. */
function holdSends(): { release(): void; restore(): void } {
  const original = Reflect.get(Socket.prototype, 'send') as (...values: unknown[]) => void;
  const held: (() => void)[] = [];
  const sending = jest.spyOn(Socket.prototype, 'send').mockImplementation(function send(
    this: Socket,
    ...values: unknown[]
  ) {
    held.push(() => {
      original.apply(this, values);
    });
  });
  return {
    release: () => {
      for (const send of held.splice(0)) send();
    },
    restore: () => {
      sending.mockRestore();
    },
  };
}

describe('datagrams', () => {
  test('arrive whole, with their sender, also empty ones', async () => {
    const [server, client] = [await bind(), await bind()];
    expect(await client.sendTo('hello', server.localAddress)).toBe(5);
    expect(await client.sendTo(new Uint8Array(0), String(server.localAddress))).toBe(0);
    const first = await server.recvFrom();
    expect(first).toEqual({
      data: Uint8Array.from(Buffer.from('hello')),
      from: client.localAddress,
    });
    expect((await server.recvFrom()).data).toHaveLength(0);
    await server.sendTo('back', first.from);
    expect(textOf(await client.recvFrom())).toBe('back');
  });

  test('are copied, so that the buffer may be changed at once', async () => {
    const [server, client] = [await bind(), await bind()];
    const buffer = Buffer.from('before');
    const sending = client.sendTo(buffer, server.localAddress);
    buffer.write('after!');
    await sending;
    expect(textOf(await server.recvFrom())).toBe('before');
  });

  test('are handed to waiting tasks in order', async () => {
    const [server, client] = [await bind(), await bind()];
    const waiting = [server.recvFrom(), server.recvFrom(), server.recvFrom()];
    for (const text of ['1', '2', '3']) await client.sendTo(text, server.localAddress);
    expect((await Promise.all(waiting)).map(textOf)).toEqual(['1', '2', '3']);
  });

  test('come out of a loop, which ends with the socket and can be left', async () => {
    const [server, client] = [await bind(), await bind()];
    for (const text of ['1', '2', '3']) await client.sendTo(text, server.localAddress);
    const seen: string[] = [];
    for await (const datagram of server) {
      seen.push(textOf(datagram));
      break;
    }
    for await (const datagram of server) {
      seen.push(textOf(datagram));
      if (seen.length === 3) void server.close();
    }
    expect(seen).toEqual(['1', '2', '3']);
  });

  test('go over IPv6 where there is one', async () => {
    const server = await bind({}, '[::1]:0').catch(() => undefined);
    if (server === undefined) return;
    const client = await bind({}, '[::1]:0');
    await client.sendTo('six', server.localAddress);
    expect((await server.recvFrom()).from).toEqual(client.localAddress);
  });

  test('are sent to names by the resolver that was given', async () => {
    const lookup: LookupFunction = (_name, _options, callback) => {
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    const [server, client] = [await bind(), await bind({ lookup })];
    const { port } = server.localAddress;
    await client.sendTo('named', { host: 'example.test', port });
    expect(textOf(await server.recvFrom())).toBe('named');
    const lost = await bind({
      lookup: (_name, _options, callback) => {
        callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);
      },
    });
    await expect(lost.sendTo('x', { host: 'nowhere.test', port })).rejects.toMatchObject({
      name: 'AddressError',
      code: 'ENOTFOUND',
      operation: 'sendTo',
    });
    expect(lost.statistics()).toMatchObject({ sent: 0, failed: 1, unsent: 0 });
  });

  test('that are too long are refused, and the socket goes on', async () => {
    const [server, client] = [await bind(), await bind()];
    await expect(client.sendTo(new Uint8Array(70_000), server.localAddress)).rejects.toMatchObject({
      name: 'IoError',
      code: 'EMSGSIZE',
    });
    await client.sendTo('short', server.localAddress);
    expect(textOf(await server.recvFrom())).toBe('short');
  });
});

describe('the receive queue', () => {
  test('keeps so many datagrams, drops those that come after, and counts them', async () => {
    const [server, client] = [await bind({ maxDatagrams: 2 }), await bind()];
    for (const text of ['1', '2', '3', '4']) await client.sendTo(text, server.localAddress);
    await until(() => server.statistics().dropped === 2);
    expect(server.statistics()).toMatchObject({ received: 2, queued: 2, queuedBytes: 2 });
    expect([await server.recvFrom(), await server.recvFrom()].map(textOf)).toEqual(['1', '2']);
    await client.sendTo('5', server.localAddress);
    expect(textOf(await server.recvFrom())).toBe('5');
    expect(server.statistics()).toMatchObject({
      received: 3,
      dropped: 2,
      queued: 0,
      queuedBytes: 0,
    });
  });

  test('keeps so many bytes', async () => {
    const [server, client] = [await bind({ maxBytes: 10 }), await bind()];
    for (const length of [6, 5, 4])
      await client.sendTo(new Uint8Array(length), server.localAddress);
    await until(() => server.statistics().dropped === 1);
    await until(() => server.statistics().queued === 2);
    const lengths = [await server.recvFrom(), await server.recvFrom()].map(
      ({ data }) => data.length,
    );
    expect(lengths).toEqual([6, 4]);
  });
});

describe('readiness of a UDP socket', () => {
  test('is level-triggered, and would-block is a value', async () => {
    const [server, client] = [await bind(), await bind()];
    expect(server.tryRecvFrom()).toBe(WOULD_BLOCK);
    expect(server.isReadable).toBe(false);
    const readable = server.readable();
    await client.sendTo('now', server.localAddress);
    await readable;
    await server.readable();
    expect(server.readiness).toBe(Interest.READABLE | Interest.WRITABLE);
    expect(textOf(server.tryRecvFrom() as Datagram)).toBe('now');
    expect(server.tryRecvFrom()).toBe(WOULD_BLOCK);
  });

  test('is reported to a poll set, which drops the socket when it closes', async () => {
    const [server, client] = [await bind(), await bind()];
    const poll = new Poll<string>();
    poll.register(server, 'server', Interest.READABLE);
    const [events] = await Promise.all([poll.poll(), client.sendTo('x', server.localAddress)]);
    expect(events).toMatchObject([{ token: 'server', isReadable: true, isWritable: false }]);
    server.tryRecvFrom();
    await server.close();
    expect(await poll.poll({ timeout: 0 })).toEqual([]);
    expect(poll.statistics().registered).toBe(0);
    poll.close();
  });

  test('to write ends at the high-water mark and returns when the kernel has taken the bytes', async () => {
    const server = await bind();
    const client = await bind({ writeHighWaterMark: 10 });
    const sends = holdSends();
    try {
      expect(client.trySendTo('123456', server.localAddress)).toBe(6);
      expect(client.trySendTo('123456', server.localAddress)).toBe(6);
      expect(client.isWritable).toBe(false);
      expect(client.trySendTo('1', server.localAddress)).toBe(WOULD_BLOCK);
      const order: string[] = [];
      const waits = [
        client.sendTo('first', server.localAddress).then(() => order.push('first')),
        client.sendTo('second', server.localAddress).then(() => order.push('second')),
        client.writable().then(() => order.push('writable')),
      ];
      expect(client.statistics()).toMatchObject({ unsent: 12, sent: 0 });
      expect(client.statistics().waits.map(({ operation }) => operation)).toEqual([
        'sendTo',
        'sendTo',
        'writable',
      ]);
      // The mark holds for those that waited, too: the second is passed on when the first was sent.
      sends.release();
      await until(() => client.statistics().sent === 2);
      expect(client.statistics().unsent).toBe(11);
      sends.release();
      await Promise.all(waits);
      expect(order.indexOf('first')).toBeLessThan(order.indexOf('second'));
    } finally {
      sends.release();
      sends.restore();
    }
    expect(client.statistics()).toMatchObject({ unsent: 0, sent: 4, failed: 0, waits: [] });
  });
});

describe('giving up', () => {
  test('a receive takes nothing', async () => {
    const clock = new ManualClock();
    const [server, client] = [await bind({ clock }), await bind()];
    const controller = new AbortController();
    const aborted = server.recvFrom({ signal: controller.signal }).catch((error: unknown) => error);
    const late = server.recvFrom({ timeout: 50 }).catch((error: unknown) => error);
    const readable = server.readable({ timeout: 60 }).catch((error: unknown) => error);
    expect(server.statistics().waits).toHaveLength(3);
    controller.abort(new Error('enough'));
    await clock.advance(60);
    expect(await aborted).toEqual(new Error('enough'));
    expect(await late).toBeInstanceOf(TimeoutError);
    expect(await readable).toMatchObject({ operation: 'readable', timeout: 60 });
    await client.sendTo('kept', server.localAddress);
    expect(textOf(await server.recvFrom())).toBe('kept');
  });

  test('a send that waits for room sends nothing', async () => {
    const server = await bind();
    const client = await bind({ writeHighWaterMark: 1 });
    const sends = holdSends();
    const controller = new AbortController();
    try {
      client.trySendTo('sent', server.localAddress);
      const given = client.sendTo('given up', server.localAddress, { signal: controller.signal });
      const after = client.sendTo('after', server.localAddress);
      controller.abort(new Error('enough'));
      await expect(given).rejects.toThrow('enough');
      sends.release();
      await until(() => client.statistics().sent === 1);
      sends.release();
      await after;
    } finally {
      sends.restore();
    }
    expect([await server.recvFrom(), await server.recvFrom()].map(textOf)).toEqual([
      'sent',
      'after',
    ]);
  });
});

describe('a connected UDP socket', () => {
  test('sends to its peer, receives from no other, and learns that no one is there', async () => {
    const [server, client, stranger] = [await bind(), await bind(), await bind()];
    await expect(client.send('x')).rejects.toThrow(InvalidInputError);
    await client.connect(server.localAddress);
    expect(client.remoteAddress).toEqual(server.localAddress);
    await client.send('hello');
    expect(textOf(await server.recvFrom())).toBe('hello');
    await stranger.sendTo('not for you', client.localAddress);
    await server.sendTo('for you', client.localAddress);
    expect(textOf(await client.recvFrom())).toBe('for you');
    await expect(client.connect(server.localAddress)).rejects.toMatchObject({ name: 'IoError' });

    await server.close();
    await client.send('hello?');
    await expect(client.recvFrom({ timeout: 5_000 })).rejects.toMatchObject({
      name: 'AddressError',
      code: 'ECONNREFUSED',
    });
    expect(client.tryRecvFrom()).toBe(WOULD_BLOCK);
  });

  test('fails to connect to a name that no one knows', async () => {
    const client = await bind({
      lookup: (_name, _options, callback) => {
        callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);
      },
    });
    await expect(client.connect('nowhere.test:1')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(client.remoteAddress).toBeUndefined();
  });
});

describe('closing a UDP socket', () => {
  test('settles every wait and is done twice', async () => {
    const client = await bind({ writeHighWaterMark: 1 });
    const sends = holdSends();
    try {
      client.trySendTo('x', client.localAddress);
      const waits = [
        client.recvFrom(),
        client.readable(),
        client.writable(),
        client.sendTo('y', client.localAddress),
      ].map((wait) => wait.catch((error: unknown) => error));
      await Promise.all([client.close(), client.close()]);
      for (const error of await Promise.all(waits)) {
        expect(error).toBeInstanceOf(ClosedError);
      }
    } finally {
      sends.restore();
    }
    await expect(client.recvFrom()).rejects.toThrow(ClosedError);
    await expect(client.sendTo('z', '127.0.0.1:9')).rejects.toThrow(ClosedError);
    expect(() => client.tryRecvFrom()).toThrow(ClosedError);
    expect(() => {
      client.setTtl(1);
    }).toThrow(ClosedError);
    expect(client.statistics().waits).toEqual([]);
  });

  test('happens by its signal', async () => {
    const controller = new AbortController();
    const socket = await bind({ signal: controller.signal });
    const waiting = socket.recvFrom().catch((error: unknown) => error);
    controller.abort();
    expect(await waiting).toBeInstanceOf(ClosedError);
    await expect(UdpSocket.bind('127.0.0.1:0', { signal: controller.signal })).rejects.toBe(
      controller.signal.reason,
    );
    const late = new AbortController();
    const binding = UdpSocket.bind('127.0.0.1:0', { signal: late.signal });
    late.abort(new Error('changed my mind'));
    await expect(binding).rejects.toThrow('changed my mind');
  });
});

describe('binding', () => {
  test('fails with the reason', async () => {
    const socket = await bind();
    await expect(UdpSocket.bind(socket.localAddress)).rejects.toMatchObject({
      name: 'AddressError',
      code: 'EADDRINUSE',
      operation: 'bind',
    });
    await expect(UdpSocket.bind('192.0.2.1:0')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  test.each([
    ['a path', { path: '/tmp/x' }, {}],
    ['a wrong port', '127.0.0.1:70000', {}],
    ['no queue', '127.0.0.1:0', { maxDatagrams: 0 }],
    ['half a byte', '127.0.0.1:0', { maxBytes: 0.5 }],
    ['no mark', '127.0.0.1:0', { writeHighWaterMark: 0 }],
  ])('refuses %s', async (_name, address, options) => {
    await expect(UdpSocket.bind(address as never, options)).rejects.toThrow(InvalidInputError);
  });

  test('takes options of the socket', async () => {
    const socket = await bind({
      broadcast: true,
      reuseAddress: true,
      receiveBufferSize: 65_536,
      sendBufferSize: 65_536,
    });
    socket.setTtl(12);
    socket.setBroadcast(false);
    expect(() => {
      socket.setTtl(0);
    }).toThrow(/setTtl/);
    expect(() => {
      socket.joinMulticast('127.0.0.1');
    }).toThrow(/joinMulticast/);
    socket.unref();
    socket.ref();
    await expect(socket.sendTo(7 as never, socket.localAddress)).rejects.toThrow(InvalidInputError);
  });

  test('joins and leaves a multicast group', async () => {
    const socket = await bind({}, '0.0.0.0:0');
    socket.joinMulticast('239.255.7.7', '127.0.0.1');
    socket.leaveMulticast('239.255.7.7', '127.0.0.1');
    expect(() => {
      socket.leaveMulticast('239.255.7.7', '127.0.0.1');
    }).toThrow(/leaveMulticast/);
  });
});
