/**
 * `HttpClient`: requests over pools of kept-alive connections.
 *
 * Two guarantees. A request on a kept-alive connection that the server had already closed is repeated on another one, if
 * no byte of a response came and repeating is safe. A truncated body is never reported as complete.
 */

import { IoError, systemClock, TcpStream, TimeoutError, type Clock } from '@awaitio/core';
import { budgetOf, checkOptions, invalidInput } from '@awaitio/core/lowlevel';
import type { ClientConnection } from './connection.ts';
import { clientShared, type ClientShared } from './shared.ts';
import type { IncomingResponse } from './incoming-response.ts';
import { RequestDeadline } from './request-deadline.ts';
import {
  checkRequest,
  HTTP_CLIENT_OPTIONS,
  isReplayable,
  withBody,
  type HttpClientOptions,
  type RequestBody,
  type RequestOptions,
} from './options.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { ClientPool, clientClosed, type PoolStatistics } from './pool.ts';
import { responseOf, type ClientResponse } from './response.ts';
import { parseTarget, type Target } from './target.ts';
import { fieldList, fieldValue, type FieldList } from '../protocol/vocabulary/fields.ts';
import { isIdempotent } from '../protocol/vocabulary/methods.ts';
import { ownBytes } from '../message/body-pieces.ts';
import { redirectOf } from './redirect.ts';

const DEFAULT_CONNECTIONS_PER_ORIGIN = 64;
const DEFAULT_REDIRECTS = 10;
/** How many times a request is repeated when one pooled connection after another turns out to be stale. */
const MAX_REPEATS = 8;
/** From this many origins on, the pools without a connection are dropped. */
const KEPT_ORIGINS = 64;

