/**
 * What a server reports: events of its connections, requests and shutdown, errors, and the report of a shutdown.
 *
 * The same event objects go to `onEvent` and to the channels of `node:diagnostics_channel` named in
 * {@link SERVER_CHANNELS}. They hold addresses, methods, targets and counts, but no header and no byte of a body.
 */

import type { HttpVersion } from '../protocol/vocabulary/events.ts';

/** A connection was accepted. */
export interface ConnectionOpenedEvent {
  /** The kind of event. */
  readonly type: 'connectionOpened';
  /** Counts the server's connections from 1. */
  readonly connection: number;
  /** `host:port` of the client, empty on a stream that has no address. */
  readonly remoteAddress: string;
}

/**
 * Why a connection ended: `client`: the client closed it between two requests · `server`: after a response with
 * `Connection: close` · `idle`: no request came in time · `deadline`: another deadline passed, see `deadline` ·
 * `refused`: the client sent no request that can be served · `broken`: it was reset, or lost within a request or
 * response · `shutdown`: the server's shutdown closed or aborted it · `upgraded`: it switched protocols, and was closed.
 */
export type ConnectionEnd =
  | 'client'
  | 'server'
  | 'idle'
  | 'deadline'
  | 'refused'
  | 'broken'
  | 'shutdown'
  | 'upgraded';

/** A connection is closed. */
export interface ConnectionClosedEvent {
  /** The kind of event. */
  readonly type: 'connectionClosed';
  readonly connection: number;
  readonly remoteAddress: string;
  readonly reason: ConnectionEnd;
  /** The option that ended it: a name of `ServerDeadlines`, or `bodyMinRate`. */
  readonly deadline?: string;
  /** How many requests it carried. */
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** A request's head was received; its handler begins. */
export interface RequestStartedEvent {
  /** The kind of event. */
  readonly type: 'requestStarted';
  readonly connection: number;
  readonly remoteAddress: string;
  readonly method: string;
  /** As it was sent. It may hold secrets that do not belong in a URL: mind where it is written. */
  readonly target: string;
  readonly httpVersion: HttpVersion;
}

/** A response was sent, or was aborted. */
export interface RequestFinishedEvent {
  /** The kind of event. */
  readonly type: 'requestFinished';
  readonly connection: number;
  readonly remoteAddress: string;
  readonly method: string;
  readonly target: string;
  readonly httpVersion: HttpVersion;
  readonly status: number;
  /** Whether the whole response was written to the stream. */
  readonly isComplete: boolean;
  /** Bytes of the request's body that were read. */
  readonly bytesIn: number;
  /** Bytes of the response's body that were written. */
  readonly bytesOut: number;
  /** Milliseconds from the request's head to the response's first byte: what the handler took. */
  readonly handlerDuration: number;
  /** Milliseconds from the request's head to the end of the response. */
  readonly duration: number;
  /** When it finished: milliseconds since 1970. */
  readonly time: number;
}

/** A connection or a request was refused before a handler saw it. */
export interface RefusedEvent {
  /** The kind of event. */
  readonly type: 'refused';
  /** 0 when the connection itself was refused. */
  readonly connection: number;
  readonly remoteAddress: string;
  /** The status of the response; 0 when none was sent. */
  readonly status: number;
  /** The code of the error, such as `HPE_INVALID_HEADER_TOKEN` or `ERR_HTTP_HEADERS_TOO_LARGE`. */
  readonly cause: string;
}

/** The shutdown has begun: readiness is false from now on. */
export interface DrainStartedEvent {
  /** The kind of event. */
  readonly type: 'drainStarted';
  /** Connections that are open. */
  readonly connections: number;
}

/** The shutdown has ended. */
export interface DrainedEvent {
  /** The kind of event. */
  readonly type: 'drained';
  readonly report: ShutdownReport;
}

/** Every event of a server; `type` says which. */
export type ServerEvent =
  | ConnectionOpenedEvent
  | ConnectionClosedEvent
  | RequestStartedEvent
  | RequestFinishedEvent
  | RefusedEvent
  | DrainStartedEvent
  | DrainedEvent;

/** Receives the events of a server. What it throws, or rejects with, goes to `onError`. */
export type EventListener = (event: ServerEvent) => void;

/** What a shutdown did. */
export interface ShutdownReport {
  /** Connections that ended on their own, every request answered. */
  readonly completed: number;
  /** Connections that were idle and closed. */
  readonly idleClosed: number;
  /** Connections that had switched protocols, and were closed in time. */
  readonly upgraded: number;
  /** Of those, the WebSockets. */
  readonly webSockets: number;
  /** Addresses of the connections that were aborted at the deadline. */
  readonly aborted: readonly string[];
}

/** Receives errors that have no caller. `request` is given when the error concerns a request. */
export type ErrorListener = (error: unknown, request: ErrorContext | undefined) => void;

/** The request that an error concerns. */
export interface ErrorContext {
  /** As it was sent. */
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** `host:port` of the client, empty on a stream that has no address. */
  readonly remoteAddress: string;
}

/** The channel of each event in `node:diagnostics_channel`. */
export const SERVER_CHANNELS: Readonly<Record<ServerEvent['type'], string>> = Object.freeze({
  connectionOpened: 'awaitio:http:server:connection-opened',
  connectionClosed: 'awaitio:http:server:connection-closed',
  requestStarted: 'awaitio:http:server:request-started',
  requestFinished: 'awaitio:http:server:request-finished',
  refused: 'awaitio:http:server:refused',
  drainStarted: 'awaitio:http:server:drain-started',
  drained: 'awaitio:http:server:drained',
});
