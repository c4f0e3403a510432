/** A listener that says on the console who comes and goes; everything else is the listener's that it wraps. */

import { WOULD_BLOCK, type Listener, type TcpListener, type TcpStream } from '@awaitio/core';

export function announce(listener: TcpListener): Listener<TcpStream> {
  return {
    get localAddress() {
      return listener.localAddress;
    },
    get readiness() {
      return listener.readiness;
    },
    get failure() {
      return listener.failure;
    },
    get isDisposed() {
      return listener.isDisposed;
    },
    async accept(options) {
      return told(await listener.accept(options));
    },
    tryAccept() {
      const stream = listener.tryAccept();
      return stream === WOULD_BLOCK ? stream : told(stream);
    },
    async *[Symbol.asyncIterator]() {
      for await (const stream of listener) yield told(stream);
    },
    readable: (options) => listener.readable(options),
    close: () => listener.close(),
    statistics: () => listener.statistics(),
    observe: (observer) => {
      listener.observe(observer);
    },
    unobserve: (observer) => {
      listener.unobserve(observer);
    },
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

function told(stream: TcpStream): TcpStream {
  console.log(`Accepted connection from: ${String(stream.remoteAddress)}`);
  void stream.closed.then(() => {
    console.log('Connection closed');
  });
  return stream;
}
