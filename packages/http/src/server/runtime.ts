/** State shared by all connections of one server: handler, limits, clock, listeners. */

import {
  TimeoutError,
  type Address,
  type AddressList,
  type ByteStream,
  type Clock,
  type IoError,
  type TaskContext,
} from '@awaitio/core';
import {
  AsyncScope,
  callContained,
  DeadlineWheel,
  describeFailure,
  failureOf,
  holdTask,
  printLine,
  stderrSink,
  type TaskLease,
} from '@awaitio/core/lowlevel';
import type { ServerDeadlines } from '../driver/deadlines.ts';
import { abort } from '../message/abort-error.ts';
import type { Handler } from '../message/handler.ts';
import type { ProxyHeader } from '../proxy-protocol/header.ts';
import { readProxyHeader } from '../proxy-protocol/read-header.ts';
import { whereToLook } from '../observing/inspectors.ts';
import type { DrainView } from '../observing/servers.ts';
import type { ConnectionEnd, ErrorListener, EventListener } from './events.ts';
import { HttpDate } from './sending/http-date.ts';
import { ServerObserver, type ConnectionFacts, type ExchangeFacts } from './observer.ts';
import type { ServerLimits } from './options.ts';

export interface ServerRuntimeOptions {
  readonly handler: Handler;
  /** Whether a handler runs in a scope that ends with the signal of its request. */
  readonly isScoped: boolean;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly deadlines: ServerDeadlines;
  readonly maxRequestsPerConnection: number;
  readonly maxConcurrentRequests: number;
  /** In whole seconds. */
  readonly retryAfter: number;
  /** Peers that send a PROXY header. */
  readonly proxies: AddressList | undefined;
  /** By default one line on stderr. */
  readonly onError: ErrorListener | undefined;
  readonly onEvent: EventListener | undefined;
  /** Whether it emits no event. */
  readonly isHidden: boolean;
  /** A connection has ended. */
  readonly onEnd: (connection: ConnectionFacts) => void;
}

/**
 * From this many open connections on, an idle one releases its buffers (`pnpm bench --only idle`). Below, it keeps them:
 * the next request is answered a little faster.
 */
const MANY_CONNECTIONS = 1_000;

export class ServerRuntime {
  readonly handler: Handler;
  readonly isScoped: boolean;
  readonly isHidden: boolean;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly deadlines: ServerDeadlines;
  readonly wheel: DeadlineWheel;
  readonly date: HttpDate;
  readonly observer: ServerObserver;
  /** The context in which the server was started: that of handlers and listeners. */
  readonly scope: AsyncScope = new AsyncScope();
  readonly #options: ServerRuntimeOptions;
  readonly #onError: ErrorListener;
  readonly #background = new Set<Promise<void>>();
  #ended = 0;
  /** Set when the shutdown begins: responses carry `Connection: close` from then on. */
  isDraining = false;
  /** How long an idle connection is kept once the shutdown has begun, in milliseconds. */
  drainWindow = 0;
  /** The shutdown, when it has begun. */
  drain: DrainView | undefined;
  #draining: AbortController | undefined;
  /** Set when the shutdown no longer waits for clients that have not begun a request. */
  isClosing = false;

  constructor(options: ServerRuntimeOptions) {
    this.#options = options;
    this.#onError = options.onError ?? printError;
    this.handler = options.handler;
    this.isScoped = options.isScoped;
    this.isHidden = options.isHidden;
    this.clock = options.clock;
    this.limits = options.limits;
    this.deadlines = options.deadlines;
    this.wheel = new DeadlineWheel(options.clock);
    this.date = new HttpDate(options.clock, this.wheel);
    const { clock, isHidden, onEvent } = options;
    this.observer = new ServerObserver(
      clock,
      this.wheel,
      isHidden,
      this.scope,
      onEvent,
      (error) => {
        this.report(error, undefined);
      },
    );
  }

