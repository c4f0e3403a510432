/**
 * Options of a server: for its start, its limits, and its shutdown.
 *
 * {@link SERVE_OPTIONS} says once what each option of `serve` may be. The check of a program's options and the schema that
 * explains what is wrong with them are both made from it.
 */

import type { Clock, Executor, Listener } from '@awaitio/core';
import { rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { ServerDeadlines } from '../driver/deadlines.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../protocol/vocabulary/limits.ts';
import type { ErrorListener, EventListener } from './events.ts';

/** Limits on what a client sends, and on how slowly it takes what is sent to it. */
export interface ServerLimits extends ProtocolLimits {
  /** The lowest average rate of a body, in bytes per second, after `deadlines.bodyGrace`. @default 240 (Kestrel) → 408 */
  readonly bodyMinRate: number;
  /**
   * The lowest average rate at which a client takes a response, in bytes per second, after `deadlines.writeStall`: a slower
   * one is reset. 0 for no minimum. What counts is what the operating system took for it. @default 1000
   */
  readonly writeMinRate: number;
}

/** The defaults of {@link ServerLimits}. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = Object.freeze({
  ...DEFAULT_LIMITS,
  bodyMinRate: 240,
  writeMinRate: 1_000,
});

/** Options of `serve`. */
export interface ServeOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 chooses a free one. @default 0 */
  readonly port?: number | undefined;
  /**
   * Serves the connections of this listener (TCP, TLS, Unix, memory, simulated) instead of binding one; the server closes
   * it when it shuts down. `maxConnections` and `maxConnectionsPerAddress` are then the listener's own.
   */
  readonly listener?: Listener | undefined;
  /** The most connections open at a time; further ones wait unread. @default no limit */
  readonly maxConnections?: number | undefined;
  /** The most connections of one address; further ones are reset. @default no limit */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** Requests on one connection, after which it is closed. @default no limit */
  readonly maxRequestsPerConnection?: number | undefined;
  /** Requests being handled or answered at a time; further ones get 503 at once. @default no limit */
  readonly maxConcurrentRequests?: number | undefined;
  /** The `Retry-After` of those 503, in whole seconds (RFC 9110 section 10.2.3). @default 1 */
  readonly retryAfter?: number | undefined;
  /**
   * Reads the PROXY header (version 1 or 2) that these peers send before their requests: addresses, networks such as
   * `10.0.0.0/8`, or `unix`. They must send one; no other peer may. @default none
   */
  readonly proxyProtocol?: { readonly trusted: readonly string[] } | undefined;
  readonly limits?:
    | { readonly [Name in keyof ServerLimits]?: ServerLimits[Name] | undefined }
    | undefined;
  readonly deadlines?:
    | { readonly [Name in keyof ServerDeadlines]?: ServerDeadlines[Name] | undefined }
    | undefined;
  /**
   * Whether a handler runs in a scope that ends with `request.signal`: when the client leaves, or the handler's deadline passes,
   * everything that the handler, or the body that it streams, waits for in awaitio rejects with a `CancelledError`, without a
   * signal being passed on. A client that has only finished sending (`nc -N`) has left as well. An upgrade ends the scope's tie to the
   * client. Work that others wait for too goes into `outsideScopes`. @default false
   */
  readonly scope?: boolean | undefined;
  /** Runs the connections' tasks; its `concurrency` limits them too. @default the default executor */
  readonly executor?: Executor | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Receives the errors of handlers, and of responses that could not be completed. @default one line on stderr */
  readonly onError?: ErrorListener | undefined;
  /** Receives events of connections, requests, refusals and the shutdown; see `accessLog`. @default none */
  readonly onEvent?: EventListener | undefined;
  /** Shuts the server down when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What an option's value may be, besides `undefined`: `text`: not empty · `whole`: a whole number within bounds · `flag`: true or
 * false · `count`: a whole number from 1, or Infinity · `amount`: a number from 0, or Infinity · `object`: has this method ·
 * `proxies`: a list of texts in `trusted` · `group`: an object of further options.
 */
export type OptionKind =
  | { readonly kind: 'text' | 'flag' | 'count' | 'amount' | 'function' | 'signal' | 'proxies' }
  | { readonly kind: 'whole'; readonly from: number; readonly to: number }
  | { readonly kind: 'object'; readonly method: string }
  | { readonly kind: 'group'; readonly options: Readonly<Record<string, OptionKind>> };

const COUNT: OptionKind = { kind: 'count' };
const AMOUNT: OptionKind = { kind: 'amount' };
const FUNCTION: OptionKind = { kind: 'function' };

const LIMITS: Readonly<Record<keyof ServerLimits, OptionKind>> = {
  targetBytes: COUNT,
  headerBytes: COUNT,
  headerCount: COUNT,
  bodyBytes: AMOUNT,
  bodyMinRate: AMOUNT,
  writeMinRate: AMOUNT,
  trailerBytes: COUNT,
  chunkOverheadBytes: COUNT,
  leadingBytes: AMOUNT,
  readAheadMessages: COUNT,
  readAheadBytes: COUNT,
};

const DEADLINES: Readonly<Record<keyof ServerDeadlines, OptionKind>> = {
  firstByte: AMOUNT,
  headers: AMOUNT,
  bodyGrace: AMOUNT,
  handler: AMOUNT,
  writeStall: AMOUNT,
  halfClosed: AMOUNT,
  writeWindow: AMOUNT,
  idle: AMOUNT,
  linger: AMOUNT,
};

/** Every option of `serve`, and what its value may be. */
export const SERVE_OPTIONS: Readonly<Record<keyof ServeOptions, OptionKind>> = {
  host: { kind: 'text' },
  port: { kind: 'whole', from: 0, to: 65_535 },
  listener: { kind: 'object', method: 'accept' },
  maxConnections: COUNT,
  maxConnectionsPerAddress: COUNT,
  maxRequestsPerConnection: COUNT,
  maxConcurrentRequests: COUNT,
  retryAfter: { kind: 'whole', from: 0, to: Number.MAX_SAFE_INTEGER },
  proxyProtocol: { kind: 'proxies' },
  limits: { kind: 'group', options: LIMITS },
  deadlines: { kind: 'group', options: DEADLINES },
  scope: { kind: 'flag' },
  executor: { kind: 'object', method: 'spawn' },
  clock: { kind: 'object', method: 'setTimer' },
  onError: FUNCTION,
  onEvent: FUNCTION,
  signal: { kind: 'signal' },
};

/** Options of `HttpServer.shutdown`. */
export interface ShutdownOptions {
  /**
   * How long to go on serving, no longer ready, so that load balancers send new connections elsewhere, in milliseconds.
   * @default 0
   */
  readonly lameDuck?: number | undefined;
  /**
   * How long open requests, and work handed to `waitUntil`, may take after that, in milliseconds; what has not ended is
   * aborted. @default 5000
   */
  readonly grace?: number | undefined;
  /** How long an idle client may still send a request and get its response, in milliseconds. @default 500 */
  readonly idleWindow?: number | undefined;
}

/** What {@link ShutdownOptions} may be. */
export const SHUTDOWN_OPTIONS: OptionTable<ShutdownOptions> = {
  lameDuck: rules.milliseconds,
  grace: rules.milliseconds,
  idleWindow: rules.milliseconds,
};
