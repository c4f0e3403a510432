/** Attempts of clients: a span each, and their metrics. A redirect and a repetition are other attempts, beside the first one. */

import {
  context as contexts,
  SpanKind,
  SpanStatusCode,
  trace as traces,
  type TextMapSetter,
} from '@opentelemetry/api';
import type { ClientRequestTrace } from '../tracing/contexts.ts';
import { runIn } from '../tracing/runners.ts';
import { OTHER } from './bounded.ts';
import { errorType, methodNames, placeAttributes, placeOf } from './conventions.ts';
import { instrumentsOf, type Instruments } from './instruments.ts';
import { redactedUrl } from './redact.ts';
import type { Settings } from './settings.ts';
import { UnderWay, type Begun } from './under-way.ts';

export class ClientRequests {
  readonly #settings: Settings;
  readonly #instruments: Instruments;
  readonly #underWay: UnderWay<ClientRequestTrace, Begun>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#instruments = instrumentsOf(settings.meter, 'client');
    this.#underWay = new UnderWay(this.#instruments);
  }

  started(trace: ClientRequestTrace): void {
    const { tracer, propagator, knownMethods, servers, shownQuery } = this.#settings;
    const { method, origin, target, attempt } = trace;
    const names = methodNames(method, knownMethods);
    const place = placeOf(origin);
    const parent = contexts.active();
    const span = tracer.startSpan(
      names.name,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': names.method,
          ...names.original,
          ...placeAttributes(place),
          'url.full': redactedUrl(origin, target, shownQuery),
          ...(attempt === 1 ? {} : { 'http.request.resend_count': attempt - 1 }),
        },
      },
      parent,
    );
    const context = traces.setSpan(parent, span);
    const address = place === undefined ? OTHER : servers.of(place.address);
    const isKnown = place !== undefined && address === place.address;
    const attributes = {
      'http.request.method': names.method,
      ...(isKnown ? placeAttributes(place) : { 'server.address': OTHER }),
    };
    this.#underWay.begin(trace, { span, context, attributes });
    propagator.inject(context, trace, FIELDS);
    runIn(trace, (body) => contexts.with(context, body));
  }

  stop(): void {
    this.#underWay.stop();
  }

  ended(trace: ClientRequestTrace): void {
    const begun = this.#underWay.take(trace);
    if (begun === undefined) return;
    const { span, context, attributes } = begun;
    const { status, httpVersion, bodyLength, responseLength } = trace;
    const failure = failureOf(trace);
    const known = {
      ...(status === 0 ? {} : { 'http.response.status_code': status }),
      ...(httpVersion === undefined ? {} : { 'network.protocol.version': httpVersion }),
    };
    span.setAttributes(known);
    if (failure !== undefined) {
      span.setAttribute('error.type', failure);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
    const { duration, requestSize, responseSize } = this.#instruments;
    const { errors } = this.#settings;
    const all = {
      ...attributes,
      ...known,
      ...(failure === undefined ? {} : { 'error.type': errors.of(failure) }),
    };
    duration.record(trace.duration / 1_000, all, context);
    if (bodyLength !== undefined) requestSize.record(bodyLength, all, context);
    if (responseLength !== undefined) responseSize.record(responseLength, all, context);
  }
}

/** `error.type`: what broke the attempt, or a status that is an error for a client. */
function failureOf({ status, error }: ClientRequestTrace): string | undefined {
  if (error !== undefined) return errorType(error);
  return status >= 400 ? String(status) : undefined;
}

/** Writes the fields of a propagator. */
const FIELDS: TextMapSetter<ClientRequestTrace> = {
  set: (trace, name, value) => {
    trace.setHeader(name, value);
  },
};
