/** Connections of the protocol, and what they make of bytes. */

import { expect } from '@jest/globals';
import { HttpConnection } from '../../src/protocol/connection.ts';
import type { RequestHeadInput, ResponseHeadInput } from '../../src/protocol/head-input.ts';
import { NEED_DATA, PAUSED, type ConnectionEvent } from '../../src/protocol/vocabulary/events.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';

export const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export const coded = (code: string, statusHint?: number): unknown =>
  expect.objectContaining(statusHint === undefined ? { code } : { code, statusHint });

export const GET: RequestHeadInput = {
  method: 'GET',
  target: '/',
  fields: ['Host', 'a'],
  hasBody: false,
  length: undefined,
};

export const OK: ResponseHeadInput = { status: 200, fields: [], length: 0, date: '' };

export const GET_BYTES = bytes('GET / HTTP/1.1\r\nHost: a\r\n\r\n');

/** A server's connection that has taken a whole request. */
export function asked(
  request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  limits?: Partial<ProtocolLimits>,
): HttpConnection {
  const server = new HttpConnection('server', { ...DEFAULT_LIMITS, ...limits });
  server.receive(bytes(request));
  drain(server);
  return server;
}

export function drain(
  connection: HttpConnection,
): (ConnectionEvent | typeof NEED_DATA | typeof PAUSED)[] {
  const events = [];
  for (;;) {
    const event = connection.nextEvent();
    events.push(event);
    if (event === NEED_DATA || event === PAUSED) return events;
  }
}

export const types = (connection: HttpConnection): (string | symbol)[] =>
  drain(connection).map((event) => (typeof event === 'symbol' ? event : event.type));
