/** Limits and deadlines of a WebSocket, the same for both sides, and their rules. */

import type { ByteStream, Clock } from '@awaitio/core';
import { rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { Role } from './protocol/connection.ts';
import type { Compression } from './compression/compression.ts';
import { DEFAULT_PROTOCOL_LIMITS, type WebSocketProtocolLimits } from './protocol/limits.ts';
import type { NextMask } from './protocol/sender.ts';

/** Limits on what a peer sends, and on what waits to be sent to it. */
export interface WebSocketLimits extends WebSocketProtocolLimits {
  /**
   * Bytes, of text characters, that may lie unread: whole messages, and what has come of a long one that is not received yet, or read
   * in parts. Then reading stops; a message beyond that is not cut. @default 1048576
   */
  readonly readAheadBytes: number;
  /** Messages that may wait for room at once; another `send` fails with a `LimitError`. @default 16 */
  readonly pendingSends: number;
  /**
   * How fast the peer has to take what waits for it, in bytes per second on average; 0 for no minimum. `deadlines.writeStall` is
   * its grace. @default 1000, as that of a server
   */
  readonly writeMinRate: number;
}

/** The defaults of {@link WebSocketLimits}. */
export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = Object.freeze({
  ...DEFAULT_PROTOCOL_LIMITS,
  readAheadBytes: 1_048_576,
  pendingSends: 16,
  writeMinRate: 1_000,
});

/** How long a peer may keep a WebSocket waiting, in milliseconds; `Infinity` disables one. */
export interface WebSocketDeadlines {
  /** Silence of the peer after which it is sent a ping. @default 30000 */
  readonly ping: number;
  /** From that ping to anything from the peer; then the connection counts as lost. @default 15000 */
  readonly pong: number;
  /** How long no message may come or go; then this side closes with 1000. @default Infinity */
  readonly idle: number;
  /** From this side’s close frame to the end of the connection; then it is reset. @default 5000 */
  readonly close: number;
  /**
   * How long the peer may take nothing of what waits to be sent, before `limits.writeMinRate` applies; then the connection is
   * reset. @default 15000
   */
  readonly writeStall: number;
  /** The most that bytes which the operating system took add to `writeStall`, at `limits.writeMinRate`. @default 1200000 */
  readonly writeWindow: number;
}

/** The defaults of {@link WebSocketDeadlines}. */
export const DEFAULT_WEBSOCKET_DEADLINES: WebSocketDeadlines = Object.freeze({
  ping: 30_000,
  pong: 15_000,
  idle: Infinity,
  close: 5_000,
  writeStall: 15_000,
  writeWindow: 1_200_000,
});

/** Some of the values of a bag; the others keep their defaults. */
export type Some<Bag> = { readonly [Name in keyof Bag]?: Bag[Name] | undefined };

/** What {@link WebSocketLimits} may be. */
export const LIMITS: OptionTable<WebSocketLimits> = {
  frameBytes: rules.count,
  messageBytes: rules.count,
  inflatedBytes: rules.count,
  compressionRatio: {
    expected: 'a number from 1, or Infinity',
    accepts: (value) => typeof value === 'number' && value >= 1,
  },
  fragments: rules.count,
  controlFrames: rules.count,
  readAheadMessages: rules.whole(1),
  readAheadBytes: rules.count,
  pendingSends: rules.whole(1),
  writeMinRate: {
    expected: 'a number from 0, or Infinity',
    accepts: (value) => typeof value === 'number' && value >= 0,
  },
};

/** What {@link WebSocketDeadlines} may be. */
export const DEADLINES: OptionTable<WebSocketDeadlines> = {
  ping: rules.milliseconds,
  pong: rules.milliseconds,
  idle: rules.milliseconds,
  close: rules.milliseconds,
  writeStall: rules.milliseconds,
  writeWindow: rules.milliseconds,
};

/** What a session is made of. */
export interface SessionParts {
  readonly stream: ByteStream;
  /** Of the request, with the scheme `ws:` or `wss:`. */
  readonly url: string;
  readonly role: Role;
  readonly clock: Clock;
  readonly limits: WebSocketLimits;
  readonly deadlines: WebSocketDeadlines;
  readonly nextMask: NextMask;
  /** What was agreed on. */
  readonly compression?: Compression | undefined;
}

const PROTOCOL = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Names of subprotocols (RFC 6455 section 4.1): tokens, each once. */
export const PROTOCOLS = {
  expected: 'a list of different tokens, such as chat.v1',
  accepts: (value: unknown): boolean =>
    Array.isArray(value) &&
    new Set(value).size === value.length &&
    value.every((name) => typeof name === 'string' && PROTOCOL.test(name)),
};
