/**
 * Counts what happens in a server, and emits its events.
 *
 * Counting is always on: it is a few additions. An event is only built when it has a listener: `onEvent`, or a subscriber
 * of its channel, which may come and go while the server runs.
 */

import { channel } from 'node:diagnostics_channel';
import type { Address, Clock, StreamStatistics } from '@awaitio/core';
import {
  callContained,
  ownStream,
  type AsyncScope,
  type DeadlineWheel,
  type FailureSink,
} from '@awaitio/core/lowlevel';
import { everyServer, FinishedWatchers } from '../observing/finished.ts';
import type { RequestHead } from '../protocol/vocabulary/events.ts';
import type { ServerRequestTracer } from '../tracing/server-request.ts';
import {
  SERVER_CHANNELS,
  type ConnectionEnd,
  type EventListener,
  type ServerEvent,
} from './events.ts';

/** A connection, as events describe it. */
export interface ConnectionFacts {
  /** Counts the server's connections from 1. */
  readonly id: number;
  readonly remoteAddress: Address | undefined;
  /** On the server's clock. */
  readonly openedAt: number;
  /** Requests answered. */
  readonly answered: number;
  /** Why it ended. */
  readonly end: { readonly reason: ConnectionEnd; readonly deadline: string | undefined };
  readonly stream: { statistics(): Pick<StreamStatistics, 'bytesRead' | 'bytesWritten'> };
}

/** A request and its response, as events describe them. */
export interface ExchangeFacts {
  readonly head: RequestHead;
  readonly connectionId: number;
  readonly remoteAddress: Address | undefined;
  /** Bytes of the request's body that were read. */
  readonly bytesIn: number;
  /** Bytes of the response's body that were written. */
  readonly bytesOut: number;
  /** When the handler began, on the server's clock: the cached time without a listener. */
  startedAt: number;
  /** When it had returned; -1 without a listener. */
  answeredAt: number;
  /** The pattern that the handler named. */
  readonly route: string | undefined;
  /** While requests are traced. */
  readonly trace: ServerRequestTracer | undefined;
}

/** A snapshot of a server. */
export interface ServerStatistics {
  /** Counts of connections. */
  readonly connections: {
    /** Open now. */
    readonly open: number;
    /** Of those, how many are idle. */
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
    /** Responses that were aborted. */
    readonly failed: number;
    /** Refused before a handler saw them, by the status of the response; 0 for none. */
    readonly refused: Readonly<Record<number, number>>;
    /** The same, by the code of the error, such as `ERR_HTTP_OVERLOADED`. */
    readonly refusedByCause: Readonly<Record<string, number>>;
  };
  /** Whether the shutdown has begun. */
  readonly isDraining: boolean;
}

type Channel = ReturnType<typeof channel>;

const CHANNELS = Object.fromEntries(
  Object.entries(SERVER_CHANNELS).map(([type, name]) => [type, channel(name)]),
) as Readonly<Record<ServerEvent['type'], Channel>>;
/** Looked at for each request: by name, not by key. */
const { requestStarted, requestFinished } = CHANNELS;

export class ServerObserver implements FailureSink {
  readonly #clock: Clock;
  readonly #wheel: DeadlineWheel;
  readonly #scope: AsyncScope;
  readonly #onEvent: EventListener | undefined;
  readonly #onListenerFailure: (error: unknown) => void;
  readonly #isHidden: boolean;
  readonly refusedByStatus: Map<number, number> = new Map();
  readonly refusedByCause: Map<string, number> = new Map();
  /** Those who count the requests of this server. */
  readonly finished: FinishedWatchers = new FinishedWatchers();
  opened = 0;
  active = 0;
  completed = 0;
  failed = 0;

  constructor(
    clock: Clock,
    wheel: DeadlineWheel,
    isHidden: boolean,
    scope: AsyncScope,
    onEvent: EventListener | undefined,
    onListenerFailure: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#wheel = wheel;
    this.#isHidden = isHidden;
    this.#scope = scope;
    this.#onEvent = onEvent;
    this.#onListenerFailure = onListenerFailure;
  }

