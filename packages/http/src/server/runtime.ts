/** What all connections of a server share: its handler, bounds, clock and the ears it reports to. */

import type { Address, AddressList, Clock } from '@awaitio/core';
import { DeadlineWheel } from '@awaitio/core/lowlevel';
import type { ServerDeadlines } from '../driver/deadlines.ts';
import type { Exchange, HandlerContext } from './exchange.ts';
import { HttpDate } from './http-date.ts';
import type { ProtocolLimits } from '../protocol/vocabulary/limits.ts';
import type { HttpRequest } from '../message/request.ts';
import type { HttpResponse } from '../message/response.ts';
import type { ServerConnection } from './connection.ts';
import type { EventListener } from './events.ts';
import { ServerObserver } from './observer.ts';

/** Answers a request. */
export type Handler = (
  request: HttpRequest,
  context: HandlerContext,
) => HttpResponse | Promise<HttpResponse | void> | void;

/** Hears of what went wrong that nobody else hears of. `request` is there when a request was concerned. */
export type ErrorListener = (error: unknown, request: ErrorContext | undefined) => void;

/** The request that an error concerns. */
export interface ErrorContext {
  /** As it was sent. */
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** `host:port` of the client, empty on a stream that has no address. */
  readonly remoteAddress: string;
}

export interface ServerRuntimeOptions {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly limits: ProtocolLimits;
  readonly deadlines: ServerDeadlines;
  readonly maxRequestsPerConnection: number;
  readonly maxPendingHandlers: number;
  /** In whole seconds. */
  readonly retryAfter: number;
  /** Peers that send a PROXY header. */
  readonly proxies: AddressList | undefined;
  readonly onError: ErrorListener;
  readonly onEvent: EventListener | undefined;
  /** A connection is over. */
  readonly onEnd: (connection: ServerConnection) => void;
}

/**
 * From so many open connections on, most of which wait, one that waits is made small (`pnpm bench --only idle`); below,
 * the next request is answered a little faster instead.
 */
const MANY_CONNECTIONS = 1_000;

export class ServerRuntime {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly limits: ProtocolLimits;
  readonly deadlines: ServerDeadlines;
  readonly wheel: DeadlineWheel;
  readonly date: HttpDate;
  readonly observer: ServerObserver;
  readonly #options: ServerRuntimeOptions;
  readonly #background = new Set<Promise<void>>();
  #ended = 0;
  /** Set when the shutdown begins: answers say `Connection: close` from then on. */
  isDraining = false;
  /** How long an idle connection is kept once the shutdown has begun, in milliseconds. */
  drainWindow = 0;

  constructor(options: ServerRuntimeOptions) {
    this.#options = options;
    this.handler = options.handler;
    this.clock = options.clock;
    this.limits = options.limits;
    this.deadlines = options.deadlines;
    this.wheel = new DeadlineWheel(options.clock);
    this.date = new HttpDate(options.clock, this.wheel);
    this.observer = new ServerObserver(options.clock, options.onEvent, (error) => {
      this.report(error, undefined);
    });
  }

  /** How long a connection may idle between two requests. */
  get idleTimeout(): number {
    const { idle } = this.deadlines;
    return this.isDraining ? Math.min(idle, this.drainWindow) : idle;
  }

  /** Whether there are so many connections that the memory of those which wait matters. */
  get hasManyConnections(): boolean {
    return this.observer.opened - this.#ended >= MANY_CONNECTIONS;
  }

  isLastRequest(count: number): boolean {
    return count >= this.#options.maxRequestsPerConnection;
  }

  /** Whether one more request may be handled now. */
  get hasRoom(): boolean {
    return this.observer.active < this.#options.maxPendingHandlers;
  }

  get retryAfter(): number {
    return this.#options.retryAfter;
  }

  ended(connection: ServerConnection): void {
    this.#ended += 1;
    this.#options.onEnd(connection);
  }

  /** Whether a peer sends a PROXY header. */
  isProxy(address: Address | undefined): boolean {
    return this.#options.proxies !== undefined && this.#options.proxies.has(address);
  }

  /** Tells the program of an error; a listener that fails itself is not told of that. */
  report(error: unknown, exchange: Exchange | undefined): void {
    const context =
      exchange === undefined
        ? undefined
        : {
            method: exchange.head.method,
            target: exchange.head.target,
            remoteAddress: String(exchange.remoteAddress ?? ''),
          };
    try {
      this.#options.onError(error, context);
    } catch {
      // There is nobody left to tell.
    }
  }

  waitUntil(work: Promise<unknown>, exchange: Exchange | undefined): void {
    const tracked: Promise<void> = work
      .catch((error: unknown) => {
        this.report(error, exchange);
      })
      .then(() => {
        this.#background.delete(tracked);
      });
    this.#background.add(tracked);
  }

  /** Settles when no background work is left. */
  async background(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }
}
