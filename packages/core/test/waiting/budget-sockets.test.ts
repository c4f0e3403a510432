/** The calls of listeners and sockets: see `support/budget-rows.ts`. */

import { describe } from '@jest/globals';
import {
  MemoryListener,
  TcpListener,
  TcpStream,
  TlsListener,
  TlsStream,
  UdpSocket,
  UnixListener,
  UnixStream,
} from '../../src/index.ts';
import { TestAuthority } from '../../src/testing/index.ts';
import { keep } from '../support/keep.ts';
import { aborted, cleanups, rows, wrong, type Calls } from '../support/budget-rows.ts';

describe('a loop lets the event loop turn that only makes this call of', () => {
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
});
