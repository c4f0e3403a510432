/** What a server can be told when it starts and when it stops, and what it says at the end. */

import type { Clock, Executor, Listener } from '@awaitio/core';
import type { ServerDeadlines } from '../driver/deadlines.ts';
import type { ProtocolLimits } from '../protocol/vocabulary/limits.ts';
import type { EventListener } from './events.ts';
import type { ErrorListener } from './runtime.ts';

/** Options of `serve`. */
export interface ServeOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 chooses a free one. @default 0 */
  readonly port?: number | undefined;
  /**
   * Serves the connections of this listener (TCP, TLS, Unix, memory, simulated) instead of binding one; the server closes
   * it when it shuts down. Bounds on connections are the listener's own then.
   */
  readonly listener?: Listener | undefined;
  /** The most connections open at a time; further ones wait unread. @default no limit */
  readonly maxConnections?: number | undefined;
  /** The most connections of one address; further ones are reset. @default no limit */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** Requests on one connection, after which it is closed. @default no limit */
  readonly maxRequestsPerConnection?: number | undefined;
  /** Requests being handled or answered at a time; further ones are answered with 503 at once. @default no limit */
  readonly maxPendingHandlers?: number | undefined;
  /** What `Retry-After` says on those 503, in whole seconds. @default 1 */
  readonly retryAfter?: number | undefined;
  /**
   * Reads the PROXY header (version 1 or 2) that these peers send before their requests: addresses, networks such as
   * `10.0.0.0/8`, or `unix`. From them it has to come; from others it is not taken. @default none
   */
  readonly proxyProtocol?: { readonly trusted: readonly string[] } | undefined;
  readonly limits?: Partial<ProtocolLimits> | undefined;
  readonly deadlines?: Partial<ServerDeadlines> | undefined;
  /** What runs the connections' tasks; its `concurrency` bounds them too. @default the process's one */
  readonly executor?: Executor | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Hears of handlers that failed and answers that could not be completed. @default one line on stderr */
  readonly onError?: ErrorListener | undefined;
  /** Hears of connections, requests, refusals and the drain; see `accessLog`. @default nobody */
  readonly onEvent?: EventListener | undefined;
  /** Shuts the server down when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `HttpServer.shutdown`. */
export interface ShutdownOptions {
  /**
   * How long to go on as before, but not ready any more, so that load balancers look elsewhere, in milliseconds.
   * @default 0
   */
  readonly lameDuck?: number | undefined;
  /**
   * How long what is under way may take then, work handed to `waitUntil` included, in milliseconds; after that it is
   * cut. @default 5000
   */
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
