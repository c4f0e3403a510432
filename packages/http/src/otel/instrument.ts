/** `instrument`: subscribes OpenTelemetry to the tracing channels. */

import {
  metrics,
  propagation,
  trace,
  type MeterProvider,
  type TextMapPropagator,
  type TracerProvider,
} from '@opentelemetry/api';
import { checkOptions, rules, type OptionRule, type OptionTable } from '@awaitio/core/lowlevel';
import { clientRequests } from '../tracing/client-request.ts';
import { listen } from '../tracing/listen.ts';
import { serverRequests } from '../tracing/server-request.ts';
import { BoundedValues } from './bounded.ts';
import { ClientRequests } from './client.ts';
import { KNOWN_METHODS } from './conventions.ts';
import { ServerRequests } from './server.ts';
import type { Settings } from './settings.ts';

/** Options of {@link instrument}. */
export interface InstrumentOptions {
  /** Makes the spans. @default the global one of `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider | undefined;
  /**
   * Makes the metrics. @default the global one of `@opentelemetry/api`, as it is at this call: register the SDK before it
   */
  readonly meterProvider?: MeterProvider | undefined;
  /** Reads and writes the fields of trace contexts. @default the global one of `@opentelemetry/api` */
  readonly propagator?: Pick<TextMapPropagator, 'inject' | 'extract'> | undefined;
  /**
   * The methods that attributes name; others are `_OTHER`. @default the eight of RFC 9110 and PATCH
   */
  readonly knownMethods?: readonly string[] | undefined;
  /** Names of query parameters whose values spans show; the others are `REDACTED`. @default none */
  readonly shownQuery?: readonly string[] | undefined;
  /**
   * Whether a span of a server continues the trace that the client names. `false` for a server that strangers reach: they could choose
   * the trace, and whether it is recorded. @default true
   */
  readonly continueTraces?: boolean | undefined;
  /** The most routes that metrics name; others are `_OTHER`. @default 1000 */
  readonly maxRoutes?: number | undefined;
  /** The most servers that metrics of clients name; others are `_OTHER`. @default 100 */
  readonly maxServers?: number | undefined;
}

const names: OptionRule = {
  expected: 'a list of strings',
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
};

const INSTRUMENT_OPTIONS: OptionTable<InstrumentOptions> = {
  tracerProvider: rules.method('getTracer'),
  meterProvider: rules.method('getMeter'),
  propagator: rules.method('inject'),
  knownMethods: names,
  shownQuery: names,
  continueTraces: rules.flag,
  maxRoutes: rules.whole(1),
  maxServers: rules.whole(1),
};

const NAME = '@awaitio/http';
/** The most classes and codes of errors that metrics name. */
const MAX_ERRORS = 200;

/**
 * Makes spans and metrics of every server and client of this process, by OpenTelemetry's semantic conventions for HTTP.
 *
 * Spans hold the method, the path, the status and addresses; no header, no body, no credential, and of a query only the names. Their
 * name is the method and `request.route`, which the handler sets. A handler runs in the context of its span, so that what it calls is
 * below it. Metrics are `http.server.request.duration`, `http.client.request.duration`, `active_requests` and the sizes of bodies;
 * their attributes have a bound each.
 *
 * @param options - See {@link InstrumentOptions}.
 * @returns A function that ends it: spans that have begun end then, without a status, and no request is active any more.
 * @throws `InvalidInputError` for a wrong option. What a provider or a propagator throws later goes to stderr, and to no request.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { instrument } from '@awaitio/http/otel';
 *
 * const stop = instrument({ shownQuery: ['page'] });
 * const server = await serve((request) => {
 *   request.route = '/items/{id}';
 *   return HttpResponse.text('an item');
 * }, { port: 0 });
 * console.log((await fetch(`${server.url}items/7`)).status); // 200
 * await server.shutdown();
 * stop();
 * ```
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  checkOptions('instrument', options, INSTRUMENT_OPTIONS);
  const settings: Settings = {
    tracer: (options.tracerProvider ?? trace).getTracer(NAME),
    meter: (options.meterProvider ?? metrics).getMeter(NAME),
    propagator: options.propagator ?? propagation,
    knownMethods: new Set(options.knownMethods ?? KNOWN_METHODS),
    shownQuery: new Set(options.shownQuery),
    continuesTraces: options.continueTraces ?? true,
    routes: new BoundedValues(options.maxRoutes ?? 1_000),
    servers: new BoundedValues(options.maxServers ?? 100),
    errors: new BoundedValues(MAX_ERRORS),
  };
  const servers = new ServerRequests(settings);
  const clients = new ClientRequests(settings);
  const stopServers = listen('instrument', serverRequests, {
    start: (each) => {
      servers.started(each);
    },
    asyncEnd: (each) => {
      servers.ended(each);
    },
  });
  // Not the end of the body: a program may leave it unread, and what ends it then has nothing to do with the call any more
  // (semantic conventions, HTTP client span duration).
  const stopClients = listen('instrument', clientRequests, {
    start: (each) => {
      clients.started(each);
    },
    asyncStart: (each) => {
      clients.ended(each);
    },
  });
  return () => {
    stopServers();
    stopClients();
    servers.stop();
    clients.stop();
  };
}
