/**
 * What a client reports on `node:diagnostics_channel`: connections, and each attempt to send a request. Events hold methods, origins,
 * targets and counts, but no header and no byte of a body.
 */

/** One attempt to send a request. All events of it hold the same object, so that it can be a key. */
export interface ObservedRequest {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, as sent. It may hold secrets that do not belong in a URL: mind where it is written. */
  readonly target: string;
  /** Counts redirects and repetitions, from 1. */
  readonly attempt: number;
}

/** A connection is open, TLS included. */
export interface ClientConnectionOpenedEvent {
  /** The kind of event. */
  readonly type: 'connectionOpened';
  readonly origin: string;
  /** Milliseconds that connecting took. */
  readonly duration: number;
}

/** A connection is closed. */
export interface ClientConnectionClosedEvent {
  /** The kind of event. */
  readonly type: 'connectionClosed';
  readonly origin: string;
  /** How many requests it carried. */
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Milliseconds since it was open. */
  readonly duration: number;
}

/** A request has its connection, and is sent. */
export interface ClientRequestStartedEvent {
  /** The kind of event. */
  readonly type: 'requestStarted';
  readonly request: ObservedRequest;
}

/** The head of its response was received. */
export interface ClientResponseStartedEvent {
  /** The kind of event. */
  readonly type: 'responseStarted';
  readonly request: ObservedRequest;
  readonly status: number;
  /** Milliseconds since the request was started. */
  readonly duration: number;
}

/** Its response is complete, or the attempt has failed. */
export interface ClientRequestFinishedEvent {
  /** The kind of event. */
  readonly type: 'requestFinished';
  readonly request: ObservedRequest;
  /** 0 when no head was received. */
  readonly status: number;
  /** Whether the whole response was received. */
  readonly isComplete: boolean;
  /** Why it is not complete. */
  readonly error: unknown;
  /** Milliseconds since the request was started. */
  readonly duration: number;
}

/** Every event of a client; `type` says which. */
export type ClientEvent =
  | ClientConnectionOpenedEvent
  | ClientConnectionClosedEvent
  | ClientRequestStartedEvent
  | ClientResponseStartedEvent
  | ClientRequestFinishedEvent;

/** The channel of each event in `node:diagnostics_channel`. */
export const CLIENT_CHANNELS: Readonly<Record<ClientEvent['type'], string>> = Object.freeze({
  connectionOpened: 'awaitio:http:client:connection-opened',
  connectionClosed: 'awaitio:http:client:connection-closed',
  requestStarted: 'awaitio:http:client:request-started',
  responseStarted: 'awaitio:http:client:response-started',
  requestFinished: 'awaitio:http:client:request-finished',
});
