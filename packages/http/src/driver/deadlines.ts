/**
 * How long each phase of a connection may take.
 *
 * Only the time that the peer keeps this side waiting is measured: while a handler runs, no deadline for the peer does.
 */

/** Deadlines for the phases of a server's connection, in milliseconds; `Infinity` disables one. */
export interface ServerDeadlines {
  /** From the connection to the first byte of its first request. @default 15000 */
  readonly firstByte: number;
  /** From the first byte of a request to the end of its headers. @default 15000 (node:http has 60000, checked every 30 s) */
  readonly headers: number;
  /** How long a body may keep its reader waiting before `limits.bodyMinRate` applies. @default 5000, as in Kestrel */
  readonly bodyGrace: number;
  /** How long a handler may take until it returns a response. @default Infinity, as in node:http */
  readonly handler: number;
  /**
   * How long a client may take nothing of a response, before `limits.writeMinRate` applies; at most so long while the client
   * sends something that waits to be read. @default 15000
   */
  readonly writeStall: number;
  /**
   * How long a client that has sent FIN waits for the next bytes of a streamed response before it counts as gone.
   * @default 10000 (node:http drops it at once)
   */
  readonly halfClosed: number;
  /**
   * The most that bytes which the operating system took add to `writeStall`, at `limits.writeMinRate`: the longest time for
   * which a client that takes nothing can hold a response. @default 1200000 (20 minutes)
   */
  readonly writeWindow: number;
  /** How long a connection may be idle between two requests. @default 5000, as in node:http */
  readonly idle: number;
  /** How long an error response waits for the peer to take it before the connection is closed. @default 2000 */
  readonly linger: number;
}

/** The defaults of {@link ServerDeadlines}. */
export const DEFAULT_SERVER_DEADLINES: ServerDeadlines = Object.freeze({
  firstByte: 15_000,
  headers: 15_000,
  bodyGrace: 5_000,
  handler: Infinity,
  writeStall: 15_000,
  halfClosed: 10_000,
  writeWindow: 1_200_000,
  idle: 5_000,
  linger: 2_000,
});
