/** Traces a request of a server. */

import type { Clock } from '@awaitio/core';
import type { HttpRequest } from '../message/request.ts';
import type { HttpResponse } from '../message/response.ts';
import { channelsOf, TRACING_CHANNELS, type Channels } from './channels.ts';
import type { ServerRequestTrace } from './contexts.ts';
import { Tracer } from './tracer.ts';

/** Looked at for each request. */
export const serverRequests: Channels<ServerRequestTrace> = channelsOf(
  TRACING_CHANNELS.serverRequest,
);

/** What a trace needs of a request and its response. */
export interface TracedExchange {
  readonly connectionId: number;
  readonly isEncrypted: boolean;
  readonly clock: Clock;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export class ServerRequestTracer {
  readonly #tracer: Tracer<Trace>;
  readonly #exchange: TracedExchange;
  readonly #startedAt: number;

  constructor(exchange: TracedExchange, request: HttpRequest) {
    this.#exchange = exchange;
    this.#startedAt = exchange.clock.now();
    const { connectionId, isEncrypted } = exchange;
    this.#tracer = new Tracer(serverRequests, {
      request,
      connection: connectionId,
      isEncrypted,
      status: 0,
      response: undefined,
      isComplete: false,
      bytesIn: 0,
      bytesOut: 0,
      duration: 0,
      error: undefined,
    });
  }

  get request(): HttpRequest {
    return this.#tracer.context.request;
  }

  /** Handles the request. */
  run<Result>(handle: () => Result): Result {
    return this.#tracer.run(handle);
  }

  failed(error: unknown): void {
    this.#tracer.fail(error);
  }

  /** A response begins. One that replaces it, before a byte of it was sent, counts. */
  answered(response: HttpResponse): void {
    if (this.#tracer.isFinished) return;
    const { context } = this.#tracer;
    context.status = response.status;
    context.response = response;
    this.#tracer.settle();
  }

  /** It is over. @param status - 0 when there was no response */
  finished(status: number, isComplete: boolean): void {
    if (this.#tracer.isFinished) return;
    const { context } = this.#tracer;
    const { bytesIn, bytesOut, clock } = this.#exchange;
    context.status = status;
    context.isComplete = isComplete;
    context.bytesIn = bytesIn;
    context.bytesOut = bytesOut;
    context.duration = clock.now() - this.#startedAt;
    this.#tracer.finish();
  }
}

type Trace = { -readonly [Name in keyof ServerRequestTrace]: ServerRequestTrace[Name] };
