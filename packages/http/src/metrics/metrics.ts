/** `metrics`: a handler that shows what a server knows about itself to Prometheus. */

import {
  checkMethods,
  checkOptions,
  invalidInput,
  rules,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Handler } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import { HttpResponse } from '../message/response.ts';
import { Durations } from './durations.ts';
import { expose, formatFor, MEDIA_TYPES } from './exposition.ts';
import { familiesOf } from './families.ts';
import { LoopDelayMonitor } from './loop-delay.ts';
import type { ClientSource, ExecutorSource, ListenerSource, ServerSource } from './sources.ts';

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /** Clients whose pools are shown, by the name that the label `client` gets. @default none */
  readonly clients?: Readonly<Record<string, ClientSource>> | undefined;
  /** The listener of the server, for what it has refused. @default none */
  readonly listener?: ListenerSource | undefined;
  /**
   * Whether the durations of requests are counted from now on, by method and by `request.route`, which handlers set. It costs each
   * request two readings of the clock. @default false
   */
  readonly durations?: boolean | undefined;
  /** The most combinations of labels of one name; further ones are added up as `other`. @default 100 */
  readonly maxSeries?: number | undefined;
}

const METRICS_OPTIONS: OptionTable<MetricsOptions> = {
  clients: rules.object,
  listener: rules.method('statistics'),
  durations: rules.flag,
  maxSeries: rules.whole(1),
};

/**
 * Shows the metrics of a server in the text format of Prometheus (version 0.0.4), or as OpenMetrics 1.0 to a client that prefers it.
 *
 * Connections, requests, refusals by cause, the shutdown, tasks, the pools of clients, the delay of the event loop since the last
 * reading; sockets and their waits while `trackStreams` is on, the waits of tasks while `traceWaits` is. Everything is read when it is
 * asked for. Labels hold no path, no address of a client and nothing of a message.
 *
 * @param server - The server.
 * @param executor - Runs its tasks. @default no metrics of tasks
 * @param options - See {@link MetricsOptions}.
 * @returns A handler: answers GET and HEAD of every path, others with 405. Serve it where only Prometheus reaches it.
 * @throws `InvalidInputError` for wrong arguments.
 *
 * @example
 * ```ts
 * import { defaultExecutor } from '@awaitio/core';
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { metrics } from '@awaitio/http/batteries';
 *
 * const server = await serve(() => HttpResponse.text('hello'), { port: 0 });
 * const inside = await serve(metrics(server, defaultExecutor), { host: '127.0.0.1', port: 0 });
 * await (await fetch(server.url)).text();
 * const text = await (await fetch(inside.url)).text();
 * console.log(/^awaitio_http_requests_total.*completed.*$/m.exec(text)?.[0]); // awaitio_http_requests_total{outcome="completed"} 1
 * await inside.shutdown();
 * await server.shutdown();
 * ```
 */
export function metrics(
  server: ServerSource,
  executor?: ExecutorSource,
  options: MetricsOptions = {},
): Handler {
  checkMethods('metrics', 'server', server, ['statistics']);
  if (executor !== undefined) {
    checkMethods('metrics', 'executor', executor, ['statistics', 'snapshot']);
  }
  checkOptions('metrics', options, METRICS_OPTIONS);
  const { clients = {}, listener, maxSeries = 100 } = options;
  for (const [name, client] of Object.entries(clients)) {
    if (typeof (client as ClientSource | null)?.statistics === 'function') continue;
    throw invalidInput('metrics', `clients.${name}`, 'an HttpClient', client);
  }
  const durations = options.durations === true ? new Durations(maxSeries) : undefined;
  if (durations?.begin(server) === false) {
    throw invalidInput('metrics', 'server', 'an HttpServer, to count its `durations`', server);
  }
  const sources = { server, executor, clients: { ...clients }, listener };
  const monitor = new LoopDelayMonitor();
  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new HttpProblem(405, { headers: { Allow: 'GET, HEAD' } });
    }
    const format = formatFor(request.headers.get('accept'));
    const families = familiesOf(sources, monitor.read(), maxSeries);
    if (durations !== undefined) families.push(durations.family());
    const text = expose(families, format);
    return HttpResponse.text(text, {
      headers: { 'Content-Type': MEDIA_TYPES[format], 'Cache-Control': 'no-store', Vary: 'Accept' },
    });
  };
}
