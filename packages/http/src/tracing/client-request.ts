/** Traces an attempt to send a request. */

import { BrokenError, type Clock } from '@awaitio/core';
import { invalidInput } from '@awaitio/core/lowlevel';
import type { HttpVersion } from '../protocol/vocabulary/events.ts';
import { fieldList, type FieldList } from '../protocol/vocabulary/fields.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import { channelsOf, TRACING_CHANNELS, type Channels } from './channels.ts';
import type { ClientRequestTrace } from './contexts.ts';
import { Tracer } from './tracer.ts';

/** Looked at for each request. */
export const clientRequests: Channels<ClientRequestTrace> = channelsOf(
  TRACING_CHANNELS.clientRequest,
);

/** What a trace needs of a request. */
export interface TracedRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly body: unknown;
  readonly length: number | undefined;
  readonly progress: { readonly origin: string; readonly attempt: number };
}

/** What it needs of the response. */
export interface TracedResponse {
  readonly head: {
    readonly status: number;
    readonly httpVersion: HttpVersion;
    readonly headers: Headers;
    readonly contentLength: number | undefined;
  };
  readonly isComplete: boolean;
  readonly failure: unknown;
  onSettled: { end(): void };
}

export class ClientRequestTracer {
  readonly #tracer: Tracer<Trace>;
  readonly #clock: Clock;
  readonly #startedAt: number;
  /** Whether its connection had already been closed: another attempt follows. */
  isStale = false;

  constructor(request: TracedRequest, clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#tracer = new Tracer<Trace>(clientRequests, new Trace(request));
  }

  get fields(): FieldList {
    return this.#tracer.context.fields;
  }

  /** Sends the request, which has the fields of this trace then. */
  async run<Response extends TracedResponse>(send: () => Promise<Response>): Promise<Response> {
    const { context } = this.#tracer;
    let response: Response;
    try {
      response = await this.#tracer.run(() => {
        context.isBeginning = false;
        return send();
      });
    } catch (error) {
      context.duration = this.#duration;
      this.#tracer.fail(error);
      this.#tracer.finish();
      throw error;
    }
    const { status, httpVersion, headers, contentLength } = response.head;
    context.status = status;
    context.httpVersion = httpVersion;
    context.headers = headers;
    context.responseLength = contentLength;
    context.duration = this.#duration;
    this.#tracer.settle();
    response.onSettled = {
      end: () => {
        this.#end(response);
      },
    };
    return response;
  }

  get #duration(): number {
    return this.#clock.now() - this.#startedAt;
  }

  #end({ isComplete, failure }: TracedResponse): void {
    const { context } = this.#tracer;
    context.isComplete = isComplete;
    context.duration = this.#duration;
    if (!isComplete && !isDiscarded(failure)) this.#tracer.fail(failure);
    this.#tracer.finish();
  }
}

class Trace implements ClientRequestTrace {
  readonly method: string;
  readonly origin: string;
  readonly target: string;
  readonly attempt: number;
  fields: FieldList;
  readonly bodyLength: number | undefined;
  status = 0;
  httpVersion: HttpVersion | undefined;
  headers: Headers | undefined;
  responseLength: number | undefined;
  isComplete = false;
  duration = 0;
  error: unknown;
  /** Whether `start` is published. */
  isBeginning = true;

  constructor({ method, target, fields, body, length, progress }: TracedRequest) {
    const { origin, attempt } = progress;
    this.method = method;
    this.origin = origin;
    // To a proxy, the target is a whole URL.
    this.target = target.startsWith(origin) ? target.slice(origin.length) : target;
    this.attempt = attempt + 1;
    this.fields = fields;
    this.bodyLength = lengthOf(body) ?? length;
  }

  setHeader(name: string, value: string): void {
    if (typeof value !== 'string') throw invalidInput('setHeader', 'value', 'a string', value);
    const set = fieldList([[name, value]]);
    if (!this.isBeginning) return;
    const lower = name.toLowerCase();
    const { fields } = this;
    const others = fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== lower);
    this.fields = [...others, ...set];
  }
}

/** Whether the program wanted no more of a response: a redirect, or a body that it did not read. */
function isDiscarded(failure: unknown): boolean {
  return failure instanceof BrokenError && failure.code === 'ERR_HTTP_DISCARDED';
}

function lengthOf(body: unknown): number | undefined {
  if (body === undefined) return 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : undefined;
}
