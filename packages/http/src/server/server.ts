/**
 * `serve`: a listener, a handler, and the life of the server between them.
 *
 * A connection is one task for its whole life, and the server knows its own, so that its shutdown waits for them only.
 * Shutdown loses no request: what is under way is answered, what arrives meanwhile on a connection that is kept alive is
 * answered with `Connection: close`, and only what has not ended by the deadline is cut, and named.
 *
 * The file is long because the documentation of every call is here; what a connection does is in `server-connection.ts`.
 */

import {
  acceptLoop,
  AddressList,
  ClosedError,
  defaultExecutor,
  memoryPair,
  systemClock,
  TcpListener,
  TimeoutError,
  type Address,
  type ByteStream,
  type Clock,
  type Executor,
  type Listener,
  type TaskContext,
} from '@awaitio/core';
import {
  deferred,
  invalidInput,
  watchAbort,
  type AbortRegistration,
  type Deferred,
} from '@awaitio/core/lowlevel';
import { DEFAULT_SERVER_DEADLINES } from '../driver/deadlines.ts';
import type { FetchApplication } from '../adapters/fetch-handler.ts';
import type { MemoryFetch } from '../adapters/memory-fetch.ts';
import { DEFAULT_LIMITS } from '../protocol/vocabulary/limits.ts';
import { areCertainlyValid } from './options-fast-check.ts';
import { ServerConnection } from './connection.ts';
import type { ServerStatistics } from './observer.ts';
import type { ServeOptions, ShutdownOptions, ShutdownReport } from './options.ts';
import { ServerRuntime, type Handler } from './runtime.ts';
import { printError } from './print-error.ts';

/**
 * Serves HTTP/1.1.
 *
 * @param handler - Answers each request: a function, or an application with a `fetch` method (Hono, H3, itty-router). Its
 * failure is answered with 500 and reported to `onError`.
 * @returns The server, once it listens.
 * @throws `AddressError` when the address cannot be used; `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 *
 * const server = await serve((request) => HttpResponse.text(`Hello from ${request.path}`), { port: 0 });
 * console.log(await (await fetch(`${server.url}here`)).text()); // Hello from /here
 * const report = await server.shutdown();
 * console.log(report.cut.length); // 0
 * ```
 */
export async function serve(
  handler: Handler | FetchApplication,
  options: ServeOptions = {},
): Promise<HttpServer> {
  if (!areCertainlyValid(options)) {
    const { checkServeOptions } = await import('./options-schema.ts');
    checkServeOptions(options);
  }
  const run = await handlerOf(handler);
  // Last, so that whatever is wrong with the options leaves nothing open.
  const proxies = proxiesOf(options);
  const listener = options.listener ?? (await bind(options));
  return new HttpServer(run, listener, options, proxies);
}

function proxiesOf({ proxyProtocol }: ServeOptions): AddressList | undefined {
  return proxyProtocol === undefined ? undefined : new AddressList(proxyProtocol.trusted);
}

async function handlerOf(handler: Handler | FetchApplication): Promise<Handler> {
  if (typeof handler === 'function') return handler;
  if (typeof (handler as FetchApplication | null | undefined)?.fetch !== 'function') {
    throw invalidInput('serve', 'handler', 'a function, or an object with a method fetch', handler);
  }
  const { fetchHandler } = await import('../adapters/fetch-handler.ts');
  return fetchHandler(handler);
}

function bind(options: ServeOptions): Promise<Listener> {
  const { host = '127.0.0.1', port = 0, clock, maxConnections, maxConnectionsPerAddress } = options;
  return TcpListener.bind({ host, port }, { clock, maxConnections, maxConnectionsPerAddress });
}

/** A running server. */
export class HttpServer {
  readonly #listener: Listener;
  readonly #runtime: ServerRuntime;
  readonly #clock: Clock;
  readonly #executor: Executor;
  readonly #connections = new Set<ServerConnection>();
  readonly #accepting: Promise<void>;
  readonly #stopAccepting = new AbortController();
  #memory: Promise<MemoryFetch> | undefined;
  #shutdown: Promise<ShutdownReport> | undefined;
  #emptied: Deferred<void> | undefined;
  readonly #registration: AbortRegistration | undefined;
  #isAborting = false;
  #completed = 0;
  #idleClosed = 0;

