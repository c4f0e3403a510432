/** What all connections of a server share: its handler, bounds, clock and the ears it reports to. */

import { DeadlineWheel, type Clock } from '@awaitio/core';
import type { ServerDeadlines } from './deadlines.ts';
import type { Exchange, HandlerContext } from './exchange.ts';
import { HttpDate } from './http-date.ts';
import type { ProtocolError } from './protocol/errors.ts';
import type { ProtocolLimits } from './protocol/limits.ts';
import type { HttpRequest } from './request.ts';
import type { HttpResponse } from './response.ts';
import type { ServerConnection } from './server-connection.ts';

/** Answers a request. */
export type Handler = (
  request: HttpRequest,
  context: HandlerContext,
) => HttpResponse | Promise<HttpResponse | void> | void;

/** Hears of what went wrong that nobody else hears of. `request` is there when a request was concerned. */
export type ErrorListener = (error: unknown, request: ErrorContext | undefined) => void;

/** The request that an error concerns. */
export interface ErrorContext {
  readonly method: string;
  readonly target: string;
  readonly remoteAddress: string;
}

/** What the server around the connections hears of them. */
export interface ServerListener {
  started(exchange: Exchange): void;
  finished(exchange: Exchange, response: HttpResponse): void;
  refused(status: number, error: ProtocolError, connection: ServerConnection): void;
}

export interface ServerSharedOptions {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly limits: ProtocolLimits;
  readonly deadlines: ServerDeadlines;
  readonly maxRequestsPerConnection: number;
  readonly onError: ErrorListener;
  readonly listener: ServerListener;
}

export class ServerShared {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly limits: ProtocolLimits;
  readonly deadlines: ServerDeadlines;
  readonly wheel: DeadlineWheel;
  readonly date: HttpDate;
  readonly #options: ServerSharedOptions;
  readonly #background = new Set<Promise<void>>();
  /** Set when the shutdown begins: answers say `Connection: close` from then on. */
  isDraining = false;

  constructor(options: ServerSharedOptions) {
    this.#options = options;
    this.handler = options.handler;
    this.clock = options.clock;
    this.limits = options.limits;
    this.deadlines = options.deadlines;
    this.wheel = new DeadlineWheel(options.clock);
    this.date = new HttpDate(options.clock);
  }

  isLastRequest(count: number): boolean {
    return count >= this.#options.maxRequestsPerConnection;
  }

  started(exchange: Exchange): void {
    this.#options.listener.started(exchange);
  }

  finished(exchange: Exchange, response: HttpResponse): void {
    this.#options.listener.finished(exchange, response);
  }

  refused(status: number, error: ProtocolError, connection: ServerConnection): void {
    this.#options.listener.refused(status, error, connection);
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
