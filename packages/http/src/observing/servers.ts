/** Every server of the process, for those who look at it: what a server and its connections show of themselves. */

import type { Address, ByteStream, Clock, ListenerStatistics } from '@awaitio/core';
import { Roster } from '@awaitio/core/lowlevel';

/** A request in progress. */
export interface ExchangeView {
  readonly head: {
    readonly method: string;
    readonly target: string;
    readonly contentLength?: number | undefined;
  };
  /** When its head was there, on the server's clock. */
  readonly startedAt: number;
  /** Whether a reader waits for more of the request's body. */
  readonly isReading: boolean;
  readonly isRequestRead: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** 0 before the response. */
  readonly status: number;
}

/** A connection of a server. */
export interface ConnectionView {
  /** Counts the server's connections from 1. */
  readonly id: number;
  readonly stream: ByteStream;
  readonly remoteAddress: Address | undefined;
  readonly openedAt: number;
  /** Requests answered. */
  readonly answered: number;
  readonly isSwitched: boolean;
  readonly phases: {
    readonly now: string;
    /** On the server's clock; `Infinity` for none. */
    readonly deadlineAt: number;
  };
  readonly exchange: ExchangeView | undefined;
  readonly task: { readonly id: number } | undefined;
}

/** A shutdown. */
export interface DrainView {
  /** When it began, on the server's clock. */
  readonly startedAt: number;
  readonly lameDuck: number;
  readonly grace: number;
  /** What it did, when it has ended. */
  readonly report: DrainReport | undefined;
}

/** See `ShutdownReport`. */
export interface DrainReport {
  readonly completed: number;
  readonly idleClosed: number;
  readonly upgraded: number;
  readonly webSockets: number;
  readonly aborted: readonly string[];
}

/** See `ServerStatistics`. */
export interface CountsView {
  readonly connections: { readonly open: number; readonly idle: number; readonly total: number };
  readonly requests: {
    readonly active: number;
    readonly completed: number;
    readonly failed: number;
    readonly refused: Readonly<Record<number, number>>;
  };
  readonly isDraining: boolean;
}

/** A server. */
export interface ServerView {
  /** Counts the servers of the process from 1. */
  readonly id: number;
  readonly url: string;
  readonly runtime: {
    readonly clock: Clock;
    /** Whether it is that of an inspector: it is not shown, and emits no event. */
    readonly isHidden: boolean;
    readonly drain: DrainView | undefined;
    readonly deadlines: {
      /** How long the head of a request may take, in milliseconds. */
      readonly headers: number;
    };
  };
  readonly executor: object;
  readonly counts: CountsView;
  readonly admission: ListenerStatistics | undefined;
  readonly connections: Iterable<ConnectionView>;
}

/** The servers that exist, oldest first, also the hidden ones. */
export const servers: Roster<ServerView> = new Roster();

const hidden = new WeakSet<object>();

/** Hides the server that will have this listener: that of an inspector. */
export function hide(listener: object): void {
  hidden.add(listener);
}

/** Whether a listener was hidden. */
export function isHidden(listener: object): boolean {
  return hidden.has(listener);
}
