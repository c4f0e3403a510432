/**
 * `serve`: a listener, a handler, and the life of the server between them.
 *
 * A connection is one task for its whole life, in a group of the server's own, so that the server's shutdown waits for
 * its own tasks only. Shutdown loses no request: what is under way is answered, what arrives meanwhile on a connection
 * that is kept alive is answered with `Connection: close`, and only what has not ended by the deadline is cut, and named.
 */

import {
  ClosedError,
  defaultExecutor,
  systemClock,
  TcpListener,
  type Address,
  type ByteStream,
  type Clock,
  type Executor,
  type Listener,
} from '@awaitio/core';
import { DEFAULT_SERVER_DEADLINES, type ServerDeadlines } from './deadlines.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from './protocol/limits.ts';
import { looksRight } from './quick-options.ts';
import { ServerConnection } from './server-connection.ts';
import { ServerShared, type ErrorListener, type Handler } from './server-shared.ts';

/** Options of {@link serve}. */
export interface ServeOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 chooses a free one. @default 0 */
  readonly port?: number | undefined;
  /** Serves the connections of this listener instead of binding one; the server closes it when it shuts down. */
  readonly listener?: Listener | undefined;
  /** The most connections open at a time; further ones wait unread. @default no limit */
  readonly maxConnections?: number | undefined;
  /** Requests on one connection, after which it is closed. @default no limit */
  readonly maxRequestsPerConnection?: number | undefined;
  readonly limits?: Partial<ProtocolLimits> | undefined;
  readonly deadlines?: Partial<ServerDeadlines> | undefined;
  /** What runs the connections' tasks. @default the process's one */
  readonly executor?: Executor | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Hears of handlers that failed and answers that could not be completed. @default one line on stderr */
  readonly onError?: ErrorListener | undefined;
  /** Shuts the server down when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link HttpServer.shutdown}. */
export interface ShutdownOptions {
  /** How long what is under way may take, in milliseconds; then it is cut. @default 5000 */
  readonly grace?: number | undefined;
  /** How long an idle client may still send a request and have it answered, in milliseconds. @default 500 */
  readonly idleWindow?: number | undefined;
}

/** What a shutdown did. */
export interface ShutdownReport {
  /** Connections that ended by themselves, with everything answered. */
  readonly completed: number;
  /** Connections that were idle and closed. */
  readonly idleClosed: number;
  /** Addresses of the connections that were cut at the deadline. */
  readonly cut: readonly string[];
}

/**
 * Serves HTTP/1.1.
 *
 * @param handler - Answers each request. Its failure is answered with 500 and reported to `onError`.
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
export async function serve(handler: Handler, options: ServeOptions = {}): Promise<HttpServer> {
  if (!looksRight(options)) {
    const { checkServeOptions } = await import('./validation/options.ts');
    checkServeOptions(options);
  }
  const listener =
    options.listener ??
    (await TcpListener.bind(
      { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
      { clock: options.clock, maxConnections: options.maxConnections },
    ));
  return new HttpServer(handler, listener, options);
}

/** A running server. */
export class HttpServer {
  readonly #listener: Listener;
  readonly #shared: ServerShared;
  readonly #clock: Clock;
  readonly #executor: Executor;
  readonly #connections = new Set<ServerConnection>();
  #accepting: Promise<void>;
  #shutdown: Promise<ShutdownReport> | undefined;
  #whenEmpty: (() => void) | undefined;
  #isCutting = false;
  #completed = 0;
  #idleClosed = 0;

  /** @internal Servers come from {@link serve}. */
  constructor(handler: Handler, listener: Listener, options: ServeOptions) {
    this.#listener = listener;
    this.#clock = options.clock ?? systemClock;
    this.#executor = options.executor ?? defaultExecutor;
    this.#shared = new ServerShared({
      handler,
      clock: this.#clock,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      deadlines: { ...DEFAULT_SERVER_DEADLINES, ...options.deadlines },
      maxRequestsPerConnection: options.maxRequestsPerConnection ?? Infinity,
      onError: options.onError ?? printError,
      listener: { started: () => {}, finished: () => {}, refused: () => {} },
    });
    this.#accepting = this.#accept();
    const { signal } = options;
    if (signal?.aborted === true) void this.shutdown();
    else signal?.addEventListener('abort', () => void this.shutdown(), { once: true });
  }

  /** Where the server listens. */
  get address(): Address {
    return this.#listener.localAddress;
  }

  /** The server's root as a URL. */
  get url(): string {
    return `http://${String(this.address)}/`;
  }

  /**
   * Stops: accepts nothing more, answers what is under way, and cuts what has not ended in time. The second call gets
   * the first one's report.
   */
  shutdown(options?: ShutdownOptions): Promise<ShutdownReport> {
    this.#shutdown ??= this.#drain(options?.grace ?? 5_000, options?.idleWindow ?? 500);
    return this.#shutdown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  async #accept(): Promise<void> {
    for (;;) {
      let stream: ByteStream;
      try {
        stream = await this.#listener.accept();
      } catch (error) {
        if (error instanceof ClosedError) return;
        // Out of descriptors or memory: what is open goes on, and accepting resumes when there is room.
        this.#shared.report(error, undefined);
        await this.#clock.sleep(100);
        continue;
      }
      const connection = new ServerConnection(stream, this.#shared);
      this.#connections.add(connection);
      // The connection's task never fails; its end is all there is to know.
      void this.#run(connection);
    }
  }

  async #run(connection: ServerConnection): Promise<void> {
    try {
      await this.#executor.spawn(() => connection.run(), { name: 'connection' });
    } catch (error) {
      // The executor takes no more tasks, or aborted this one.
      connection.stream.reset(error);
    }
    this.#connections.delete(connection);
    if (!this.#isCutting) this.#completed += 1;
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  async #drain(grace: number, idleWindow: number): Promise<ShutdownReport> {
    this.#shared.isDraining = true;
    const before = this.#completed;
    await this.#listener.close();
    await this.#accepting;
    this.#closeWhere((connection) => connection.isFresh);
    if (!(await this.#emptyWithin(Math.min(idleWindow, grace)))) {
      this.#closeWhere((connection) => connection.isIdle);
      await this.#emptyWithin(Math.max(0, grace - idleWindow));
    }
    const cut = [...this.#connections].map((connection) => String(connection.remoteAddress ?? ''));
    this.#isCutting = true;
    for (const connection of this.#connections) connection.cut();
    await this.#emptyWithin(Infinity);
    await this.#shared.background();
    return Object.freeze({
      completed: this.#completed - before - this.#idleClosed,
      idleClosed: this.#idleClosed,
      cut: Object.freeze(cut),
    });
  }

  #closeWhere(isChosen: (connection: ServerConnection) => boolean): void {
    for (const connection of this.#connections) {
      if (!isChosen(connection)) continue;
      this.#idleClosed += 1;
      connection.drainNow();
    }
  }

  /** Waits until no connection is left, for so long at most; whether none is. */
  async #emptyWithin(milliseconds: number): Promise<boolean> {
    if (this.#connections.size === 0) return true;
    await new Promise<void>((resolve) => {
      const timer =
        milliseconds === Infinity ? undefined : this.#clock.setTimer(resolve, milliseconds);
      this.#whenEmpty = () => {
        timer?.cancel();
        resolve();
      };
    });
    this.#whenEmpty = undefined;
    return this.#connections.size === 0;
  }
}

/** One line per failure: what failed, and where; never what the request held. */
function printError(error: unknown, request: { method: string } | undefined): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(
    `awaitio: ${request === undefined ? 'connection' : `${request.method} handler`} failed: ${what}`,
  );
}
