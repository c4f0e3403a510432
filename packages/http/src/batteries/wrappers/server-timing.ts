/** How long the parts of an answer took, for the browser's tools (W3C Server Timing). */

import { systemClock, type Clock } from '@awaitio/core';
import {
  checkFunction,
  checkOptions,
  containResult,
  invalidInput,
  isThenable,
  rules,
  stderrSink,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Handler } from '../../message/handler.ts';
import { HttpRequest } from '../../message/request.ts';
import { isToken } from '../../protocol/vocabulary/fields.ts';
import { respondWith } from './around.ts';

/** Options of {@link serverTiming}. */
export interface ServerTimingOptions {
  /** The name of the time that the handler took; `false` for none. @default 'total' */
  readonly total?: string | false | undefined;
  /** Whether the response to a request says its times: they may tell a stranger what is cached. @default to every one */
  readonly isShown?: ((request: HttpRequest) => boolean) | undefined;
  /** The most times of a response; further ones are left out. @default 32 */
  readonly maxTimes?: number | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

const isName = (value: unknown): boolean => typeof value === 'string' && isToken(value);

const SERVER_TIMING_OPTIONS: OptionTable<ServerTimingOptions> = {
  total: { expected: 'a token, or false', accepts: (value) => value === false || isName(value) },
  isShown: rules.function,
  maxTimes: rules.whole(1),
  clock: rules.clock,
};

interface Times {
  readonly metrics: string[];
  readonly most: number;
}
const times = new WeakMap<HttpRequest, Times>();

/**
 * Adds a time to the response of a request that came through {@link serverTiming}. Does nothing for another request, after the response
 * has begun, and once there are `maxTimes`.
 *
 * @param request - The handler's request.
 * @param name - What took the time: a token, such as `db`.
 * @param milliseconds - How long it took, from 0; `undefined` for an event without a duration, such as `miss`.
 * @param description - For people: visible ASCII and spaces.
 * @throws `InvalidInputError` for a wrong argument.
 */
export function timing(
  request: HttpRequest,
  name: string,
  milliseconds?: number,
  description?: string,
): void {
  if (!(request instanceof HttpRequest)) {
    throw invalidInput('timing', 'request', 'the HttpRequest of the handler', request);
  }
  if (!isName(name)) throw invalidInput('timing', 'name', 'a token', name);
  if (milliseconds !== undefined && !(Number.isFinite(milliseconds) && milliseconds >= 0)) {
    throw invalidInput('timing', 'milliseconds', 'a number from 0', milliseconds);
  }
  const isText = typeof description === 'string' && /^[\x20-\x7e]*$/.test(description);
  if (description !== undefined && !isText) {
    throw invalidInput('timing', 'description', 'visible ASCII and spaces', description);
  }
  const list = times.get(request);
  if (list === undefined || list.metrics.length >= list.most) return;
  list.metrics.push(metric(name, milliseconds, description));
}

/** `server-timing-metric` of the W3C's grammar; a quoted-string takes every visible character. */
function metric(name: string, milliseconds: number | undefined, description?: string): string {
  const dur = milliseconds === undefined ? '' : `;dur=${Number(milliseconds.toFixed(3))}`;
  const desc =
    description === undefined ? '' : `;desc="${description.replaceAll(/["\\]/g, '\\$&')}"`;
  return `${name}${desc}${dur}`;
}

/** @throws `InvalidInputError` for a promise, which would be true */
function asksFor(isShown: (request: HttpRequest) => boolean, request: HttpRequest): boolean {
  const shown: unknown = isShown(request);
  if (!isThenable(shown)) return shown === true;
  containResult('isShown', shown, stderrSink);
  throw invalidInput('serverTiming', 'isShown()', 'a value and no promise', shown);
}

/**
 * Adds `Server-Timing` to responses: the time that the handler took, and what `timing(request, …)` was called with meanwhile. Browsers show it
 * beside the request.
 *
 * @param handler - Answers the requests.
 * @param options - See {@link ServerTimingOptions}.
 * @throws `InvalidInputError` for a wrong option. What `isShown` throws fails the request.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { serverTiming, timing } from '@awaitio/http/batteries';
 *
 * const handler = serverTiming((request) => {
 *   timing(request, 'db', 12.5, 'find the user');
 *   return HttpResponse.text('hi');
 * }, { total: false });
 * const server = await serve(handler, { port: 0 });
 * console.log((await fetch(server.url)).headers.get('server-timing')); // db;desc="find the user";dur=12.5
 * await server.shutdown();
 * ```
 */
export function serverTiming(handler: Handler, options?: ServerTimingOptions): Handler {
  checkFunction('serverTiming', 'handler', handler);
  if (options !== undefined) checkOptions('serverTiming', options, SERVER_TIMING_OPTIONS);
  const { total = 'total', isShown, maxTimes = 32, clock = systemClock } = options ?? {};
  return (request, context) => {
    if (isShown !== undefined && !asksFor(isShown, request)) return handler(request, context);
    const metrics: string[] = [];
    times.set(request, { metrics, most: total === false ? maxTimes : maxTimes - 1 });
    const start = clock.now();
    return respondWith(handler, request, context, (fields) => {
      times.delete(request);
      if (total !== false) metrics.push(metric(total, clock.now() - start));
      return metrics.length === 0 ? fields : [...fields, 'Server-Timing', metrics.join(', ')];
    });
  };
}
