/**
 * The connections to one origin: up to a limit, the most recently used first.
 *
 * A request takes a free connection, opens a new one, or waits for either. Waiting requests are served in order.
 */

import { TimeoutError, type ByteStream, type WaitInfo } from '@awaitio/core';
import { ListedWaiter, WaiterList } from '@awaitio/core/lowlevel';
import { loadParser } from '../../driver/load-parser.ts';
import type { PoolView } from '../../observing/clients.ts';
import { Attempt, dial } from './connecting.ts';
import { clientClosed, poolTimedOut } from './connection-errors.ts';
import { ClientConnection, type ConnectionOwner } from './connection.ts';
import { KeptIdle } from './keep-alive.ts';
import { observeConnection } from './observer.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { Route } from '../routes/route.ts';
import { isTraced } from '../../tracing/channels.ts';
import { ClientConnectionTracer, clientConnections } from '../../tracing/connections.ts';
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

/** The bound on the connections to all origins together. */
export interface ConnectionBudget {
  /** Whether one more may be opened: an idle one of another origin makes room. */
  hasRoom(): boolean;
  /** Whether another origin waits for room. */
  readonly isWanted: boolean;
  onOpening(): void;
  onGone(): void;
}

export class ClientPool implements ConnectionOwner {
  readonly #shared: ClientShared;
  readonly #limit: number;
  readonly #budget: ConnectionBudget;
  readonly #route: Route;
  readonly #origin: string;
  /** With their streams. */
  readonly #all = new Map<ClientConnection, ByteStream>();
  readonly #idle: ClientConnection[] = [];
  /** Waiting requests: each gets a free connection, or `undefined` as permission to open one. */
  readonly #waiting = new WaiterList<ClientConnection | undefined>();
  /** Attempts to connect, counted from the moment a request has permission to open a connection. */
  #connecting = 0;
  readonly #attempts = new Set<Attempt>();
  #isClosed = false;
  /** How long its server keeps idle connections. */
  readonly kept: KeptIdle;

