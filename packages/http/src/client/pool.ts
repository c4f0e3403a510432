/**
 * The connections to one origin: up to a limit, the most recently used first.
 *
 * A request takes a free connection, opens a new one, or waits for either. Waiting requests are served in order.
 */

import { ClosedError, type ByteStream, type Clock, type WaitOptions } from '@awaitio/core';
import {
  checkMethods,
  failureOf,
  ListedWaiter,
  Waiter,
  WaiterList,
  watchAbort,
  type AbortRegistration,
  type AbortWatcher,
} from '@awaitio/core/lowlevel';
import { loadParser } from '../driver/load-parser.ts';
import { ClientConnection, type ConnectionOwner } from './connection.ts';
import type { ClientShared } from './shared.ts';

/** A snapshot of the connections to one origin. */
export interface PoolStatistics {
  /** Connections that are open, in use or idle. */
  readonly open: number;
  /** Connections that carry no request. */
  readonly idle: number;
  /** Requests waiting for a connection. */
  readonly waiting: number;
}

export class ClientPool implements ConnectionOwner {
  readonly #shared: ClientShared;
  readonly #limit: number;
  readonly #connect: (options: WaitOptions) => Promise<ByteStream>;
  readonly #all = new Set<ClientConnection>();
  readonly #idle: ClientConnection[] = [];
  /** Waiting requests: each gets a free connection, or `undefined` as permission to open one. */
  readonly #waiting = new WaiterList<ClientConnection | undefined>();
  /** Attempts to connect, counted from the moment a request has permission to open a connection. */
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

  /** A free connection that is still usable, if there is one. */
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
   * @param fresh - Skips the free connections: the last one was stale.
   * @throws `TimeoutError` when none becomes free in time; the errors of connecting; the signal's reason.
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
    const attempt = new Attempt(signal, this.#shared.clock);
    this.#attempts.add(attempt);
    try {
      const loading = loadParser();
      if (loading !== undefined) await loading;
      if (this.#isClosed) throw clientClosed();
      const { connect } = this.#shared.deadlines;
      const { scope } = this.#shared;
      const stream = await scope.run(openWith, this.#connect, attempt, connect);
      const connection = scope.run(open, stream, this.#shared, this);
      this.#all.add(connection);
      return connection;
    } finally {
      attempt.end();
      this.#attempts.delete(attempt);
      this.#connecting -= 1;
      // A failed attempt leaves room for the next request.
      this.#admitNext();
    }
  }

  /** Takes a connection back that its request did not use: it was aborted while the connection was handed over. */
  release(connection: ClientConnection): void {
    if (connection.served > 0 && connection.isReusable) this.onFree(connection);
    else connection.close();
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
    this.#admitNext();
  }

  /** Closes every connection. Requests that wait for one, or are opening one, fail. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.rejectAll(clientClosed());
    for (const attempt of this.#attempts) attempt.onAbort(clientClosed());
    for (const connection of this.#all) connection.close();
  }

  /** Whether the pool can be dropped: no connection, no attempt to connect, no waiting request. */
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

  /** Lets the oldest waiting request connect, and counts its attempt at once so that its place stays reserved. */
  #admitNext(): void {
    const first = this.#waiting.first;
    if (first === undefined || !this.#hasRoom) return;
    this.#connecting += 1;
    first.resolve(undefined);
  }
}

type Connect = (options: WaitOptions) => Promise<ByteStream>;

/** One attempt to connect: cancelled by its request's signal, or when the pool closes. */
class Attempt implements AbortWatcher {
  readonly #controller = new AbortController();
  readonly #registration: AbortRegistration | undefined;
  readonly clock: Clock;
  /** Whether it has connected, failed or been given up. */
  isOver = false;

  constructor(signal: AbortSignal | undefined, clock: Clock) {
    this.clock = clock;
    // It may have aborted since its request was given room for an attempt.
    if (signal?.aborted === true) this.onAbort(signal.reason);
    else this.#registration = signal === undefined ? undefined : watchAbort(signal, this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onAbort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  end(): void {
    this.isOver = true;
    this.#registration?.remove();
  }
}

/** Connects. A `connect` of the program may ignore its signal and its timeout: then its stream, if one comes, is reset. */
function openWith(connect: Connect, attempt: Attempt, timeout: number): Promise<ByteStream> {
  const { signal } = attempt;
  if (signal.aborted) return Promise.reject(signal.reason);
  const options = { signal, timeout };
  const wait = new Waiter<ByteStream>('connect', attempt.clock, options);
  const onStream = (stream: ByteStream): void => {
    if (attempt.isOver) stream.reset();
    else wait.resolve(stream);
  };
  connectWith(connect, options).then(onStream, (error: unknown) => {
    wait.reject(failureOf(error, 'connect'));
  });
  return wait.promise;
}

async function connectWith(connect: Connect, options: WaitOptions): Promise<ByteStream> {
  const stream = await connect(options);
  checkMethods('request', 'connect(address)', stream, ['read', 'write', 'readClosed', 'reset']);
  return stream;
}

function open(stream: ByteStream, shared: ClientShared, pool: ClientPool): ClientConnection {
  return new ClientConnection(stream, shared, pool);
}

export function clientClosed(): ClosedError {
  return new ClosedError('request: this client was closed', {
    code: 'ERR_HTTP_CLIENT_CLOSED',
    operation: 'request',
  });
}
