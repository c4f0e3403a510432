/**
 * The calls that wait for a free slot of an executor: as many settle as there are slots, the oldest first.
 *
 * A call that has settled is granted a slot: others wait although the slot is still free, since two tasks that both believe
 * in it would both spawn. A spawn uses a grant up. Nothing tells that a caller will not spawn (its signal has aborted, it
 * found nothing to do), so a grant lasts until the event loop turns; then the slot passes to the next call. No wake-up is
 * lost: whatever frees a slot, a task that ends or a grant that lapses, is followed by a look at the waiting calls.
 *
 * A grant is no reservation: a task that spawns without having waited here may take the slot first.
 */

import type { Clock } from '../vocabulary/clock.ts';
import { budgetOf } from '../waiting/budget.ts';
import { checkWaitOptions, WaiterList, type WaitOptions } from '../waiting/waiter.ts';

export class FreeSlots {
  readonly #clock: Clock;
  /** How many slots no task holds. */
  readonly #count: () => number;
  readonly #waits = new WaiterList<void>();
  #granted = 0;
  #isTurning = false;

  constructor(clock: Clock, count: () => number) {
    this.#clock = clock;
    this.#count = count;
  }

  /** Waits for a grant. */
  wait(options: WaitOptions | undefined): Promise<void> {
    const budget = budgetOf(this.#clock);
    try {
      checkWaitOptions('freeSlot', options);
    } catch (error) {
      return budget.fail(error);
    }
    if (this.#hasGrant && this.#waits.size === 0) {
      if (budget.spend() === undefined) {
        this.#grant();
        return settled;
      }
      // Granted after the turn that refills the budget: a grant now would have lapsed when its call settles.
      this.#turn();
    }
    return this.#waits.wait('freeSlot', this.#clock, options);
  }

  /** A task took a slot. */
  onSpawn(): void {
    if (this.#granted > 0) this.#granted -= 1;
  }

  /** A slot may be free. */
  wake(): void {
    while (this.#waits.first !== undefined && this.#hasGrant) {
      this.#grant();
      this.#waits.first.resolve();
    }
  }

  /** No slot will be free. */
  close(reason: unknown): void {
    this.#waits.rejectAll(reason);
  }

  get #hasGrant(): boolean {
    return this.#count() > this.#granted;
  }

  #grant(): void {
    this.#granted += 1;
    this.#turn();
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#clock.defer(() => {
      this.#isTurning = false;
      this.#granted = 0;
      this.wake();
    });
  }
}

const settled = Promise.resolve();
