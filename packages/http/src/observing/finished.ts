/**
 * Requests that have ended, for those who count them.
 *
 * Who listens to the channels gets an event for each, which is an object with texts that are made for it. Counting needs none of
 * that: a watcher is called with what is there anyway, so that counting 60,000 requests a second costs little.
 */

import type { Address } from '@awaitio/core';

/** A request that has ended, valid during the call alone. */
export interface FinishedRequest {
  readonly head: { readonly method: string; readonly target: string };
  readonly connectionId: number;
  readonly remoteAddress: Address | undefined;
  /** The pattern that its handler named. */
  readonly route: string | undefined;
}

/** Counts requests. It must not throw. */
export interface FinishedWatcher {
  /**
   * @param status - 0 for no response.
   * @param duration - Milliseconds, from its head to the end of the response.
   */
  onFinished(request: FinishedRequest, status: number, isComplete: boolean, duration: number): void;
}

/** Those who count. While there is none, a request looks at a length and does no more. */
export class FinishedWatchers {
  /** Replaced by each change, so that it may change during a call. */
  list: readonly FinishedWatcher[] = [];

  /** @returns ends it; idempotent */
  add(watcher: FinishedWatcher): () => void {
    this.list = [...this.list, watcher];
    return () => {
      this.list = this.list.filter((each) => each !== watcher);
    };
  }

  tell(request: FinishedRequest, status: number, isComplete: boolean, duration: number): void {
    for (const each of this.list) each.onFinished(request, status, isComplete, duration);
  }
}

/** Those who count the requests of every server, but of hidden ones. */
export const everyServer: FinishedWatchers = new FinishedWatchers();

const ofOne = new WeakMap<object, FinishedWatchers>();

/** A server shows where its requests can be counted. */
export function showFinished(server: object, watchers: FinishedWatchers): void {
  ofOne.set(server, watchers);
}

/** Where the requests of one server are counted; `undefined` for what is no server. */
export function finishedOf(server: object): FinishedWatchers | undefined {
  return ofOne.get(server);
}
