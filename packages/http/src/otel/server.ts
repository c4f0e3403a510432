/** Requests of servers: a span each, and their metrics. */

import {
  context as contexts,
  SpanKind,
  SpanStatusCode,
  trace as traces,
  type Attributes,
  type Context,
  type Span,
  type TextMapGetter,
} from '@opentelemetry/api';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import type { HttpRequest } from '../message/request.ts';
import type { ServerRequestTrace } from '../tracing/contexts.ts';
import { runIn } from '../tracing/runners.ts';
import { OTHER } from './bounded.ts';
import {
  errorType,
  methodNames,
  placeAttributes,
  placeOf,
  type MethodNames,
} from './conventions.ts';
import { instrumentsOf, type Instruments } from './instruments.ts';
import { redactedQuery, splitTarget } from './redact.ts';
import type { Settings } from './settings.ts';

interface Begun {
  readonly span: Span;
  readonly context: Context;
  readonly names: MethodNames;
  /** Of metrics: what is known from the beginning. */
  readonly attributes: Attributes;
}

export class ServerRequests {
  readonly #settings: Settings;
  readonly #instruments: Instruments;
  readonly #begun = new Map<ServerRequestTrace, Begun>();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#instruments = instrumentsOf(settings.meter, 'server');
  }

  started(trace: ServerRequestTrace): void {
    const { request, isEncrypted } = trace;
    const { tracer, propagator, knownMethods, continuesTraces, shownQuery } = this.#settings;
    const names = methodNames(request.method, knownMethods);
    const attributes = {
      'http.request.method': names.method,
      'url.scheme': isEncrypted ? 'https' : 'http',
    };
    const current = contexts.active();
    const parent = continuesTraces ? propagator.extract(current, request.headers, FIELDS) : current;
    const span = tracer.startSpan(
      names.name,
      {
        kind: SpanKind.SERVER,
        attributes: {
          ...attributes,
          ...names.original,
          ...targetAttributes(request, shownQuery),
          ...addressAttributes(request, isEncrypted),
          'network.protocol.version': request.httpVersion,
        },
      },
      parent,
    );
    const context = traces.setSpan(parent, span);
    this.#begun.set(trace, { span, context, names, attributes });
    this.#instruments.active.add(1, attributes);
    runIn(trace, (body) => contexts.with(context, body));
  }

  /** Nothing is counted from now on: what is under way is not active any more, and its spans end here. */
  stop(): void {
    for (const { span, attributes } of this.#begun.values()) {
      this.#instruments.active.add(-1, attributes);
      span.end();
    }
    this.#begun.clear();
  }

  ended(trace: ServerRequestTrace): void {
    const begun = this.#begun.get(trace);
    if (begun === undefined) return;
    this.#begun.delete(trace);
    const { span, context, names, attributes } = begun;
    const { routes, errors } = this.#settings;
    const { route } = trace.request;
    const failure = failureOf(trace);
    const known = {
      ...(trace.status === 0 ? {} : { 'http.response.status_code': trace.status }),
      ...(route === undefined ? {} : { 'http.route': route }),
      ...(failure === undefined ? {} : { 'error.type': failure }),
    };
    if (route !== undefined) span.updateName(`${names.name} ${route}`);
    span.setAttributes(known);
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    const { duration, active, requestSize, responseSize } = this.#instruments;
    active.add(-1, attributes);
    const all = {
      ...attributes,
      ...known,
      ...(route === undefined ? {} : { 'http.route': routes.of(route) }),
      ...(failure === undefined ? {} : { 'error.type': errors.of(failure) }),
      'network.protocol.version': trace.request.httpVersion,
    };
    duration.record(trace.duration / 1_000, all, context);
    requestSize.record(trace.bytesIn, all, context);
    responseSize.record(trace.bytesOut, all, context);
  }
}

/** `error.type`: what broke a response, or stands behind a 5xx. A 4xx is the client's failure. */
function failureOf({ status, isComplete, error }: ServerRequestTrace): string | undefined {
  if (isComplete && status < 500) return undefined;
  if (error !== undefined) return errorType(error);
  return isComplete ? String(status) : OTHER;
}

function targetAttributes(request: HttpRequest, shown: ReadonlySet<string>): Attributes {
  const { query } = splitTarget(request.target);
  const path = { 'url.path': request.path };
  return query === '' ? path : { ...path, 'url.query': redactedQuery(query, shown) };
}

/** The client, as the server sees it, and the name that it used for the server. */
function addressAttributes(request: HttpRequest, isEncrypted: boolean): Attributes {
  const host = request.headers.get('host');
  const scheme = isEncrypted ? 'https' : 'http';
  const place = host === null ? undefined : placeOf(`${scheme}://${host}`);
  const address = request.remoteAddress;
  const peer = address?.kind === 'inet' ? { 'client.address': address.host } : {};
  return { ...placeAttributes(place), ...peer };
}

/** Reads the fields of a request for propagators. */
const FIELDS: TextMapGetter<Headers> = {
  keys: (headers) => [...headers].map(([name]) => name),
  get: (headers, name) => {
    const values = headers.getAll(name);
    if (values.length <= 1) return values[0];
    // Of several it is not known which is meant (W3C Trace Context, section 3.2.2).
    return name.toLowerCase() === 'traceparent' ? undefined : [...values];
  },
};
