/** How often a client may ask: a token bucket for each. */

import { InvalidInputError, systemClock, type Clock } from '@awaitio/core';
import { RateLimiter } from '@awaitio/core/sync';
import {
  checkFunction,
  checkOptions,
  invalidInput,
  rules,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Handler, HandlerContext } from '../../message/handler.ts';
import { HttpProblem } from '../../message/problem.ts';
import type { HttpRequest } from '../../message/request.ts';
import type { FieldList } from '../../protocol/vocabulary/fields.ts';
import { respondWith } from './around.ts';
import { addressKey, hashOf, LONGEST_KEY, RecentKeys } from './rate-limit-keys.ts';

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  /** How many requests a second a client may make for long: a number above 0. */
  readonly rate: number;
  /** How many it may make at once, a whole number from 1. @default those of one second, at least 1 */
  readonly burst?: number | undefined;
  /**
   * Who is limited: requests with the same key share a bucket; `null` and `undefined` stand for no limit. Of a key of more than 128 characters its
   * hash is kept (SHA-256). @default the client's address, of IPv6 its first 64 bits
   */
  readonly key?:
    | ((
        request: HttpRequest,
        context: HandlerContext,
      ) => string | null | undefined | Promise<string | null | undefined>)
    | undefined;
  /** The most keys that are remembered; one that was not used for longest is forgotten, with its bucket. @default 10000 */
  readonly maxKeys?: number | undefined;
  /** The name of the limit in the response's fields. @default 'default' */
  readonly name?: string | undefined;
  /** Whether responses say the limit and what is left of it. @default true */
  readonly fields?: boolean | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

const RATE_LIMIT_OPTIONS: OptionTable<RateLimitOptions> = {
  rate: {
    expected: 'a number of requests per second, above 0',
    accepts: (value) => Number.isFinite(value) && (value as number) > 0,
  },
  burst: rules.whole(1),
  key: rules.function,
  maxKeys: rules.whole(1),
  name: {
    expected: 'visible ASCII without quotes and backslashes',
    accepts: (value) => typeof value === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(value),
  },
  fields: rules.flag,
  clock: rules.clock,
};

/**
 * Limits how often a client may ask, by a token bucket for each (`RateLimiter` of `@awaitio/core/sync`). A request too many is answered
 * with 429 and `Retry-After`, and does not reach the handler.
 *
 * Responses have `RateLimit-Policy` (`q`: the burst, `w`: the seconds in which it flows in) and `RateLimit` (`r`: what is left, `t`: the
 * seconds until the bucket is full), as the draft of the IETF has them (draft-ietf-httpapi-ratelimit-headers-10).
 *
 * The buckets are in the memory of one process. Behind a proxy every request has the proxy's address, unless it sends a PROXY
 * header (`proxyProtocol` of `serve`): give a `key`.
 *
 * @param handler - Answers the requests within the limit.
 * @param options - See {@link RateLimitOptions}; `rate` is required.
 * @throws `InvalidInputError` for a wrong option. What `key` throws, or a key that is no string, fails the request.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { rateLimit } from '@awaitio/http/batteries';
 *
 * const handler = rateLimit(() => HttpResponse.text('hi'), { rate: 1, burst: 2 });
 * const server = await serve(handler, { port: 0 });
 * const statuses: number[] = [];
 * for (let n = 0; n < 3; n += 1) statuses.push((await fetch(server.url)).status);
 * console.log(statuses); // [ 200, 200, 429 ]
 * await server.shutdown();
 * ```
 */
export function rateLimit(handler: Handler, options: RateLimitOptions): Handler {
  checkFunction('rateLimit', 'handler', handler);
  checkOptions('rateLimit', options, RATE_LIMIT_OPTIONS);
  if (options.rate === undefined) {
    throw invalidInput('rateLimit', 'rate', RATE_LIMIT_OPTIONS.rate.expected, options.rate);
  }
  const limit = new Limit(options);
  const { key = addressKey } = options;
  return (request, context) => {
    const chosen = key(request, context);
    if (typeof chosen === 'string' && chosen.length <= LONGEST_KEY) {
      return respondWith(handler, request, context, limit.take(chosen));
    }
    if (chosen === undefined || chosen === null) return handler(request, context);
    return (async () => {
      const awaited = await chosen;
      if (awaited === undefined || awaited === null) return handler(request, context);
      if (typeof awaited !== 'string') throw notAKey(awaited);
      const bounded = awaited.length <= LONGEST_KEY ? awaited : await hashOf(awaited);
      return respondWith(handler, request, context, limit.take(bounded));
    })();
  };
}

class Limit {
  readonly #rate: number;
  readonly #burst: number;
  readonly #name: string;
  readonly #hasFields: boolean;
  readonly #buckets: RecentKeys<RateLimiter>;

  constructor(options: RateLimitOptions) {
    const { rate, clock = systemClock } = options;
    this.#rate = rate;
    this.#burst = options.burst ?? Math.max(1, Math.ceil(rate));
    this.#name = `"${options.name ?? 'default'}"`;
    this.#hasFields = options.fields ?? true;
    const burst = this.#burst;
    this.#buckets = new RecentKeys(
      options.maxKeys ?? 10_000,
      () => new RateLimiter({ rate, burst, clock }),
    );
  }

  /**
   * Takes a token.
   *
   * @returns What the response says of the limit.
   * @throws `HttpProblem` 429 when there is none.
   */
  take(key: string): (fields: FieldList) => FieldList {
    const bucket = this.#buckets.use(key);
    const isTaken = bucket.tryAcquire();
    const { tokens } = bucket.statistics();
    const says = this.#hasFields ? this.#fields(tokens) : [];
    if (isTaken) return (fields) => (says.length === 0 ? fields : [...fields, ...says]);
    const seconds = Math.max(1, Math.ceil((1 - tokens) / this.#rate));
    const headers: Record<string, string> = { 'Retry-After': String(seconds) };
    for (let at = 0; at < says.length; at += 2)
      headers[says[at] as string] = says[at + 1] as string;
    throw new HttpProblem(429, { detail: 'there were too many requests', headers });
  }

  #fields(tokens: number): FieldList {
    const window = Math.ceil(this.#burst / this.#rate);
    const untilFull = Math.ceil((this.#burst - tokens) / this.#rate);
    return [
      'RateLimit-Policy',
      `${this.#name};q=${this.#burst};w=${window}`,
      'RateLimit',
      `${this.#name};r=${Math.floor(tokens)};t=${untilFull}`,
    ];
  }
}

function notAKey(key: unknown): InvalidInputError {
  return new InvalidInputError(
    `rateLimit: expected \`key\` to return a string, null or undefined, got a value of type ${typeof key}`,
    'rateLimit',
  );
}
