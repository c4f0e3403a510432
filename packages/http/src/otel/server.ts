/** Requests of servers: a span each, and their metrics. */

import {
  context as contexts,
  SpanKind,
  SpanStatusCode,
  trace as traces,
  type Attributes,
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
import { UnderWay, type Begun } from './under-way.ts';

interface BegunRequest extends Begun {
  readonly names: MethodNames;
}

export class ServerRequests {
  readonly #settings: Settings;
  readonly #instruments: Instruments;
  readonly #underWay: UnderWay<ServerRequestTrace, BegunRequest>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#instruments = instrumentsOf(settings.meter, 'server');
    this.#underWay = new UnderWay(this.#instruments);
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
    this.#underWay.begin(trace, { span, context, names, attributes });
    runIn(trace, (body) => contexts.with(context, body));
  }

  stop(): void {
    this.#underWay.stop();
  }

  ended(trace: ServerRequestTrace): void {
    const begun = this.#underWay.take(trace);
    if (begun === undefined) return;
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
    const { duration, requestSize, responseSize } = this.#instruments;
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
