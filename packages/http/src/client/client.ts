/**
 * `HttpClient`: requests over pools of kept-alive connections.
 *
 * Two guarantees. A request on a kept-alive connection that the server had already closed is repeated on another one, if
 * no byte of a response came and repeating is safe. A truncated body is never reported as complete.
 */

import { systemClock, type Clock, type Random } from '@awaitio/core';
import {
  AsyncScope,
  budgetOf,
  checkOptions,
  lazy,
  systemRandom,
  type Lazy,
} from '@awaitio/core/lowlevel';
import { RequestProgress, type SentBody } from './connections/failure.ts';
import { clientClosed } from './connections/connection-errors.ts';
import type { ClientPool, PoolStatistics } from './connections/pool.ts';
import { Pools } from './connections/pools.ts';
import { clientShared, type ClientShared } from './connections/shared.ts';
import { contentOf, isReplayable, type RequestBody } from './content/request-body.ts';
import { follow, type Follower } from './follow.ts';
import { withMiddleware, type ClientRequest, type NextRequest } from './middleware.ts';
import { HTTP_CLIENT_OPTIONS, type HttpClientOptions } from './options.ts';
import { RequestDefaults, totalOf } from './prepare.ts';
import { RequestDeadline, Settling } from './request-deadline.ts';
import { checkRequest, withBody, type RequestOptions } from './request-options.ts';
import type { ClientResponse } from './response.ts';
import type { withRetries } from './retrying.ts';
import type { ClientRetryOptions } from './retry-options.ts';
import { ClientTls } from './routes/client-tls.ts';
import { Proxies } from './routes/proxies.ts';
import { directRoute, type Dialing } from './routes/route.ts';
import type { Target } from './routes/target.ts';
import { clients } from '../observing/clients.ts';
import { dropBody, type StreamedBody } from '../message/outgoing-body.ts';

