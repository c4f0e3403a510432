/**
 * The pending waits on a clock, for a report about a program that hangs.
 *
 * A network knows its streams and can ask each for its waits. A channel or a semaphore belongs to nothing, so it would be
 * missing from such a report. A reporter watches a clock; from then on everything that waits on that clock, and
 * has a name, is on the clock's board while it has a waiter. On a clock that is not watched, as the system's, this costs one
 * test of one variable per wait.
 */

import { Attached } from '../vocabulary/attached.ts';
import type { Clock } from '../vocabulary/clock.ts';
import type { WaitInfo } from './waiter.ts';

/** What has waiters, and a name. */
export interface WaitSource {
  /** What is waited for, such as `channel "jobs"`. */
  readonly subject: string;
  /** Adds the waits, as snapshots show them, to `into`. */
  describe(now: number, into: WaitInfo[]): void;
}

/** The sources on one clock that have a waiter now. */
export type WaitBoard = Set<WaitSource>;

const boards = new Attached<WaitBoard>();

/** Watches a clock: what is made from now on is on the board that is returned. */
export function watchWaits(clock: Clock): WaitBoard {
  let board = boards.of(clock);
  if (board === undefined) {
    board = new Set();
    boards.set(clock, board);
  }
  return board;
}

/** The board of a clock; `undefined` when it is not watched. */
export function boardOf(clock: Clock): WaitBoard | undefined {
  return boards.of(clock);
}
