/**
 * Counts what happens in a server, and tells those who listen.
 *
 * Counting is always on, since it is a few additions. An event is only built when somebody listens: `onEvent`, or a
 * subscriber of its channel, which may come and go while the server runs.
 */

import { channel } from 'node:diagnostics_channel';
import type { Clock } from '@awaitio/core';
import type { Exchange } from './exchange.ts';
import type { ServerConnection } from './connection.ts';
import { SERVER_CHANNELS, type EventListener, type ServerEvent } from './events.ts';

/** A snapshot of a server. */
export interface ServerStatistics {
  /** Counts of connections. */
  readonly connections: {
    /** Open now. */
    readonly open: number;
    /** Of those, how many wait for a request. */
    readonly idle: number;
    /** Accepted since the server began. */
    readonly total: number;
  };
  /** Counts of requests. */
  readonly requests: {
    /** Being handled or answered now. */
    readonly active: number;
    /** Answered completely. */
    readonly completed: number;
    /** Answers that were cut off. */
    readonly failed: number;
    /** Turned away before a handler saw them, by the status they were answered with; 0 for none. */
    readonly refused: Readonly<Record<number, number>>;
  };
  /** Whether the shutdown has begun. */
  readonly isDraining: boolean;
}

type Channel = ReturnType<typeof channel>;

const CHANNELS = Object.fromEntries(
  Object.entries(SERVER_CHANNELS).map(([type, name]) => [type, channel(name)]),
) as Readonly<Record<ServerEvent['type'], Channel>>;
/** Asked for each request: by name, not by key. */
const { requestStarted, requestFinished } = CHANNELS;

export class ServerObserver {
  readonly #clock: Clock;
  readonly #onEvent: EventListener | undefined;
  readonly #onListenerFailure: (error: unknown) => void;
  readonly refusedByStatus: Map<number, number> = new Map();
  opened = 0;
  active = 0;
  completed = 0;
  failed = 0;

  constructor(
    clock: Clock,
    onEvent: EventListener | undefined,
    onListenerFailure: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#onListenerFailure = onListenerFailure;
  }

  connectionOpened(connection: ServerConnection): void {
    if (!this.#hears(CHANNELS.connectionOpened)) return;
    this.tell({
      type: 'connectionOpened',
      connection: connection.id,
      remoteAddress: String(connection.remoteAddress ?? ''),
    });
  }

  connectionClosed(connection: ServerConnection): void {
    if (!this.#hears(CHANNELS.connectionClosed)) return;
    const { bytesRead, bytesWritten } = connection.stream.statistics();
    const { reason, deadline } = connection.end;
    this.tell({
      type: 'connectionClosed',
      connection: connection.id,
      remoteAddress: String(connection.remoteAddress ?? ''),
      reason,
      ...(deadline === undefined ? {} : { deadline }),
      requests: connection.answered,
      bytesRead,
      bytesWritten,
      duration: this.#clock.now() - connection.openedAt,
    });
  }

  requestStarted(exchange: Exchange): void {
    this.active += 1;
    if (this.#hears(requestFinished)) exchange.startedAt = this.#clock.now();
    if (!this.#hears(requestStarted)) return;
    this.tell({ type: 'requestStarted', ...describe(exchange) });
  }

  /** The handler has answered. */
  responseStarted(exchange: Exchange): void {
    if (exchange.startedAt !== -1) exchange.answeredAt = this.#clock.now();
  }

  requestFinished(exchange: Exchange, status: number, isComplete: boolean): void {
    this.active -= 1;
    if (isComplete) this.completed += 1;
    else this.failed += 1;
    if (!this.#hears(requestFinished)) return;
    const { startedAt, answeredAt, bytesIn, bytesOut } = exchange;
    const now = this.#clock.now();
    this.tell({
      type: 'requestFinished',
      ...describe(exchange),
      status,
      isComplete,
      bytesIn,
      bytesOut,
      handlerDuration: startedAt === -1 ? 0 : answeredAt - startedAt,
      duration: startedAt === -1 ? 0 : now - startedAt,
      time: this.#clock.wallTime(),
    });
  }

  refused(connection: number, remoteAddress: string, status: number, cause: string): void {
    this.refusedByStatus.set(status, (this.refusedByStatus.get(status) ?? 0) + 1);
    if (!this.#hears(CHANNELS.refused)) return;
    this.tell({ type: 'refused', connection, remoteAddress, status, cause });
  }

  tell(event: ServerEvent): void {
    try {
      this.#onEvent?.(event);
    } catch (error) {
      this.#onListenerFailure(error);
    }
    // A subscriber that throws is the process's uncaught exception, as everywhere in diagnostics_channel.
    CHANNELS[event.type].publish(event);
  }

  #hears(about: Channel): boolean {
    return this.#onEvent !== undefined || about.hasSubscribers;
  }
}

function describe(exchange: Exchange): {
  readonly connection: number;
  readonly remoteAddress: string;
  readonly method: string;
  readonly target: string;
  readonly httpVersion: '1.0' | '1.1';
} {
  const { method, target, httpVersion } = exchange.head;
  return {
    connection: exchange.connectionId,
    remoteAddress: String(exchange.remoteAddress ?? ''),
    method,
    target,
    httpVersion,
  };
}
