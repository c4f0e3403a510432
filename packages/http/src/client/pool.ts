/**
 * The connections to one origin: as many as are allowed, the most recently used first.
 *
 * A request takes a free connection, makes one, or waits for one; those that wait are served in order.
 */

import { ClosedError, type ByteStream, type WaitOptions } from '@awaitio/core';
import {
  ListedWaiter,
  WaiterList,
  watchAbort,
  type AbortRegistration,
  type AbortWatcher,
} from '@awaitio/core/lowlevel';
import { ClientConnection, type ClientShared, type ConnectionOwner } from './connection.ts';

/** A snapshot of the connections to one origin. */
export interface PoolStatistics {
  /** Connections that are open, in use or idle. */
  readonly open: number;
  /** Connections that no request is on. */
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
}

export class ClientPool implements ConnectionOwner {
  readonly #shared: ClientShared;
  readonly #limit: number;
  readonly #connect: (options: WaitOptions) => Promise<ByteStream>;
  readonly #all = new Set<ClientConnection>();
  readonly #idle: ClientConnection[] = [];
  /** Requests that wait: each is given a free connection, or `undefined` for leave to make one. */
  readonly #waiting = new WaiterList<ClientConnection | undefined>();
  /** Attempts to connect; requests that were given leave to make one count from then on. */
  #connecting = 0;
  readonly #attempts = new Set<Attempt>();
  #isClosed = false;

  constructor(
    shared: ClientShared,
    limit: number,
    connect: (options: WaitOptions) => Promise<ByteStream>,
  ) {
    this.#shared = shared;
    this.#limit = limit;
    this.#connect = connect;
  }

  /** A free connection, if there is one that is fit. */
  tryAcquire(): ClientConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.isReusable) return connection;
      connection.close();
    }
  }

  /**
   * A connection for a request.
   *
   * @param fresh - Makes a new one: the last one turned out to be stale.
   * @throws `TimeoutError` when none becomes free in time; what connecting throws; the signal's reason.
   */
  async acquire(signal: AbortSignal | undefined, fresh: boolean): Promise<ClientConnection> {
    const free = fresh ? undefined : this.tryAcquire();
    if (free !== undefined) return free;
    if (this.#isClosed) throw clientClosed();
    if (this.#hasRoom) this.#connecting += 1;
    else {
      const wait = new ListedWaiter<ClientConnection | undefined>('pool', this.#shared.clock, {
        signal,
        timeout: this.#shared.deadlines.pool,
      });
      this.#waiting.add(wait);
      const connection = await wait.promise;
      if (connection !== undefined) return connection;
    }
    const attempt = new Attempt(signal);
    this.#attempts.add(attempt);
    try {
      if (this.#isClosed) throw clientClosed();
      const { connect } = this.#shared.deadlines;
      const stream = await this.#connect({ signal: attempt.signal, timeout: connect });
      const connection = new ClientConnection(stream, this.#shared, this);
      this.#all.add(connection);
      return connection;
    } finally {
      attempt.end();
      this.#attempts.delete(attempt);
      this.#connecting -= 1;
      // A connection that failed leaves room for the next request.
      this.#letNextIn();
    }
  }

  onFree(connection: ClientConnection): void {
    const first = this.#waiting.first;
    if (first === undefined) this.#idle.push(connection);
    else first.resolve(connection);
  }

  onGone(connection: ClientConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#letNextIn();
  }

  /** Closes every connection; what waits for one, or is making one, fails. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.rejectAll(clientClosed());
    for (const attempt of this.#attempts) attempt.onAbort(clientClosed());
    for (const connection of this.#all) connection.close();
  }

  /** Whether there is no connection, and nobody who makes one or waits for one: nothing that has to be kept. */
  get isEmpty(): boolean {
    return this.#all.size + this.#connecting + this.#waiting.size === 0;
  }

  statistics(): PoolStatistics {
    return Object.freeze({
      open: this.#all.size,
      idle: this.#idle.length,
      waiting: this.#waiting.size,
    });
  }

  get #hasRoom(): boolean {
    return this.#all.size + this.#connecting < this.#limit;
  }

  /** Gives the oldest request that waits leave to connect, and keeps its place until it does. */
  #letNextIn(): void {
    const first = this.#waiting.first;
    if (first === undefined || !this.#hasRoom) return;
    this.#connecting += 1;
    first.resolve(undefined);
  }
}

/** One attempt to connect: ended by the signal of its request, or by the pool's end. */
class Attempt implements AbortWatcher {
  readonly #controller = new AbortController();
  readonly #registration: AbortRegistration | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#registration = signal === undefined ? undefined : watchAbort(signal, this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onAbort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  end(): void {
    this.#registration?.remove();
  }
}

export function clientClosed(): ClosedError {
  return new ClosedError('request: this client was closed', {
    code: 'ERR_HTTP_CLIENT_CLOSED',
    operation: 'request',
  });
}