const DEFAULT_CONNECTIONS_PER_ORIGIN = 64;
const DEFAULT_CONNECTIONS = 1_024;
const DEFAULT_REDIRECTS = 10;
const DEFAULT_MAX_EXPANSION = 100;
const retrying: Lazy<{ readonly withRetries: typeof withRetries }> = lazy(
  () => import('./retrying.ts'),
);
const NO_OPTIONS: RequestOptions = Object.freeze({});

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
  readonly #shared: ClientShared;
  readonly #pools: Pools;
  readonly #follower: FollowerOf;
  readonly #next: NextRequest | undefined;

  /**
   * @param options - Their names and values are checked here.
   * @throws `InvalidInputError` for a wrong option; `LocalProtocolError` for a header that must not be sent.
   */
  constructor(options: HttpClientOptions = {}) {
    checkOptions('HttpClient', options, HTTP_CLIENT_OPTIONS);
    const clock = options.clock ?? systemClock;
    this.#shared = clientShared(clock, options);
    this.#pools = new Pools(this.#shared, {
      perOrigin: options.maxConnectionsPerOrigin ?? DEFAULT_CONNECTIONS_PER_ORIGIN,
      overAll: options.maxConnections ?? DEFAULT_CONNECTIONS,
    });
    this.#follower = new FollowerOf(clock, this.#pools, options);
    clients.add(this, (client, id) => ({ id, pools: client.#pools.views() }));
    const { middleware = [] } = options;
    if (middleware.length > 0) {
      this.#next = withMiddleware(middleware, ({ method, url, options: passed }) =>
        this.#send(method, url, passed),
      );
    }
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

  /** Sends PATCH. @throws as {@link HttpClient.request} */
  patch(url: string | URL, body?: RequestBody, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('PATCH', url, withBody(options, body));
  }

  /** Sends OPTIONS. @throws as {@link HttpClient.request} */
  options(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('OPTIONS', url, options);
  }

  /** Sends DELETE. @throws as {@link HttpClient.request} */
  delete(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('DELETE', url, options);
  }

  /**
   * Sends a request and waits for the head of its response.
   *
   * @param method - In upper or lower case.
   * @param url - With the scheme `http:` or `https:`, `http+unix://%2Fpath%2Fof%2Fsocket/path` or `unix:/path/of/socket:/path`;
   * or relative to `baseUrl`. A name and a password in it are sent as credentials.
   * @param options - Their values are checked.
   * @returns The response, its body still to be read.
   * @throws `AddressError` when the server cannot be reached; `CertificateError` and `TlsError` when it cannot be trusted;
   * `BrokenError` when the connection breaks before a response; `RemoteProtocolError` when the response is malformed;
   * `LimitError` for more informational responses than `maxInformational`; `TimeoutError` for a phase that took too long; the
   * signal's reason; `LocalProtocolError` for a header that must not be sent; `InvalidInputError`; `ClosedError` after `close`.
   * Each says with `error.request` which request it belongs to. A cancelled request closes its connection.
   */
  request(
    method: string,
    url: string | URL,
    options: RequestOptions = NO_OPTIONS,
  ): Promise<ClientResponse> {
    const next = this.#next;
    return next === undefined
      ? this.#send(method, url, options)
      : this.#pass(next, { method, url, options });
  }

  /** Passes a request to the middleware. */
  async #pass(next: NextRequest, request: ClientRequest): Promise<ClientResponse> {
    try {
      return await next(request);
    } catch (error) {
      return budgetOf(this.#shared.clock).fail(error);
    }
  }

  /** Sends a request that has passed the middleware. */
  async #send(method: string, url: string | URL, options: RequestOptions): Promise<ClientResponse> {
    let deadline: RequestDeadline | undefined;
    let progress: RequestProgress | undefined;
    try {
      const checked = checkRequest(method, options);
      if (this.#pools.isClosed) throw clientClosed();
      const { clock, deadlines } = this.#shared;
      const client = this.#follower;
      const total = totalOf(options.timeout, deadlines.total);
      const loading = client.proxies?.load();
      if (loading !== undefined) await loading;
      const target = client.defaults.target(url, options.query);
      progress = new RequestProgress(checked, target.origin, options.signal);
      if (total !== Infinity) deadline = new RequestDeadline(clock, total, options.signal);
      const signal = deadline === undefined ? options.signal : deadline.signal;
      const content = contentOf(options, client.random);
      const isMade = typeof content === 'function';
      progress.unsent = isMade ? undefined : content?.body;
      const fields = client.defaults.fields(options, target, isMade ? undefined : content?.type);
      const body = isMade ? content : content?.body;
      const length = isMade ? options.length : (content?.length ?? options.length);
      const request = { method: checked, target, fields, body, length };
      const call = { options, progress, signal, deadline, client };
      const retry = options.retry ?? client.retry;
      if (retry === false) return await follow(request, call);
      const { withRetries } = retrying.value ?? (await retrying.load());
      let settling = new Settling();
      const again = (): Promise<ClientResponse> => {
        settling = new Settling();
        return follow(request, { ...call, deadline: settling });
      };
      const response = await withRetries(again, retry, call);
      if (deadline !== undefined) settling.passTo(deadline);
      return response;
    } catch (error) {
      deadline?.end();
      progress?.describe(error);
      release(progress?.unsent, error);
      return budgetOf(this.#shared.clock).fail(error);
    }
  }

  /**
   * Closes every connection; requests in progress fail. Idempotent.
   *
   * @returns Settled when no connection is left.
   */
  async close(): Promise<void> {
    await this.#pools.close();
    return budgetOf(this.#shared.clock).pay(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A frozen snapshot: the pools by origin. */
  statistics(): Readonly<Record<string, PoolStatistics>> {
    return this.#pools.statistics();
  }
}

/** Ends a source that was not begun. */
function release(body: SentBody | undefined, reason: unknown): void {
  if (typeof body !== 'object' || isReplayable(body)) return;
  dropBody(body as StreamedBody, new AsyncScope(), reason);
}

/** What the requests of a client have in common. */
class FollowerOf implements Follower {
  readonly clock: Clock;
  readonly defaults: RequestDefaults;
  readonly random: Random;
  readonly maxRedirects: number;
  readonly decompress: boolean;
  readonly maxExpansion: number;
  readonly proxies: Proxies | undefined;
  readonly retry: ClientRetryOptions | false;
  readonly #pools: Pools;
  readonly #dialing: Dialing;

  constructor(clock: Clock, pools: Pools, options: HttpClientOptions) {
    this.clock = clock;
    this.defaults = new RequestDefaults(options);
    this.random = options.random ?? systemRandom;
    this.maxRedirects = options.maxRedirects ?? DEFAULT_REDIRECTS;
    this.decompress = options.decompress ?? true;
    this.maxExpansion = options.maxExpansion ?? DEFAULT_MAX_EXPANSION;
    this.retry = options.retry ?? false;
    const { proxy = false } = options;
    this.proxies = proxy === false ? undefined : new Proxies(proxy);
    this.#pools = pools;
    const { connect, connectTls, connectUnix, tls } = options;
    this.#dialing = { connect, connectTls, connectUnix, tls: new ClientTls(tls) };
  }

  get isClosed(): boolean {
    return this.#pools.isClosed;
  }

  poolOf(target: Target): ClientPool {
    const pool = this.#pools.find(target.origin);
    if (pool !== undefined) return pool;
    const route = this.proxies?.route(target, this.#dialing);
    return this.#pools.add(target, route ?? directRoute(target, this.#dialing));
  }
}
