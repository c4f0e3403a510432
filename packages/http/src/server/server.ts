/**
 * `serve`: a listener, a handler, and the life of the server between them.
 *
 * A connection is one task for its whole life. The server keeps its own set of them, so that its shutdown waits for its
 * connections and not for other tasks of the executor.
 */

import {
  AddressList,
  ClosedError,
  defaultExecutor,
  systemClock,
  TcpListener,
  type Address,
  type ByteStream,
  type Executor,
  type Listener,
  type TaskContext,
} from '@awaitio/core';
import {
  type AbortRegistration,
  acceptOwned,
  AsyncScope,
  charged,
  checkMethods,
  checkOptions,
  outsideScopes,
  watchAbort,
  withDefaults,
} from '@awaitio/core/lowlevel';
import type { FetchApplication } from '../adapters/fetch-handler.ts';
import { handlerOf, openMemoryFetch } from '../adapters/lazy-adapters.ts';
import type { MemoryFetch } from '../adapters/memory-fetch.ts';
import { DEFAULT_SERVER_DEADLINES } from '../driver/deadlines.ts';
import { loadParser } from '../driver/load-parser.ts';
import type { Handler } from '../message/handler.ts';
import { showFinished } from '../observing/finished.ts';
import { isHidden, servers, type ServerView } from '../observing/servers.ts';
import { ServerConnection } from './connection.ts';
import { drain, OpenConnections, shutDown } from './drain.ts';
import type { ShutdownReport } from './events.ts';
import type { ConnectionFacts, ServerStatistics } from './observer.ts';
import { areCertainlyValid, optionsSchema } from './options-fast-check.ts';
import {
  DEFAULT_SERVER_LIMITS,
  SHUTDOWN_OPTIONS,
  type ServeOptions,
  type ShutdownOptions,
} from './options.ts';
import { live } from './live.ts';
import { leaseOf, ServerRuntime } from './runtime.ts';

/**
 * Serves HTTP/1.1.
 *
 * @param handler - Answers each request: a function, or an application with a `fetch` method (Hono, H3, itty-router). When
 * it fails, the client gets 500 and `onError` the error.
 * @returns The server, which is listening.
 * @throws `AddressError` when the address cannot be used; `InvalidInputError` for a wrong option; `Error` when the parser
 * cannot start, for want of WebAssembly or of memory.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 *
 * const server = await serve((request) => HttpResponse.text(`Hello from ${request.path}`), { port: 0 });
 * console.log(await (await fetch(`${server.url}here`)).text()); // Hello from /here
 * const report = await server.shutdown();
 * console.log(report.aborted.length); // 0
 * ```
 */
export function serve(
  handler: Handler | FetchApplication,
  options: ServeOptions = {},
): Promise<HttpServer> {
  return charged(options, () => open(handler, options));
}

async function open(handler: Parameters<typeof serve>[0], options: ServeOptions) {
  if (!areCertainlyValid(options)) {
    const { checkServeOptions } = optionsSchema.value ?? (await optionsSchema.load());
    checkServeOptions(options);
  }
  options.signal?.throwIfAborted();
  const loading = loadParser();
  if (loading !== undefined) await loading;
  // After the parser: what the adapter loads of Node is checked against the room that is left.
  const run = await handlerOf(handler);
  // Last, so that an error of an option leaves nothing open.
  const trusted = options.proxyProtocol?.trusted;
  const proxies = trusted === undefined ? undefined : new AddressList(trusted);
  const listener = options.listener ?? (await bind(options));
  if (options.signal?.aborted === true) {
    if (options.listener === undefined) await listener.close();
    throw options.signal.reason;
  }
  return start(run, listener, options, proxies);
}

function bind(options: ServeOptions): Promise<Listener> {
  const { host = '127.0.0.1', port = 0, clock, maxConnections, maxConnectionsPerAddress } = options;
  return TcpListener.bind({ host, port }, { clock, maxConnections, maxConnectionsPerAddress });
}

let start: (
  handler: Handler,
  listener: Listener,
  options: ServeOptions,
  proxies: AddressList | undefined,
) => HttpServer;

/** A running server, from {@link serve}. */
export class HttpServer {
  readonly #listener: Listener;
  readonly #runtime: ServerRuntime;
  readonly #executor: Executor;
  readonly #connections: OpenConnections;
  readonly #accepting: Promise<void>;
  readonly #stopAccepting = new AbortController();
  /** Whether the shutdown has come to new connections. */
  #isShut = false;
  #memory: Promise<MemoryFetch> | undefined;
  #shutdown: Promise<ShutdownReport> | undefined;
  readonly #registration: AbortRegistration | undefined;

  static {
    // A server outlives the scope that it is started in.
    start = (handler, listener, options, proxies) =>
      outsideScopes(() => new HttpServer(handler, listener, options, proxies));
  }

