/** What both sides of an opening handshake have in common, and why a client got no WebSocket from a server that answered. */

import { invalidInput, rules, withDefaults, type OptionTable } from '@awaitio/core/lowlevel';
import { ProtocolError } from '../protocol/vocabulary/errors.ts';
import { fieldList, type HeadersInput } from '../protocol/vocabulary/fields.ts';
import { COMPRESSION, type CompressionOptions } from './compression/compression-options.ts';
import {
  DEADLINES,
  DEFAULT_WEBSOCKET_DEADLINES,
  DEFAULT_WEBSOCKET_LIMITS,
  LIMITS,
  PROTOCOLS,
  type Some,
  type WebSocketDeadlines,
  type WebSocketLimits,
} from './options.ts';

/** The options that `webSocket` and `connectWebSocket` have in common. */
export interface OpeningOptions {
  /** More fields of the message that opens the WebSocket. */
  readonly headers?: HeadersInput | undefined;
  readonly protocols?: readonly string[] | undefined;
  readonly compression?: CompressionOptions | undefined;
  readonly limits?: Some<WebSocketLimits> | undefined;
  readonly deadlines?: Some<WebSocketDeadlines> | undefined;
}

/** What {@link OpeningOptions} may be. */
export const OPENING_OPTIONS: OptionTable<OpeningOptions> = {
  protocols: PROTOCOLS,
  headers: { ...rules.object, isSecret: true },
  compression: rules.group(COMPRESSION),
  limits: rules.group(LIMITS),
  deadlines: rules.group(DEADLINES),
};

/** What says what a WebSocket is like: two of them, or one that says otherwise, and the other side fails the connection. */
const OF_HANDSHAKE = /^(?:upgrade|sec-websocket-.*)$/i;

/**
 * The fields of a program, then those of the handshake (RFC 6455 sections 4.1 and 4.2.2).
 *
 * @throws `InvalidInputError` for a field of the handshake among those of the program.
 */
export function openingFields(
  operation: string,
  given: HeadersInput | undefined,
  own: readonly (readonly [string, string])[],
): [string, string][] {
  const fields = fieldList(given);
  const pairs: [string, string][] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    if (OF_HANDSHAKE.test(name)) {
      const expected =
        'without Upgrade and Sec-WebSocket-*, which the handshake sends: see `protocols` and `compression`';
      throw invalidInput(operation, 'headers', expected, name);
    }
    pairs.push([name, fields[at + 1] as string]);
  }
  for (const [name, value] of own) pairs.push([name, value]);
  return pairs;
}

/** The limits and deadlines, where none are given the defaults. */
export function settingsOf({ limits, deadlines }: OpeningOptions): {
  readonly limits: WebSocketLimits;
  readonly deadlines: WebSocketDeadlines;
} {
  return {
    limits: withDefaults(DEFAULT_WEBSOCKET_LIMITS, limits),
    deadlines: withDefaults(DEFAULT_WEBSOCKET_DEADLINES, deadlines),
  };
}

/** The server’s response did not open a WebSocket; the connection is closed. */
export class WebSocketHandshakeError extends ProtocolError {
  override name = 'WebSocketHandshakeError';
  /** The status of the response: 101 when it switched protocols, but not as RFC 6455 section 4.1 says. */
  readonly status: number;

  constructor(expected: string, status: number) {
    const got = status === 101 ? 'another response' : `status ${status}`;
    super(`connectWebSocket: expected ${expected}, got ${got}`, 'ERR_WEBSOCKET_HANDSHAKE');
    this.status = status;
  }
}
