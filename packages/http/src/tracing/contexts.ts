/**
 * What the tracing channels carry. The objects are those of the program, headers included, which may hold secrets: a tracer says what of
 * them it keeps. Times are milliseconds on the clock of the server or client.
 */

import type { HttpVersion } from '../protocol/vocabulary/events.ts';
import type { FieldList } from '../protocol/vocabulary/fields.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import type { HttpRequest } from '../message/request.ts';
import type { HttpResponse } from '../message/response.ts';

/**
 * A request that a server received.
 *
 * `start`: its head was received; the handler runs in the stores that are bound to this channel. `end`: the handler has returned, or waits.
 * `asyncStart`: the response begins. `asyncEnd`: it was sent, or aborted, or the connection has switched protocols. `error`: the
 * handler failed, other than with an `HttpProblem`, or the response could not be completed.
 */
export interface ServerRequestTrace {
  /** The request of the handler. Its `route` is what the handler has set by then. */
  readonly request: HttpRequest;
  /** Counts the server's connections from 1. */
  readonly connection: number;
  /** Whether the connection is encrypted. */
  readonly isEncrypted: boolean;
  /** From `asyncStart` on; 0 when there is no response. */
  readonly status: number;
  /** From `asyncStart` on; `undefined` when there is none, and after a switch of protocols. */
  readonly response: HttpResponse | undefined;
  /** At `asyncEnd`: whether the whole response was written to the stream. */
  readonly isComplete: boolean;
  /** Bytes of the request's body that were read. */
  readonly bytesIn: number;
  /** Bytes of the response's body that were written. */
  readonly bytesOut: number;
  /** At `asyncEnd`: milliseconds since `start`. */
  readonly duration: number;
  /** Why it failed. */
  readonly error: unknown;
}

/**
 * One attempt of a client to send a request: each redirect and each repetition is another.
 *
 * `start`: before there is a connection for it. `end`: it waits. `asyncStart`: the head of its response was received, or it has failed.
 * `asyncEnd`: the response is complete, was discarded, or has failed. `error`: before either; a response that is discarded is no failure.
 */
export interface ClientRequestTrace {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** Counts redirects and repetitions, from 1. */
  readonly attempt: number;
  /** Name, value, name, value…, as sent, but for what the protocol adds. */
  readonly fields: FieldList;
  /** The length of the request's body in bytes; `undefined` when it is not known. */
  readonly bodyLength: number | undefined;
  /** The status of the response; 0 when no head was received. */
  readonly status: number;
  /** The server's HTTP version, from `asyncStart` on. */
  readonly httpVersion: HttpVersion | undefined;
  /** The fields of the response, from `asyncStart` on. */
  readonly headers: Headers | undefined;
  /** The length of the response's body in bytes, as its head says; `undefined` when it does not. */
  readonly responseLength: number | undefined;
  /** At `asyncEnd`: whether the whole response was received. */
  readonly isComplete: boolean;
  /** At `asyncStart` and `asyncEnd`: milliseconds since `start`. */
  readonly duration: number;
  /** Why it failed. */
  readonly error: unknown;
  /**
   * Sets a field of this attempt, in place of those of this name. Only while `start` is published; later it does nothing.
   *
   * @param name - Of the field, such as `traceparent`.
   * @param value - Visible latin1 characters, spaces and tabs.
   * @throws `LocalProtocolError` for a name or a value that must not be sent; `InvalidInputError` for a value that is no string.
   */
  setHeader(name: string, value: string): void;
}

/**
 * A connection of a server.
 *
 * `start`: it was accepted; the handlers of its requests run in the stores that are bound to this channel. `asyncStart` and `asyncEnd`: it
 * is closed. `error`: it broke, or the client sent what cannot be served.
 */
export interface ServerConnectionTrace {
  /** Counts the server's connections from 1. */
  readonly connection: number;
  /** `host:port` of the client, empty on a stream that has no address. */
  readonly remoteAddress: string;
  /** Why it ended: a `ConnectionEnd`; empty before. */
  readonly reason: string;
  /** How many requests it carried. */
  readonly requests: number;
  readonly error: unknown;
}

/**
 * A connection of a client.
 *
 * `start`: it is being opened; that runs in the stores that are bound to this channel. `asyncStart`: it is open, TLS included, or could not be
 * opened. `asyncEnd`: it is closed. `error`: it could not be opened.
 */
export interface ClientConnectionTrace {
  /** Scheme, host and port. */
  readonly origin: string;
  /** How many requests it carried. */
  readonly requests: number;
  readonly error: unknown;
}

/**
 * A WebSocket.
 *
 * `start`: its handshake is done. `asyncStart` and `asyncEnd`: its connection is closed. `error`: its end was not clean.
 */
export interface WebSocketTrace {
  readonly role: 'client' | 'server';
  /** The subprotocol; empty for none. */
  readonly protocol: string;
  /** The code of the close frame; 0 before. */
  readonly code: number;
  readonly error: unknown;
}
