/**
 * Every asynchronous call that settles without waiting lets the event loop turn, whether it succeeds or fails.
 *
 * Each row is a call that can be made again and again. A loop over it must let an immediate of the event loop run.
 */

import { afterEach, describe, expect, test } from '@jest/globals';
import {
  copy,
  copyBidirectional,
  Executor,
  FrameReader,
  FrameWriter,
  Interest,
  lines,
  MemoryListener,
  memoryPair,
  Poll,
  startTls,
  systemClock,
  TaskTracker,
  TcpListener,
  TcpStream,
  TlsListener,
  TlsStream,
  UdpSocket,
  UnixListener,
  UnixStream,
  type ByteStream,
} from '../../src/index.ts';
import { TestAuthority } from '../../src/testing/index.ts';
import { keep } from '../support/keep.ts';
import { turnsIn } from '../support/turns-in.ts';

const aborted = { signal: AbortSignal.abort(new Error('aborted')) };
const wrong = { timeout: -1 };

/** Calls by name; those of an object are made on the one that `make` gives. */
type Calls<T> = Readonly<Record<string, (made: T) => unknown>>;

function rows<T>(make: () => Promise<T> | T, calls: Calls<T>): void {
  test.each(Object.entries(calls))('%s', async (_name, call) => {
    const made = await make();
    expect(await turnsIn(() => call(made))).toBe(true);
  });
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

function pair(): [ByteStream, ByteStream] {
  const streams = memoryPair();
  for (const stream of streams) {
    cleanups.push(() => {
      stream.reset();
    });
  }
  return streams;
}

const buffer = new Uint8Array(8);
const readCalls: Calls<ByteStream> = {
  readable: (stream) => stream.readable(),
  readClosed: (stream) => stream.readClosed(),
  ready: (stream) => stream.ready(Interest.READABLE),
  read: (stream) => stream.read(buffer),
  readWith: (stream) => stream.readWith(() => 0),
  readChunk: (stream) => stream.readChunk(),
  readExactly: (stream) => stream.readExactly(5),
  readUntil: (stream) => stream.readUntil(';'),
  readLine: (stream) => stream.readLine(),
  readFrame: (stream) => stream.readFrame({ decode: () => null }),
  'an iteration': (stream) => stream[Symbol.asyncIterator]().next(),
  'the iteration of a reader of frames': (stream) =>
    new FrameReader(stream, { decode: () => 1 })[Symbol.asyncIterator]().next(),
};
const writeCalls: Calls<ByteStream> = {
  writable: (stream) => stream.writable(),
  write: (stream) => stream.write('x'),
  writeAll: (stream) => stream.writeAll('x'),
  writev: (stream) => stream.writev([buffer]),
  'writev that gives away': (stream) => stream.writev([buffer], { transfer: true }),
  flush: (stream) => stream.flush(),
  shutdown: (stream) => stream.shutdown('write'),
  'a frame': (stream) => lines(stream).write('x'),
  'flush of frames': (stream) => lines(stream).flush(),
  'shutdown of frames': (stream) => lines(stream).shutdown(),
};
const endCalls: Calls<ByteStream> = {
  'shutdown of reading': (stream) => stream.shutdown('read'),
  close: (stream) => stream.close(),
  'close of frames': (stream) => lines(stream).close(),
};

describe('a loop lets the event loop turn that only makes this call of', () => {
  describe('a stream that this side closed', () => {
    rows(
      async () => {
        const [stream] = pair();
        await stream.close();
        return stream;
      },
      { ...readCalls, ...writeCalls, ...endCalls },
    );
  });

  describe('a stream that the peer reset', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        peer.reset();
        await stream.closed;
        return stream;
      },
      { ...readCalls, ...writeCalls, ...endCalls },
    );
  });

  describe('a stream that both sides finished', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        await Promise.all([stream.shutdown('write'), peer.shutdown('write')]);
        await stream.readClosed();
        return stream;
      },
      { ...readCalls, ...writeCalls, ...endCalls },
    );
  });

  describe('a stream that has bytes', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        await peer.writeAll('line\n');
        await stream.readable();
        return stream;
      },
      {
        readable: (stream) => stream.readable(),
        ready: (stream) => stream.ready(Interest.READABLE),
        'read of nothing': (stream) => stream.read(new Uint8Array(0)),
        'readWith that takes nothing': (stream) => stream.readWith(() => 0),
        'readWith that throws': (stream) =>
          stream.readWith(() => {
            throw new Error('no');
          }),
        'readExactly of nothing': (stream) => stream.readExactly(0),
        'readLine over its limit': (stream) => stream.readLine({ limit: 2 }),
        'readFrame that fails': (stream) =>
          stream.readFrame({
            decode: () => {
              throw new Error('no');
            },
          }),
        'write of nothing': (stream) => stream.writeAll(''),
      },
    );
  });

  describe('a stream that another task reads and writes', () => {
    rows(
      async () => {
        const [stream] = pair();
        void stream.readChunk().catch(() => {});
        void stream.writeAll(new Uint8Array(200_000)).catch(() => {});
        return stream;
      },
      {
        read: (stream) => stream.read(buffer),
        readChunk: (stream) => stream.readChunk(),
        readExactly: (stream) => stream.readExactly(5),
        write: (stream) => stream.write('x'),
        writeAll: (stream) => stream.writeAll('x'),
        writev: (stream) => stream.writev([buffer]),
      },
    );
  });

  describe('an open stream, with a signal that has aborted', () => {
    rows(() => pair()[0], {
      readable: (stream) => stream.readable(aborted),
      readClosed: (stream) => stream.readClosed(aborted),
      ready: (stream) => stream.ready(Interest.READABLE, aborted),
      read: (stream) => stream.read(buffer, aborted),
      readWith: (stream) => stream.readWith(() => 0, aborted),
      readChunk: (stream) => stream.readChunk(aborted),
      readExactly: (stream) => stream.readExactly(5, aborted),
      readUntil: (stream) => stream.readUntil(';', aborted),
      readLine: (stream) => stream.readLine(aborted),
      readFrame: (stream) => stream.readFrame({ decode: () => null }, aborted),
      writable: (stream) => stream.writable(aborted),
      write: (stream) => stream.write('x', aborted),
      writeAll: (stream) => stream.writeAll('x', aborted),
      writev: (stream) => stream.writev([buffer], aborted),
      'writev that gives away': (stream) => stream.writev([buffer], { ...aborted, transfer: true }),
      flush: (stream) => stream.flush(aborted),
      shutdown: (stream) => stream.shutdown('write', aborted),
      'a frame': (stream) => lines(stream).write('x', aborted),
      copy: (stream) => copy(stream, stream, aborted),
      'copy both ways': (stream) => copyBidirectional(stream, stream, aborted),
      startTls: (stream) => startTls(stream, { ...aborted, servername: 'a' }),
    });
  });

  describe('an open stream, with a wrong argument', () => {
    rows(() => pair()[0], {
      ready: (stream) => stream.ready(0),
      read: (stream) => stream.read(null as never),
      readWith: (stream) => stream.readWith(null as never),
      readExactly: (stream) => stream.readExactly(-1),
      readUntil: (stream) => stream.readUntil(''),
      readLine: (stream) => stream.readLine({ limit: 0 }),
      write: (stream) => stream.write(null as never),
      writeAll: (stream) => stream.writeAll('x', wrong),
      writev: (stream) => stream.writev(null as never),
      shutdown: (stream) => stream.shutdown('all' as never),
      close: (stream) => stream.close({ linger: -1 }),
      'a frame': (stream) => lines(stream).write('two\nlines'),
      'a frame of an encoder that throws': (stream) =>
        new FrameWriter(stream, {
          encode: () => {
            throw new Error('no');
          },
        }).write(1),
      copy: (stream) => copy(stream, stream, { limit: -1 }),
      'copy of nothing': (stream) => copy(stream, stream, { limit: 0 }),
      'copy both ways': (stream) => copyBidirectional(stream, stream, { bufferSize: 0 }),
      startTls: (stream) => startTls(stream, { alpn: 5 } as never),
      'a read of frames': (stream) => lines(stream).read(wrong),
    });
  });

  describe('a copy', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        await peer.shutdown('write');
        await stream.readClosed();
        return stream;
      },
      {
        'of a source that has ended': (stream) => copy(stream, stream),
        'to a destination that is closed': async (stream) => {
          const [closed] = memoryPair();
          await closed.close();
          await copy(stream, closed);
        },
      },
    );
  });

  const listenerCalls: Calls<MemoryListener | TcpListener | UnixListener | TlsListener> = {
    accept: (listener) => listener.accept(),
    'accept with a signal that has aborted': (listener) => listener.accept(aborted),
    'accept with wrong options': (listener) => listener.accept(wrong),
    readable: (listener) => listener.readable(),
    'an iteration': (listener) => listener[Symbol.asyncIterator]().next(),
    drain: (listener) => listener.drain(),
    'drain with wrong options': (listener) => listener.drain({ idleWindow: -1 }),
    close: (listener) => listener.close(),
  };

  describe('a closed listener in memory', () => {
    rows(
      async () => {
        const listener = new MemoryListener();
        await listener.close();
        return listener;
      },
      {
        ...listenerCalls,
        connect: (listener) => listener.connect(),
      },
    );
  });

  describe('a closed TCP listener', () => {
    rows(async () => {
      const listener = await TcpListener.bind({ port: 0 });
      await listener.close();
      return listener;
    }, listenerCalls);
  });

  describe('a closed TLS listener', () => {
    rows(async () => {
      const identity = new TestAuthority().issue(['localhost']);
      const listener = await TlsListener.bind({ port: 0 }, identity);
      await listener.close();
      return listener;
    }, listenerCalls);
  });

  describe('an open listener in memory', () => {
    rows(
      async () => {
        const listener = new MemoryListener();
        await listener.connect();
        cleanups.push(() => listener.close());
        return listener;
      },
      {
        readable: (listener) => listener.readable(),
        'connect with a signal that has aborted': (listener) => listener.connect(aborted),
        'connect and accept': async (listener) => {
          const [client, server] = await Promise.all([listener.connect(), listener.accept()]);
          client.reset();
          server.reset();
        },
      },
    );
  });

  describe('TCP, TLS and Unix sockets', () => {
    rows(
      async () => {
        const listener = keep(await TcpListener.bind({ port: 0 }));
        cleanups.push(() => listener.close());
        return listener;
      },
      {
        'connect with a signal that has aborted': () => TcpStream.connect('localhost:1', aborted),
        'connect with wrong options': () => TcpStream.connect('localhost:1', wrong),
        'connect with a wrong address': () => TcpStream.connect('nonsense'),
        'connect whose lookup fails': () =>
          TcpStream.connect('name:1', {
            lookup: (_host, _options, done) => {
              done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), '');
            },
          }),
        'connect whose addresses are blocked': () =>
          TcpStream.connect('127.0.0.1:1', { blockList: { hasHost: () => true } as never }),
        'bind of a port that is taken': (listener) => TcpListener.bind(listener.localAddress),
        'bind with wrong options': () => TcpListener.bind({ port: 0 }, { backlog: -1 }),
        'bind and close': async () => (await TcpListener.bind({ port: 0 })).close(),
        'inherit of nothing': () => TcpListener.inherit(-1),
        'TLS connect with wrong options': () => TlsStream.connect('localhost:1', wrong),
        'TLS connect with a signal that has aborted': () =>
          TlsStream.connect('localhost:1', aborted),
        'TLS bind with wrong options': () =>
          TlsListener.bind({ port: 0 }, { handshakeTimeout: -1 }),
        'Unix connect to nothing': () => UnixStream.connect('/nowhere/at/all'),
        'Unix connect with wrong options': () => UnixStream.connect('/nowhere', wrong),
        'Unix bind to nothing': () => UnixListener.bind('/nowhere/at/all'),
        'Unix bind with wrong options': () => UnixListener.bind('/nowhere', { mode: -1 }),
      },
    );
  });

  describe('a UDP socket', () => {
    rows(
      async () => {
        const socket = await UdpSocket.bind({ port: 0 });
        cleanups.push(() => socket.close());
        return socket;
      },
      {
        sendTo: (socket) => socket.sendTo('x', socket.localAddress),
        'sendTo of too much': (socket) =>
          socket.sendTo(new Uint8Array(100_000), socket.localAddress),
        'sendTo with a signal that has aborted': (socket) =>
          socket.sendTo('x', socket.localAddress, aborted),
        'sendTo a wrong address': (socket) => socket.sendTo('x', 'nonsense'),
        'send without a peer': (socket) => socket.send('x'),
        'recvFrom with a signal that has aborted': (socket) => socket.recvFrom(aborted),
        readable: (socket) => socket.readable(aborted),
        writable: (socket) => socket.writable(),
        'connect to a wrong address': (socket) => socket.connect('nonsense'),
        'bind and close': async () => (await UdpSocket.bind({ port: 0 })).close(),
        'bind of a port that is taken': (socket) => UdpSocket.bind(socket.localAddress),
      },
    );
  });

  describe('a connected UDP socket', () => {
    rows(
      async () => {
        const socket = await UdpSocket.bind({ port: 0 });
        cleanups.push(() => socket.close());
        await socket.connect(socket.localAddress);
        return socket;
      },
      {
        send: (socket) => socket.send('x'),
        'another connect': (socket) => socket.connect(socket.localAddress),
      },
    );
  });

  describe('a closed UDP socket', () => {
    rows(
      async () => {
        const socket = await UdpSocket.bind({ port: 0 });
        await socket.close();
        return socket;
      },
      {
        sendTo: (socket) => socket.sendTo('x', socket.localAddress),
        send: (socket) => socket.send('x'),
        recvFrom: (socket) => socket.recvFrom(),
        readable: (socket) => socket.readable(),
        writable: (socket) => socket.writable(),
        connect: (socket) => socket.connect(socket.localAddress),
        close: (socket) => socket.close(),
        'an iteration': (socket) => socket[Symbol.asyncIterator]().next(),
      },
    );
  });

  describe('a poll set', () => {
    rows(
      () => {
        const poll = new Poll<number>();
        poll.register(pair()[0], 1, Interest.WRITABLE);
        return poll;
      },
      {
        'poll of a source that is ready': (poll) => poll.poll(),
        'poll with a signal that has aborted': (poll) => poll.poll(aborted),
        'poll with wrong options': (poll) => poll.poll(wrong),
        'poll without waiting': (poll) => poll.poll({ timeout: 0 }),
      },
    );
    rows(
      () => {
        const poll = new Poll<number>();
        poll.close();
        return poll;
      },
      { 'poll of a closed set': (poll) => poll.poll() },
    );
    rows(
      () => {
        const poll = new Poll<number>();
        void poll.poll().catch(() => {});
        cleanups.push(() => {
          poll.close();
        });
        return poll;
      },
      { 'poll while another task polls': (poll) => poll.poll() },
    );
  });

  describe('an executor', () => {
    rows(() => new Executor({ concurrency: 1_000_000 }), {
      freeSlot: (executor) => executor.freeSlot(),
      'freeSlot with a signal that has aborted': (executor) => executor.freeSlot(aborted),
      idle: (executor) => executor.idle(),
      'idle with wrong options': (executor) => executor.idle(wrong),
      run: (executor) => executor.run(() => 1),
      group: (executor) => executor.group(() => 1),
      'group with a signal that has aborted': (executor) => executor.group(() => 1, aborted),
    });
    rows(
      async () => {
        const executor = new Executor();
        await executor.shutdown();
        return executor;
      },
      {
        'freeSlot after the shutdown': (executor) => executor.freeSlot(),
        'idle after the shutdown': (executor) => executor.idle(),
        'run after the shutdown': (executor) => executor.run(() => 1),
        'another shutdown': (executor) => executor.shutdown(),
        'shutdown with wrong options': (executor) => executor.shutdown({ grace: -1 }),
      },
    );
  });

  describe('a task that ends at once', () => {
    rows(() => new Executor({ onTaskError: () => {} }), {
      'with a value': (executor) => executor.spawn(() => 1),
      'with an error': (executor) =>
        executor.spawn(() => {
          throw new Error('no');
        }),
      'with a rejection': (executor) => executor.spawn(() => Promise.reject(new Error('no'))),
      'with a child': (executor) => executor.spawn(({ spawn }) => spawn(() => 1)),
      'of a tracker': (executor) => new TaskTracker({ executor }).spawn(() => 1),
      'by its abort': (executor) => {
        const task = executor.spawn(({ sleep }) => sleep(60_000));
        task.abort(new Error('enough'));
        return task;
      },
      'and is caught': (executor) => executor.spawn(() => 1).catch(() => {}),
      'and is waited for with finally': (executor) => executor.spawn(() => 1).finally(() => {}),
    });
  });

  describe('a task that was aborted', () => {
    test.each(['sleep', 'yieldNow'] as const)('%s', async (name) => {
      const executor = new Executor();
      let turned: Promise<boolean> | undefined;
      const task = executor.spawn(async (context) => {
        task.abort(new Error('enough'));
        turned = turnsIn(() => context[name](1));
        await turned;
      });
      await task.catch(() => {});
      expect(await turned).toBe(true);
    });
  });

  describe('a group and a tracker', () => {
    rows(() => new Executor(), {
      'joinNext of an empty group': (executor) =>
        executor.group((group) => turnsInsideOf(() => group.joinNext()), { joinable: true }),
      'joinNext of a group that is not joinable': (executor) =>
        executor.group((group) => turnsInsideOf(() => group.joinNext())),
      'joinNext with a signal that has aborted': (executor) =>
        executor.group((group) => turnsInsideOf(() => group.joinNext(aborted)), { joinable: true }),
    });
    rows(
      () => {
        const tracker = new TaskTracker();
        tracker.close();
        return tracker;
      },
      {
        wait: (tracker) => tracker.wait(),
        'wait with a signal that has aborted': (tracker) => tracker.wait(aborted),
      },
    );
  });

  describe('the clock', () => {
    rows(() => systemClock, {
      'sleep with a signal that has aborted': (clock) => clock.sleep(1, aborted),
    });
  });
});

/** Fails when a loop over the call starves the event loop. */
async function turnsInsideOf(call: () => unknown): Promise<void> {
  expect(await turnsIn(call)).toBe(true);
}

describe('many calls that fail at once', () => {
  test('all fail, those above the budget after a turn of the loop', async () => {
    const [stream] = memoryPair();
    await stream.close();
    const order: number[] = [];
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    const calls = Array.from({ length: 300 }, async (_, at) => {
      await stream.readChunk().catch(() => {});
      order.push(at);
      return hasTurned;
    });
    const late = await Promise.all(calls);
    expect(order).toEqual(calls.map((_, at) => at));
    expect([late[0], late[299]]).toEqual([false, true]);
  });
});
