/** How long each phase of a server's connection may take: only the time in which the peer keeps this side waiting counts. */

/** The phases of a server's connection, in milliseconds; `Infinity` switches one off. */
export interface ServerDeadlines {
  /** From the connection to the first byte of its first request. @default 15000 */
  readonly firstByte: number;
  /** From the first byte of a request to the end of its headers. @default 15000 (node:http has 60000, checked each 30 s) */
  readonly headers: number;
  /** How long a body may keep its reader waiting before `limits.bodyMinRate` counts. @default 5000, as in Kestrel */
  readonly bodyGrace: number;
  /** How long a handler may take until it answers. @default Infinity, as in node:http */
  readonly handler: number;
  /** How long a peer that reads nothing may hold the answer up. @default 15000 */
  readonly writeStall: number;
  /** How long a connection may idle between two requests. @default 5000, as in node:http */
  readonly idle: number;
  /** How long an error answer waits for the peer to take it before the connection is cut. @default 2000 */
  readonly linger: number;
}

/** The defaults of {@link ServerDeadlines}. */
export const DEFAULT_SERVER_DEADLINES: ServerDeadlines = Object.freeze({
  firstByte: 15_000,
  headers: 15_000,
  bodyGrace: 5_000,
  handler: Infinity,
  writeStall: 15_000,
  idle: 5_000,
  linger: 2_000,
});