  constructor(
    shared: ClientShared,
    origin: string,
    route: Route,
    limit: number,
    budget: ConnectionBudget,
  ) {
    this.#shared = shared;
    this.#origin = origin;
    this.#route = route;
    this.#limit = limit;
    this.#budget = budget;
    this.kept = new KeptIdle(shared.wheel, shared.deadlines.idleMargin);
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
   * @param isNew - Only a new one will do: the last one was stale, and so may be every other that has served.
   * @throws `TimeoutError` when none becomes free in time; the errors of connecting; the signal's reason.
   */
  async acquire(request: OutgoingRequest, isNew: boolean): Promise<ClientConnection> {
    const free = isNew ? undefined : this.tryAcquire();
    if (free !== undefined) return free;
    if (this.#isClosed) throw clientClosed();
    if (isNew && this.#all.size + this.#connecting >= this.#limit) this.dropIdle();
    if (this.hasRoom) this.#reserve();
    else {
      const connection = await this.#wait(request, isNew);
      if (connection !== undefined) return connection;
    }
    return this.#open(request);
  }

  async #wait(request: OutgoingRequest, isNew: boolean): Promise<ClientConnection | undefined> {
    const { clock, deadlines } = this.#shared;
    const timeout = deadlines.pool;
    const { signal } = request;
    const wait = new PoolWaiter('pool', clock, { signal, timeout });
    wait.isNew = isNew;
    this.#waiting.add(wait);
    try {
      return await wait.promise;
    } catch (error) {
      const isLate = error instanceof TimeoutError && error.operation === 'pool';
      throw isLate ? poolTimedOut(error, this.#describe()) : error;
    }
  }

  async #open(request: OutgoingRequest): Promise<ClientConnection> {
    const attempt = new Attempt(request, this.#shared.clock);
    this.#attempts.add(attempt);
    const tracer = isTraced(clientConnections)
      ? new ClientConnectionTracer(this.#origin)
      : undefined;
    let isOpen = false;
    try {
      const loading = loadParser();
      if (loading !== undefined) await loading;
      if (this.#isClosed) throw clientClosed();
      const { scope, deadlines } = this.#shared;
      const { clock } = this.#shared;
      const begunAt = clock.now();
      const dialed =
        tracer === undefined
          ? scope.run(dial, this.#route, attempt, deadlines)
          : scope.run(() => tracer.run(() => dial(this.#route, attempt, deadlines)));
      const stream = await dialed;
      const connection = scope.run(open, checkWanted(stream, attempt), this.#shared, this);
      connection.idle.roundTrip = attempt.roundTrip;
      observeConnection(stream, connection, this.#origin, clock, begunAt);
      tracer?.opened(connection, stream.closed);
      this.#all.set(connection, stream);
      attempt.end();
      isOpen = true;
      return connection;
    } catch (error) {
      attempt.fail(error);
      tracer?.failed(error);
      throw error;
    } finally {
      this.#attempts.delete(attempt);
      this.#connecting -= 1;
      // A failed attempt leaves room for the next request.
      if (!isOpen) this.#budget.onGone();
      this.admitNext();
    }
  }

  /** Takes a connection back that its request did not use: it was aborted while the connection was handed over. */
  release(connection: ClientConnection): void {
    if (connection.served === 0 || !connection.isReusable) connection.close();
    else if (this.#waiting.size > 0) this.onFree(connection);
    else this.#putBack(connection);
  }

  /** The connection that has been idle for longest. */
  get longestIdle(): ClientConnection | undefined {
    return this.#idle[0];
  }

  /** Among those that were used before and after it. */
  #putBack(connection: ClientConnection): void {
    let at = this.#idle.length;
    while (at > 0 && (this.#idle[at - 1] as ClientConnection).idle.length < connection.idle.length)
      at -= 1;
    this.#idle.splice(at, 0, connection);
  }

  onFree(connection: ClientConnection): void {
    const first = this.#waiting.first as PoolWaiter | undefined;
    // Gone, it makes room for a new one.
    if (first === undefined ? this.#budget.isWanted : first.isNew) connection.close();
    else if (first === undefined) this.#idle.push(connection);
    else first.resolve(connection);
  }

  onServerEnd(idleFor: number): void {
    this.kept.onEnd(idleFor);
  }

  onGone(connection: ClientConnection): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#budget.onGone();
    this.admitNext();
  }

  /** Closes the connection that has been idle for longest. @returns whether there was one */
  dropIdle(): boolean {
    const [oldest] = this.#idle;
    oldest?.close();
    return oldest !== undefined;
  }

  /** Closes every connection. Requests that wait for one, or are opening one, fail. @returns settled when all are gone */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      first.reject(clientClosed());
    }
    for (const attempt of this.#attempts) attempt.onAbort(clientClosed());
    const ends = Array.from(this.#all.keys(), (connection) => {
      connection.close();
      return connection.closed;
    });
    await Promise.all(ends);
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

  /** What it shows of itself. */
  view(): PoolView {
    const waits: WaitInfo[] = [];
    this.#waiting.describe(this.#shared.clock.now(), waits);
    const connections = [...this.#all];
    const facts = { origin: this.#origin, limit: this.#limit, connecting: this.#connecting };
    return { ...facts, idle: this.#idle.length, waits, connections };
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Lets the oldest waiting request connect, and counts its attempt at once so that its place stays reserved. */
  admitNext(): void {
    const { first } = this.#waiting;
    if (first === undefined || !this.hasRoom) return;
    this.#reserve();
    first.resolve(undefined);
  }

  /** Whether one more may be opened. */
  get hasRoom(): boolean {
    return this.#all.size + this.#connecting < this.#limit && this.#budget.hasRoom();
  }

  #reserve(): void {
    this.#connecting += 1;
    this.#budget.onOpening();
  }

  /** Who holds the connections. */
  #describe(): string {
    let unread = 0;
    let unanswered = 0;
    for (const connection of this.#all.keys()) {
      if (connection.holds === 'body') unread += 1;
      if (connection.holds === 'headers') unanswered += 1;
    }
    const { size } = this.#all;
    const held = `${unanswered} wait for an answer, ${unread} for a body to be read or discarded`;
    const many = size + this.#connecting >= this.#limit;
    const which = many ? `all ${this.#limit} connections to ${this.#origin} are in use` : FULL;
    return `${which} (${held}, ${this.#connecting} are being opened)`;
  }
}

const FULL = 'the client has as many connections as `maxConnections` allows';

/** A waiting request. */
class PoolWaiter extends ListedWaiter<ClientConnection | undefined> {
  isNew = false;
}

/** @throws why it was given up, in the moment between its end and here: the stream is reset then */
function checkWanted(stream: ByteStream, { signal }: Attempt): ByteStream {
  if (!signal.aborted) return stream;
  stream.reset();
  throw signal.reason;
}

function open(stream: ByteStream, shared: ClientShared, pool: ClientPool): ClientConnection {
  return new ClientConnection(stream, shared, pool);
}