  private constructor(
    handler: Handler,
    listener: Listener,
    options: ServeOptions,
    proxies: AddressList | undefined,
  ) {
    const clock = options.clock ?? systemClock;
    this.#listener = listener;
    this.#executor = options.executor ?? defaultExecutor;
    this.#connections = new OpenConnections(clock);
    this.#runtime = new ServerRuntime({
      handler,
      isScoped: options.scope === true,
      clock,
      limits: withDefaults(DEFAULT_SERVER_LIMITS, options.limits),
      deadlines: withDefaults(DEFAULT_SERVER_DEADLINES, options.deadlines),
      maxRequestsPerConnection: options.maxRequestsPerConnection ?? Infinity,
      maxConcurrentRequests: options.maxConcurrentRequests ?? Infinity,
      retryAfter: options.retryAfter ?? 1,
      proxies,
      onError: options.onError,
      onEvent: options.onEvent,
      isHidden: isHidden(listener),
      onEnd: this.#onEnd,
    });
    this.#accepting = acceptOwned(listener, (stream, context) => this.#run(stream, context), {
      executor: this.#executor,
      clock,
      signal: this.#stopAccepting.signal,
      onError: (error) => {
        this.#runtime.report(error, undefined);
      },
    });
    if (options.signal !== undefined)
      this.#registration = watchAbort(options.signal, shutDown(this, this.#runtime));
    showFinished(this, this.#runtime.observer.finished);
    servers.add(this, (server, id) => server.#view(id));
  }

  /** The address that the server listens on. */
  get address(): Address {
    return this.#listener.localAddress;
  }

  /** The server's root as a URL; `http+unix:` with the encoded path as its host for a listener that has no port. */
  get url(): string {
    const { address } = this;
    if (address.kind === 'path') return `http+unix://${encodeURIComponent(address.path)}/`;
    const isEncrypted = (this.#listener as { readonly isEncrypted?: boolean }).isEncrypted === true;
    return `${isEncrypted ? 'https' : 'http'}://${String(address)}/`;
  }

  /** Whether the server accepts new work: false once its shutdown has begun. */
  get isReady(): boolean {
    return !this.#runtime.isDraining;
  }

  /**
   * Serves one more connection, which did not come from the listener: a stream from `startTls`, or one end of a
   * `memoryPair`. Its requests are handled in the async context of this call.
   *
   * @throws `ClosedError` when the server is shutting down and accepts nothing more, or the executor was shut down. The
   * stream is left untouched.
   */
  serveStream(stream: ByteStream): void {
    checkMethods('serveStream', 'stream', stream, ['read', 'write', 'close', 'reset']);
    if (this.#isShut) {
      throw new ClosedError('serveStream: this server is shutting down', {
        code: 'ERR_HTTP_SERVER_CLOSED',
        operation: 'serveStream',
      });
    }
    const scope = outsideScopes(() => new AsyncScope());
    const options = { name: 'connection', onAbort: stream };
    this.#executor.spawn((context) => this.#run(stream, context, scope), options);
  }

  /**
   * Serves a request in memory, without a port, through everything that a request from the network goes through.
   *
   * @param input - A `Request`, or the arguments of its constructor: an absolute URL (its host is not resolved) and `init`.
   * @returns The response. Read its body, or cancel it.
   * @throws `ClosedError` when the server is shutting down and accepts nothing more; as `HttpClient.request`.
   */
  async fetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
    // Its connections serve other callers too.
    const { clock, scope } = this.#runtime;
    this.#memory ??= scope.run(openMemoryFetch, clock, (stream) => {
      this.serveStream(stream);
    });
    return (await this.#memory).fetch(input, init);
  }

  /** A frozen snapshot. */
  statistics(): ServerStatistics {
    const { observer, isDraining } = this.#runtime;
    return observer.statistics(this.#connections, isDraining);
  }

  /**
   * Stops accepting, answers what is open, and aborts what has not ended in time. A second call returns the first one's
   * report.
   *
   * Connections that were never used are closed at once; one that was opened within the last `idleWindow` keeps the rest
   * of it, since its first request may be on its way.
   *
   * @throws `InvalidInputError` for a wrong option, such as a time that is not a number from 0; the server goes on then.
   */
  shutdown(options: ShutdownOptions = {}): Promise<ShutdownReport> {
    return charged(this.#runtime, () => {
      checkOptions('shutdown', options, SHUTDOWN_OPTIONS);
      // Also the shutdown in a `finally` of a scope that has ended.
      this.#shutdown ??= outsideScopes(() => this.#drain(options));
      return this.#shutdown;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #view(id: number): ServerView {
    const [runtime, executor, connections] = [this.#runtime, this.#executor, this.#connections];
    const admission = (this.#listener as Partial<TcpListener>).statistics?.call(this.#listener);
    return {
      id,
      url: this.url,
      counts: this.statistics(),
      admission,
      runtime,
      executor,
      connections,
    };
  }

  #run(stream: ByteStream, context: TaskContext, scope?: AsyncScope): Promise<void> | undefined {
    const lease = leaseOf(context);
    const connection = new ServerConnection(stream, this.#runtime, lease, scope);
    this.#connections.add(connection);
    this.#runtime.observer.connectionOpened(connection);
    // Never rejects: errors go to `onError`. It releases the lease, which ends the task.
    const life = outsideScopes(() => live(connection));
    return lease === undefined ? life : undefined;
  }

  readonly #onEnd = (connection: ConnectionFacts): void => {
    this.#connections.remove(connection);
    this.#runtime.observer.connectionClosed(connection);
  };

  #drain(options: ShutdownOptions): Promise<ShutdownReport> {
    const drainListener = async (idleWindow: number): Promise<void> => {
      this.#isShut = true;
      await this.#listener.drain({ idleWindow });
      // One that was lent stays open for others.
      if (!this.#listener.isDisposed) this.#stopAccepting.abort();
      await this.#accepting;
    };
    const stopAccepting = async (): Promise<void> => {
      this.#stopAccepting.abort();
      await this.#listener.close();
      await this.#accepting;
    };
    const release = async (): Promise<void> => (await this.#memory)?.close();
    this.#registration?.remove();
    const { runtime, connections } = { runtime: this.#runtime, connections: this.#connections };
    return drain({ runtime, connections, drainListener, stopAccepting, release }, options);
  }
}