/**
 * An HTTP/1.1 client.
 *
 * @example
 * ```ts
 * import { echo, HttpClient, serve } from '@awaitio/http';
 *
 * const server = await serve(echo(), { port: 0 });
 * await using client = new HttpClient();
 * const response = await client.post(server.url, 'hello', { timeout: 5_000 });
 * console.log(response.status, await response.text()); // 200 echo: hello
 * await server.shutdown();
 * ```
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #clock: Clock;
  readonly #shared: ClientShared;
  readonly #pools = new Map<string, ClientPool>();
  readonly #fields: FieldList;
  #isClosed = false;

  /** @throws `InvalidInputError` for a wrong option; `LocalProtocolError` for a header that must not be sent. */
  constructor(options: HttpClientOptions = {}) {
    checkOptions('HttpClient', options, HTTP_CLIENT_OPTIONS);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#fields = fieldList(options.headers);
    this.#shared = clientShared(this.#clock, options);
  }

  /** Sends GET. @throws as {@link HttpClient.request} */
  get(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('GET', url, options);
  }

  /** Sends HEAD. @throws as {@link HttpClient.request} */
  head(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('HEAD', url, options);
  }

  /** Sends POST. @throws as {@link HttpClient.request} */
  post(url: string | URL, body?: RequestBody, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('POST', url, withBody(options, body));
  }

  /** Sends PUT. @throws as {@link HttpClient.request} */
  put(url: string | URL, body?: RequestBody, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('PUT', url, withBody(options, body));
  }

  /** Sends DELETE. @throws as {@link HttpClient.request} */
  delete(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('DELETE', url, options);
  }

  /**
   * Sends a request and waits for the head of its response.
   *
   * @param method - In upper case, as in RFC 9110.
   * @returns The response, its body still to be read.
   * @throws `AddressError` when the server cannot be reached; `BrokenError` when the connection breaks before a response;
   * `RemoteProtocolError` when the response is malformed; `TimeoutError` for a phase that took too long; the signal's
   * reason; `LocalProtocolError` for a header that must not be sent; `InvalidInputError`; `ClosedError` after `close`.
   * A cancelled request closes its connection.
   */
  async request(
    method: string,
    url: string | URL,
    options: RequestOptions = {},
  ): Promise<ClientResponse> {
    let deadline: RequestDeadline | undefined;
    try {
      if (this.#isClosed) throw clientClosed();
      checkRequest(method, options);
      const total = options.timeout ?? this.#shared.deadlines.total;
      if (!(typeof total === 'number' && total >= 0)) {
        throw invalidInput('request', 'timeout', 'a number of milliseconds from 0', total);
      }
      if (total !== Infinity) deadline = new RequestDeadline(this.#clock, total, options.signal);
      const signal = deadline === undefined ? options.signal : deadline.signal;
      return await this.#follow(method, url, options, signal, deadline);
    } catch (error) {
      deadline?.end();
      return budgetOf(this.#clock).fail(error);
    }
  }

  /** Closes every connection; requests in progress fail. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
    return budgetOf(this.#clock).pay(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A frozen snapshot: the pools by origin. */
  statistics(): Readonly<Record<string, PoolStatistics>> {
    return Object.freeze(
      Object.fromEntries([...this.#pools].map(([origin, pool]) => [origin, pool.statistics()])),
    );
  }

  async #follow(
    firstMethod: string,
    url: string | URL,
    options: RequestOptions,
    signal: AbortSignal | undefined,
    deadline: RequestDeadline | undefined,
  ): Promise<ClientResponse> {
    const limit = options.maxRedirects ?? this.#options.maxRedirects ?? DEFAULT_REDIRECTS;
    let target = parseTarget(url);
    let fields = this.#merge(options);
    let method = firstMethod;
    let body = ownBytes(options.body);
    for (let redirects = 0; ; redirects += 1) {
      // RFC 9110 section 10.1.1: no expectation without a body.
      const expectContinue = options.expectContinue === true && body !== undefined;
      const own = expectContinue ? [...fields, 'Expect', '100-continue'] : fields;
      const request: OutgoingRequest = {
        method,
        target: target.path,
        fields: withHost(own, target),
        body,
        length: options.length,
        trailers: options.trailers,
        expectContinue,
        signal,
        onInformational: options.onInformational,
      };
      const incoming = await this.#send(target, request);
      const next =
        limit === 0 ? undefined : redirectOf(incoming.head, { method, fields, body }, target);
      if (next === undefined) {
        if (deadline !== undefined) incoming.onSettled = deadline;
        return responseOf(incoming.head, incoming, target.url, redirects);
      }
      incoming.discard();
      if (redirects >= limit) {
        throw new IoError(`request: more than ${limit} redirects`, {
          code: 'ERR_HTTP_TOO_MANY_REDIRECTS',
          operation: 'request',
        });
      }
      ({ method, fields, body, target } = next);
    }
  }

  /** Sends on a pooled connection, and again on a new one when the pooled one was stale. */
  async #send(target: Target, request: OutgoingRequest): Promise<IncomingResponse> {
    request.signal?.throwIfAborted();
    for (let attempt = 0; ; attempt += 1) {
      // Looked up for each attempt: a pool without a connection may have been dropped meanwhile.
      const pool = this.#poolOf(target);
      const connection =
        (attempt === 0 ? pool.tryAcquire() : undefined) ??
        (await pool.acquire(request.signal, attempt > 0));
      if (request.signal?.aborted === true) {
        pool.release(connection);
        throw request.signal.reason;
      }
      // The connection may have ended while it was handed over: nothing was sent on it yet.
      if (connection.served > 0 && !connection.isReusable) {
        connection.close();
        continue;
      }
      try {
        return await connection.exchange(request);
      } catch (error) {
        if (this.#isClosed || attempt >= MAX_REPEATS || !isStale(connection, request, error)) {
          throw error;
        }
      }
    }
  }

  #poolOf(target: Target): ClientPool {
    let pool = this.#pools.get(target.origin);
    if (pool === undefined) {
      const { connect = connectTcp, connectTls } = this.#options;
      const make = target.isSecure ? connectTls : connect;
      if (make === undefined) {
        throw invalidInput(
          'request',
          'url',
          'an http: URL (https: needs the `connectTls` option)',
          target.url,
        );
      }
      if (this.#pools.size >= KEPT_ORIGINS) this.#dropEmpty();
      pool = new ClientPool(
        this.#shared,
        this.#options.maxConnectionsPerOrigin ?? DEFAULT_CONNECTIONS_PER_ORIGIN,
        (options) => make(target.address, options),
      );
      this.#pools.set(target.origin, pool);
    }
    return pool;
  }

  #dropEmpty(): void {
    for (const [origin, pool] of this.#pools) if (pool.isEmpty) this.#pools.delete(origin);
  }

  #merge(options: RequestOptions): FieldList {
    const own = fieldList(options.headers);
    if (this.#fields.length === 0) return own;
    const merged = [...own];
    for (let index = 0; index < this.#fields.length; index += 2) {
      const name = this.#fields[index] as string;
      if (fieldValue(own, name.toLowerCase()) === undefined) {
        merged.push(name, this.#fields[index + 1] as string);
      }
    }
    return merged;
  }
}

const connectTcp: NonNullable<HttpClientOptions['connect']> = (address, options) =>
  TcpStream.connect(address, options);

/** Puts Host first, as RFC 9110 section 7.2 recommends, unless the caller set one. */
function withHost(fields: FieldList, { host }: Target): FieldList {
  return fieldValue(fields, 'host') === undefined ? ['Host', host, ...fields] : fields;
}

/**
 * Whether a failure means that a kept-alive connection had already been closed, and repeating is safe: the connection had
 * served before, no byte of a response came, the method is idempotent (RFC 9110 section 9.2.2), the body can be sent again.
 */
function isStale(connection: ClientConnection, request: OutgoingRequest, error: unknown): boolean {
  return (
    error instanceof IoError &&
    !(error instanceof TimeoutError) &&
    request.signal?.aborted !== true &&
    connection.served > 1 &&
    !connection.hasResponseBytes &&
    isIdempotent(request.method) &&
    isReplayable(request.body)
  );
}
