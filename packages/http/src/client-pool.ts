/**
 * The connections to one origin: as many as are allowed, the most recently used first.
 *
 * A request takes a free connection, makes one, or waits for one; those that wait are served in order.
 */

import { Wait, WaitList, type ByteStream, type WaitOptions } from '@awaitio/core';
import { ClientConnection, type ClientShared, type ConnectionOwner } from './client-connection.ts';

export interface PoolStatistics {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

export class ClientPool implements ConnectionOwner {
  readonly #shared: ClientShared;
  readonly #limit: number;
  readonly #connect: (options: WaitOptions) => Promise<ByteStream>;
  readonly #all = new Set<ClientConnection>();
  readonly #idle: ClientConnection[] = [];
  /** Requests that wait: each is given a free connection, or `undefined` for leave to make one. */
  readonly #waiting = new WaitList<ClientConnection | undefined>();
  #connecting = 0;

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
    if (this.#all.size + this.#connecting >= this.#limit) {
      const wait = new Wait<ClientConnection | undefined>('pool', this.#shared.clock, {
        signal,
        timeout: this.#shared.deadlines.pool,
      });
      this.#waiting.add(wait);
      const connection = await wait.promise;
      if (connection !== undefined) return connection;
    }
    this.#connecting += 1;
    try {
      const stream = await this.#connect({ signal, timeout: this.#shared.deadlines.connect });
      const connection = new ClientConnection(stream, this.#shared, this);
      this.#all.add(connection);
      return connection;
    } finally {
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

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  statistics(): PoolStatistics {
    return Object.freeze({
      open: this.#all.size,
      idle: this.#idle.length,
      waiting: this.#waiting.size,
    });
  }

  #letNextIn(): void {
    if (this.#all.size + this.#connecting < this.#limit) this.#waiting.first?.resolve(undefined);
  }
}
