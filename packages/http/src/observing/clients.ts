/** Every client of the process, for those who look at it: what its pools show of themselves. */

import type { ByteStream, WaitInfo } from '@awaitio/core';
import { Roster } from '@awaitio/core/lowlevel';

/** A connection of a pool, with its stream. */
export type PooledView = readonly [PooledConnection, ByteStream];

/** A connection of a pool. */
export interface PooledConnection {
  /** What its request waits for: `headers`, `body`; or `idle`, `gone`. */
  readonly holds: string;
  /** How many requests were sent on it. */
  readonly served: number;
}

/** The connections to one origin. */
export interface PoolView {
  readonly origin: string;
  /** The most connections. */
  readonly limit: number;
  readonly idle: number;
  /** Connections that are being opened. */
  readonly connecting: number;
  /** Requests that wait for a connection, oldest first. */
  readonly waits: readonly WaitInfo[];
  readonly connections: readonly PooledView[];
}

/** A client. */
export interface ClientView {
  /** Counts the clients of the process from 1. */
  readonly id: number;
  readonly pools: readonly PoolView[];
}

/** The clients that exist, oldest first. */
export const clients: Roster<ClientView> = new Roster();