  /** Aborts when the server has stopped accepting. */
  get drainSignal(): AbortSignal {
    return (this.#draining ??= new AbortController()).signal;
  }

  /** No further connection will come. */
  stoppedAccepting(reason: IoError): void {
    this.#draining ??= new AbortController();
    this.scope.run(abort, this.#draining, reason);
  }

  /** How long a connection may idle between two requests. */
  get idleTimeout(): number {
    const { idle } = this.deadlines;
    return this.isDraining ? Math.min(idle, this.drainWindow) : idle;
  }

  /** How long to wait for the head of a request, from the connection or from its first byte. */
  headTimeout(deadline: 'firstByte' | 'headers'): number {
    const milliseconds = this.deadlines[deadline];
    return this.isClosing ? Math.min(milliseconds, this.drainWindow) : milliseconds;
  }

  /** Whether so many connections are open that the memory of the idle ones matters. */
  get hasManyConnections(): boolean {
    return this.observer.opened - this.#ended >= MANY_CONNECTIONS;
  }

  isLastRequest(count: number): boolean {
    return count >= this.#options.maxRequestsPerConnection;
  }

  /** Whether one more request may be handled now. */
  get hasRoom(): boolean {
    return this.observer.active < this.#options.maxConcurrentRequests;
  }

  get retryAfter(): number {
    return this.#options.retryAfter;
  }

  ended(connection: ConnectionFacts): void {
    this.#ended += 1;
    this.#options.onEnd(connection);
  }

  /** Whether a peer sends a PROXY header. */
  isProxy(address: Address | undefined): boolean {
    return this.#options.proxies !== undefined && this.#options.proxies.has(address);
  }

  /** Reads the header that a proxy sends before any request; without one the connection ends, for the reason. */
  async readProxyHeader(
    { id, stream }: { readonly id: number; readonly stream: ByteStream },
    peer: Address | undefined,
  ): Promise<{ readonly header: ProxyHeader | undefined; readonly reason: ConnectionEnd }> {
    try {
      const timeout = this.headTimeout('firstByte');
      const header = (await readProxyHeader(stream, { timeout })) ?? undefined;
      return { header, reason: header === undefined ? 'client' : 'server' };
    } catch (error) {
      const code = (error as { readonly code?: string }).code ?? '';
      this.observer.refused(id, String(peer ?? ''), 0, code);
      stream.reset(error);
      return { header: undefined, reason: error instanceof TimeoutError ? 'deadline' : 'refused' };
    }
  }

  /** Reports an error to `onError`: of a request in its context, which is the caller's. */
  report(error: unknown, exchange: ExchangeFacts | undefined): void {
    const context =
      exchange === undefined
        ? undefined
        : {
            method: exchange.head.method,
            target: exchange.head.target,
            remoteAddress: String(exchange.remoteAddress ?? ''),
          };
    const failure = failureOf(error, 'serve');
    if (context === undefined) this.scope.run(callOnError, this.#onError, failure, context);
    else callOnError(this.#onError, failure, context);
  }

  waitUntil(work: Promise<unknown>, exchange: ExchangeFacts | undefined): void {
    const tracked: Promise<void> = this.#settled(work, exchange).then(() => {
      this.#background.delete(tracked);
    });
    this.#background.add(tracked);
  }

  async #settled(work: Promise<unknown>, exchange: ExchangeFacts | undefined): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.report(failureOf(error, 'waitUntil'), exchange);
    }
  }

  /** Resolves when no background work is left. */
  async background(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }
}

function callOnError(
  onError: ErrorListener,
  failure: unknown,
  context: Parameters<ErrorListener>[1],
): void {
  callContained('onError', onError, failure, context, stderrSink);
}

/** The default `onError`: one line on stderr. It names the method, and nothing else of the request. */
function printError(error: unknown, request: { method: string } | undefined): void {
  const where = request === undefined ? 'connection' : `${request.method} handler`;
  printLine(`${where} failed: ${describeFailure(error)}${whereToLook()}`);
}

/** `undefined` for a context that another executor made, or wraps: its task lasts as long as the connection's promise. */
export function leaseOf(context: TaskContext): TaskLease | undefined {
  try {
    return holdTask(context);
  } catch {
    return undefined;
  }
}
