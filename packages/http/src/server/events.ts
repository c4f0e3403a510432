/**
 * What a server tells of itself: one event for each thing that happens to a connection, a request, or the server.
 *
 * The same objects go to `onEvent` and to the channels of `node:diagnostics_channel` named in {@link SERVER_CHANNELS}.
 * They hold addresses, methods, targets and counts, but no header and no byte of a body.
 */

import type { HttpVersion } from '../protocol/vocabulary/events.ts';
import type { ShutdownReport } from './options.ts';

/** A connection was accepted. */
export interface ConnectionOpenedEvent {
  /** Tells the events apart. */
  readonly type: 'connectionOpened';
  /** Counts the server's connections from 1. */
  readonly connection: number;
  /** `host:port` of the client, empty on a stream that has no address. */
  readonly remoteAddress: string;
}

/**
 * Why a connection ended: `client`: the client closed it between two requests · `server`: after an answer that said
 * `Connection: close` · `idle`: no request came in time · `deadline`: another deadline passed, see `deadline` ·
 * `refused`: what came was no request that can be served · `broken`: it was reset, or lost within a request or answer ·
 * `shutdown`: the server's shutdown closed or cut it · `upgraded`: it was handed over, and ended in another protocol.
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

/** A connection is gone. */
export interface ConnectionClosedEvent {
  /** Tells the events apart. */
  readonly type: 'connectionClosed';
  readonly connection: number;
  readonly remoteAddress: string;
  readonly reason: ConnectionEnd;
  /** The deadline that passed, as in `ServerDeadlines`. */
  readonly deadline?: string;
  /** How many requests it carried. */
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** A request's head has come; its handler begins. */
export interface RequestStartedEvent {
  /** Tells the events apart. */
  readonly type: 'requestStarted';
  readonly connection: number;
  readonly remoteAddress: string;
  readonly method: string;
  /** As it was sent. It may hold what a client should have kept to itself: mind where it is written. */
  readonly target: string;
  readonly httpVersion: HttpVersion;
}

/** A request was answered, or its answer was cut off. */
export interface RequestFinishedEvent {
  /** Tells the events apart. */
  readonly type: 'requestFinished';
  readonly connection: number;
  readonly remoteAddress: string;
  readonly method: string;
  readonly target: string;
  readonly httpVersion: HttpVersion;
  readonly status: number;
  /** Whether the whole answer was given to the stream. */
  readonly isComplete: boolean;
  /** Bytes of the request's body that were read. */
  readonly bytesIn: number;
  /** Bytes of the answer's body that were written. */
  readonly bytesOut: number;
  /** Milliseconds from the head to the answer's first byte: what the handler took. */
  readonly handlerDuration: number;
  /** Milliseconds from the head to the answer's end. */
  readonly duration: number;
  /** When it finished: milliseconds since 1970. */
  readonly time: number;
}

/** A connection or a request was turned away before a handler saw it. */
export interface RefusedEvent {
  /** Tells the events apart. */
  readonly type: 'refused';
  /** 0 when the connection itself was turned away. */
  readonly connection: number;
  readonly remoteAddress: string;
  /** The status it was answered with; 0 when it was not answered. */
  readonly status: number;
  /** The code of the error, such as `HPE_INVALID_HEADER_TOKEN` or `ERR_HTTP_HEADERS_TOO_LARGE`. */
  readonly cause: string;
}

/** The shutdown has begun: readiness is false from now on. */
export interface DrainStartedEvent {
  /** Tells the events apart. */
  readonly type: 'drainStarted';
  /** Connections that are open. */
  readonly connections: number;
}

/** The shutdown has ended. */
export interface DrainedEvent {
  /** Tells the events apart. */
  readonly type: 'drained';
  readonly report: ShutdownReport;
}

/** Everything that a server tells; `type` says which it is. */
export type ServerEvent =
  | ConnectionOpenedEvent
  | ConnectionClosedEvent
  | RequestStartedEvent
  | RequestFinishedEvent
  | RefusedEvent
  | DrainStartedEvent
  | DrainedEvent;

/** Hears what a server tells. It must not throw; what it throws goes to `onError`. */
export type EventListener = (event: ServerEvent) => void;

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
