import type { ByteStream, Listener } from '@awaitio/core';

/**
 * A listener for one server of several that take turns: closing it only ends that server's turn, and what has arrived
 * and was not accepted waits for the next one. It is how a server is restarted without refusing a connection.
 */
export function lend<S extends ByteStream>(listener: Listener<S>): Listener<S> {
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
    accept: (options) => listener.accept(options),
    tryAccept: () => listener.tryAccept(),
    readable: (options) => listener.readable(options),
    statistics: () => listener.statistics(),
    observe: (observer) => listener.observe(observer),
    unobserve: (observer) => listener.unobserve(observer),
    drain: () => Promise.resolve(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    incoming: (options) => listener.incoming(options),
    [Symbol.asyncIterator]: () => listener[Symbol.asyncIterator](),
  };
}
