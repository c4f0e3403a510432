/**
 * An `accept` that stays: for a loop that takes each connection as it arrives, without a promise, a waiter and a resumed function
 * for each.
 *
 * It leaves when a connection has arrived and there is no room for it. That one stays in the queue, unread: a slot comes
 * first, then a connection.
 */

import { ListedWaiter, type WaiterList } from '../waiting/waiter.ts';

/** Takes connections as they arrive. */
export interface Taker<in S> {
  /** Whether it takes one more. */
  readonly hasRoom: boolean;
  /** Takes one; what it throws is what its `acceptEach` rejects with. */
  take(stream: S): void;
}

/** The calls of `accept`, and those that stay. */
export type Accepts<S> = WaiterList<S | undefined>;

export class StandingAccept<S> extends ListedWaiter<S | undefined> {
  taker: Taker<S> | undefined;

  /** A connection is there: takes it from `next`, or settles. */
  serve(accepts: Accepts<S>, next: () => S | undefined): void {
    const { taker } = this;
    if (taker?.hasRoom !== true) {
      this.resolve(undefined);
      return;
    }
    // The others go first next time.
    if (accepts.size > 1) {
      accepts.remove(this);
      accepts.add(this);
    }
    const stream = next();
    try {
      if (stream !== undefined) taker.take(stream);
    } catch (error) {
      this.reject(error);
    }
  }
}
