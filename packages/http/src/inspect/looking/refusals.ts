/** Counts refusals by cause. */

import type { RefusedBytes } from '../../observing/refused-bytes.ts';
import type { RefusalModel } from './model.ts';
import { ruleOf } from './rules-of-refusals.ts';
import { printable } from './safe-text.ts';

/** Peers that are kept for each cause. */
const MOST_PEERS = 5;
/** Causes are codes of errors; a code that a program invents must not fill the memory. */
const MOST_CAUSES = 64;

interface Refusal {
  readonly status: number;
  readonly firstAt: number;
  count: number;
  lastAt: number;
  peers: string[];
  bytes: RefusalModel['bytes'];
}

/** What was refused. */
export class Refusals {
  readonly #causes = new Map<string, Refusal>();

  /** A connection or a request was refused. */
  add(cause: string, status: number, peer: string, now: number): void {
    let refusal = this.#causes.get(cause);
    if (refusal === undefined) {
      if (this.#causes.size >= MOST_CAUSES) return;
      refusal = { status, firstAt: now, count: 0, lastAt: now, peers: [], bytes: null };
      this.#causes.set(cause, refusal);
    }
    refusal.count += 1;
    refusal.lastAt = now;
    const others = refusal.peers.filter((each) => each !== peer);
    refusal.peers = [printable(peer), ...others].slice(0, MOST_PEERS);
  }

  /** The bytes of the refusal that was added last for this cause. @param most - The most to keep */
  addBytes(cause: string, { bytes, at }: RefusedBytes, most: number): void {
    const refusal = this.#causes.get(cause);
    if (refusal === undefined) return;
    // The end of them: the fault is there.
    const shown = bytes.subarray(Math.max(0, bytes.length - most));
    const hex = Buffer.from(shown).toString('hex');
    refusal.bytes = { hex, at: Math.max(0, at - (bytes.length - shown.length)) };
  }

  /** The latest first. */
  models(): readonly RefusalModel[] {
    return Array.from(this.#causes, ([cause, refusal]) => ({
      cause: printable(cause),
      ...ruleOf(cause),
      ...refusal,
      peers: [...refusal.peers],
    })).toSorted((a, b) => b.lastAt - a.lastAt);
  }
}
