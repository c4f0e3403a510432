/** Deadlines and limits of a client, and their defaults. */

import { DEFAULT_LIMITS, type ProtocolLimits } from '../../protocol/vocabulary/limits.ts';

/** Deadlines for the phases of a request, in milliseconds; `Infinity` disables one. */
export interface ClientDeadlines {
  /** To connect. @default 10000, as in undici */
  readonly connect: number;
  /** For the TLS handshake of an `https:` URL, once connected. @default 10000 */
  readonly tls: number;
  /** To get a connection from the pool, when all are in use. @default 30000 */
  readonly pool: number;
  /**
   * From the request to the head of its response. A body that could not be sent at once has more time, at
   * `limits.writeMinRate`. @default 60000 (undici has 300000)
   */
  readonly headers: number;
  /**
   * The most that bytes of a body which the operating system took add to `headers`, at `limits.writeMinRate`: they may be on
   * their way still. @default 600000
   */
  readonly writeWindow: number;
  /** For the next piece of the response's body, while a reader waits for it. @default 60000 (undici has 300000) */
  readonly body: number;
  /** For the whole request, redirects and the response's body included. @default Infinity */
  readonly total: number;
  /** How long an idle connection is kept; with 0, it serves one request. @default 4000, as in undici: one second less than the servers of node:http */
  readonly idle: number;
  /**
   * How much earlier an idle connection is closed than its server says in `Keep-Alive: timeout`, at most half of that. As much is taken
   * from how long other connections were kept, for requests that must not be sent twice. @default 1000
   */
  readonly idleMargin: number;
  /** How long to wait for `100 Continue` before the body is sent anyway. @default 1000, as in Go and curl */
  readonly expectContinue: number;
}

/** The defaults of {@link ClientDeadlines}. */
export const DEFAULT_CLIENT_DEADLINES: ClientDeadlines = Object.freeze({
  connect: 10_000,
  tls: 10_000,
  pool: 30_000,
  headers: 60_000,
  writeWindow: 600_000,
  body: 60_000,
  total: Infinity,
  idle: 4_000,
  idleMargin: 1_000,
  expectContinue: 1_000,
});

/** Limits on what a server sends, and on how slowly it takes what is sent to it. */
export interface ClientLimits extends ProtocolLimits {
  /**
   * The lowest average rate at which a server takes the body of a request, in bytes per second, after `deadlines.headers`:
   * with a slower one the request fails. 0 for no minimum. What counts is what the operating system took for it. @default 1000
   */
  readonly writeMinRate: number;
}

/** The defaults of {@link ClientLimits}. */
export const DEFAULT_CLIENT_LIMITS: ClientLimits = Object.freeze({
  ...DEFAULT_LIMITS,
  writeMinRate: 1_000,
});