  connectionOpened(connection: ConnectionFacts): void {
    // The server shows it.
    ownStream(connection.stream);
    if (!this.#hasListener(CHANNELS.connectionOpened)) return;
    this.emit({
      type: 'connectionOpened',
      connection: connection.id,
      remoteAddress: String(connection.remoteAddress ?? ''),
    });
  }

  connectionClosed(connection: ConnectionFacts): void {
    if (!this.#hasListener(CHANNELS.connectionClosed)) return;
    const { bytesRead, bytesWritten } = connection.stream.statistics();
    const { reason, deadline } = connection.end;
    this.emit({
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

  requestStarted(exchange: ExchangeFacts): void {
    this.active += 1;
    const isHeard = this.#hasListener(requestFinished) || this.#isCounted;
    exchange.startedAt = isHeard ? this.#clock.now() : this.#wheel.now();
    if (!this.#hasListener(requestStarted)) return;
    this.#emit({ type: 'requestStarted', ...describe(exchange) });
  }

  /** The handler has returned. */
  responseStarted(exchange: ExchangeFacts): void {
    if (this.#hasListener(requestFinished)) exchange.answeredAt = this.#clock.now();
  }

  requestFinished(exchange: ExchangeFacts, status: number, isComplete: boolean): void {
    this.active -= 1;
    if (isComplete) this.completed += 1;
    else this.failed += 1;
    exchange.trace?.finished(status, isComplete);
    if (this.#isCounted) this.#count(exchange, status, isComplete);
    if (!this.#hasListener(requestFinished)) return;
    const { startedAt, answeredAt, bytesIn, bytesOut } = exchange;
    const now = this.#clock.now();
    this.#emit({
      type: 'requestFinished',
      ...describe(exchange),
      status,
      isComplete,
      bytesIn,
      bytesOut,
      handlerDuration: answeredAt === -1 ? 0 : answeredAt - startedAt,
      duration: now - startedAt,
      time: this.#clock.wallTime(),
    });
  }

  #count(exchange: ExchangeFacts, status: number, isComplete: boolean): void {
    const duration = this.#clock.now() - exchange.startedAt;
    this.finished.tell(exchange, status, isComplete, duration);
    if (!this.#isHidden) everyServer.tell(exchange, status, isComplete, duration);
  }

  refused(connection: number, remoteAddress: string, status: number, cause: string): void {
    this.refusedByStatus.set(status, (this.refusedByStatus.get(status) ?? 0) + 1);
    this.refusedByCause.set(cause, (this.refusedByCause.get(cause) ?? 0) + 1);
    if (!this.#hasListener(CHANNELS.refused)) return;
    this.emit({ type: 'refused', connection, remoteAddress, status, cause });
  }

  /** A frozen snapshot. */
  statistics(
    connections: Iterable<{ readonly isIdle: boolean }>,
    isDraining: boolean,
  ): ServerStatistics {
    let open = 0;
    let idle = 0;
    for (const { isIdle } of connections) {
      open += 1;
      if (isIdle) idle += 1;
    }
    return Object.freeze({
      connections: Object.freeze({ open, idle, total: this.opened }),
      requests: Object.freeze({
        active: this.active,
        completed: this.completed,
        failed: this.failed,
        refused: Object.freeze(Object.fromEntries(this.refusedByStatus)),
        refusedByCause: Object.freeze(Object.fromEntries(this.refusedByCause)),
      }),
      isDraining,
    });
  }

  /** Emits an event that belongs to no request. */
  emit(event: ServerEvent): void {
    this.#scope.run(this.#emit, event);
  }

  /** Emits an event in the current context, which for an event of a request is the handler's. */
  readonly #emit = (event: ServerEvent): void => {
    const onEvent = this.#onEvent;
    if (onEvent !== undefined) callContained('onEvent', onEvent, event, undefined, this);
    // A subscriber that throws is the process's uncaught exception, as everywhere in diagnostics_channel.
    if (!this.#isHidden) CHANNELS[event.type].publish(event);
  };

  onCallbackFailure(failure: unknown): void {
    this.#onListenerFailure(failure);
  }

  get #isCounted(): boolean {
    return this.finished.list.length > 0 || (everyServer.list.length > 0 && !this.#isHidden);
  }

  #hasListener({ hasSubscribers }: Channel): boolean {
    return this.#onEvent !== undefined || (hasSubscribers && !this.#isHidden);
  }
}

function describe(exchange: ExchangeFacts): {
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