  /** @internal Servers come from {@link serve}. */
  constructor(
    handler: Handler,
    listener: Listener,
    options: ServeOptions,
    proxies: AddressList | undefined,
  ) {
    this.#listener = listener;
    this.#clock = options.clock ?? systemClock;
    this.#executor = options.executor ?? defaultExecutor;
    this.#runtime = new ServerRuntime({
      handler,
      clock: this.#clock,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      deadlines: { ...DEFAULT_SERVER_DEADLINES, ...options.deadlines },
      maxRequestsPerConnection: options.maxRequestsPerConnection ?? Infinity,
      maxPendingHandlers: options.maxPendingHandlers ?? Infinity,
      retryAfter: options.retryAfter ?? 1,
      proxies,
      onError: options.onError ?? printError,
      onEvent: options.onEvent,
      onEnd: this.#onEnd,
    });
    this.#accepting = acceptLoop(listener, (stream, context) => this.#run(stream, context), {
      executor: this.#executor,
      clock: this.#clock,
      signal: this.#stopAccepting.signal,
      ownsStream: true,
      onError: (error) => {
        this.#runtime.report(error, undefined);
      },
    });
    const { signal } = options;
    if (signal?.aborted === true) void this.shutdown();
    else if (signal !== undefined) {
      this.#registration = watchAbort(signal, { onAbort: () => void this.shutdown() });
    }
  }

  /** Where the server listens. */
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

  /** Whether the server takes new work: false from the moment its shutdown begins. */
  get isReady(): boolean {
    return !this.#runtime.isDraining;
  }

  /**
   * Serves one more connection, which did not come from the listener: a stream from `startTls`, or one end of a
   * `memoryPair`.
   *
   * @throws `ClosedError` when the server is shutting down and accepts nothing more, or the executor was shut down. The
   * stream is as it was then.
   */
  serveStream(stream: ByteStream): void {
    if (this.#stopAccepting.signal.aborted) {
      throw new ClosedError('serveStream: this server is shutting down', {
        code: 'ERR_HTTP_SERVER_CLOSED',
        operation: 'serveStream',
      });
    }
    this.#executor.spawn(
      (context) => {
        this.#run(stream, context);
      },
      { name: 'connection', onAbort: stream },
    );
  }

  /**
   * Serves a request in memory, without a port, through everything that a request from the network goes through.
   *
   * @param input - A `Request`, or what one is made of: an absolute URL (its host is not looked up) and `init`.
   * @returns The answer, whose body is to be read or cancelled.
   * @throws `ClosedError` when the server is shutting down and accepts nothing more; as `HttpClient.request`.
   */
  async fetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
    const request =
      input instanceof Request && init === undefined ? input : new Request(input, init);
    this.#memory ??= this.#openMemory();
    return (await this.#memory).fetch(request);
  }

  /** A frozen snapshot. */
  statistics(): ServerStatistics {
    let idle = 0;
    for (const connection of this.#connections) if (connection.isIdle) idle += 1;
    const { observer } = this.#runtime;
    return Object.freeze({
      connections: Object.freeze({ open: this.#connections.size, idle, total: observer.opened }),
      requests: Object.freeze({
        active: observer.active,
        completed: observer.completed,
        failed: observer.failed,
        refused: Object.freeze(Object.fromEntries(observer.refusedByStatus)),
      }),
      isDraining: this.#runtime.isDraining,
    });
  }

  /**
   * Stops: accepts nothing more, answers what is under way, and cuts what has not ended in time. The second call gets
   * the first one's report.
   *
   * Connections that were never used are closed at once; one that was made within the last `idleWindow` gets the rest of
   * it, since its first request may be on its way.
   *
   * @throws `InvalidInputError` for a time that is none; the server goes on then.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<ShutdownReport> {
    for (const name of ['lameDuck', 'grace', 'idleWindow'] as const) {
      const value = options[name];
      if (value !== undefined && !(typeof value === 'number' && value >= 0)) {
        throw invalidInput('shutdown', name, 'a number of milliseconds from 0', value);
      }
    }
    this.#shutdown ??= this.#drain(options);
    return this.#shutdown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #run(stream: ByteStream, context: TaskContext): void {
    const connection = new ServerConnection(stream, this.#runtime, context.hold());
    this.#connections.add(connection);
    this.#runtime.observer.connectionOpened(connection);
    // Never rejects: what fails is told to the server. It ends the task.
    void connection.run();
  }

  readonly #onEnd = (connection: ServerConnection): void => {
    this.#connections.delete(connection);
    this.#runtime.observer.connectionClosed(connection);
    if (!this.#isAborting) this.#completed += 1;
    if (this.#connections.size === 0) this.#emptied?.resolve();
  };

  async #openMemory(): Promise<MemoryFetch> {
    const { MemoryFetch } = await import('../adapters/memory-fetch.ts');
    const connect = (): ByteStream => {
      const [ours, theirs] = memoryPair({ clock: this.#clock });
      try {
        this.serveStream(theirs);
      } catch (error) {
        ours.reset();
        throw error;
      }
      return ours;
    };
    return new MemoryFetch(connect, this.#clock);
  }

  async #drain(options: ShutdownOptions): Promise<ShutdownReport> {
    const { lameDuck = 0, grace = 5_000, idleWindow = 500 } = options;
    const { observer } = this.#runtime;
    observer.tell({ type: 'drainStarted', connections: this.#connections.size });
    this.#registration?.remove();
    this.#runtime.drainWindow = idleWindow;
    this.#runtime.isDraining = true;
    if (lameDuck > 0) await this.#clock.sleep(lameDuck);
    const before = this.#completed;
    this.#stopAccepting.abort();
    await this.#listener.close();
    await this.#accepting;
    // The tasks of the connections that were accepted last begin.
    await this.#turn();
    const start = this.#clock.now();
    const left = (): number => start + grace - this.#clock.now();
    this.#closeWhere(({ isFresh, openedAt }) => isFresh && openedAt <= start - idleWindow);
    const answeredAtStart = new Map(
      [...this.#connections].map((connection) => [connection, connection.answered]),
    );
    await this.#emptyWithin(Math.min(idleWindow, grace));
    // A connection that has answered since then gives its client a window of its own.
    this.#closeWhere(
      (connection) => connection.isIdle && connection.answered === answeredAtStart.get(connection),
    );
    await this.#emptyWithin(left());
    const cut = [...this.#connections].map((connection) => String(connection.remoteAddress ?? ''));
    await this.#abort();
    if (!(await this.#within(this.#runtime.background(), left()))) {
      this.#runtime.report(new TimeoutError('waitUntil', grace), undefined);
    }
    await (await this.#memory)?.close();
    const report = Object.freeze({
      completed: this.#completed - before - this.#idleClosed,
      idleClosed: this.#idleClosed,
      cut: Object.freeze(cut),
    });
    observer.tell({ type: 'drained', report });
    return report;
  }

  #closeWhere(isChosen: (connection: ServerConnection) => boolean): void {
    for (const connection of this.#connections) {
      if (!isChosen(connection)) continue;
      this.#idleClosed += 1;
      connection.closeIfIdle();
    }
  }

  /** Ends what is left. A handler cannot be ended: one that goes on is not waited for, and its answer goes nowhere. */
  async #abort(): Promise<void> {
    this.#isAborting = true;
    const left = [...this.#connections];
    for (const connection of left) connection.abort();
    await Promise.all(left.map(({ stream }) => stream.closed));
    await this.#turn();
    this.#connections.clear();
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.defer(resolve);
    });
  }

  /** Waits until no connection is left, for so long at most. */
  async #emptyWithin(milliseconds: number): Promise<void> {
    if (this.#connections.size === 0) return;
    this.#emptied = deferred<void>();
    await this.#within(this.#emptied.promise, milliseconds);
  }

  /** Waits for so long at most; whether the work ended in time. */
  async #within(work: Promise<void>, milliseconds: number): Promise<boolean> {
    const late = deferred<boolean>();
    const timer = this.#clock.setTimer(
      () => {
        late.resolve(false);
      },
      Math.max(0, milliseconds),
    );
    const isInTime = await Promise.race([work.then(() => true), late.promise]);
    timer.cancel();
    return isInTime;
  }
}
