/**
 * The clock of one life of a host.
 *
 * The timers that its programs set end with the life: they never fire, and the run does not wait for them. While the machine is
 * paused they are late: those that are due meanwhile fire when it goes on, in their order, and before what has arrived from outside,
 * as the phases of Node's event loop do after a long pause.
 *
 * Code outside, of the main program or of another host, goes on after the crash, and so do its timers: where they ended, a timeout
 * would never pass, and a call that found the budget of this clock empty would never settle.
 */

import { makeRoom } from '../../../vocabulary/attached.ts';
import { checkValue, type OptionRule } from '../../../vocabulary/check.ts';
import type { Timer } from '../../../vocabulary/clock.ts';
import { AsyncScope } from '../../../waiting/async-scope.ts';
import { checkedSleep, checkTimer } from '../../../waiting/system-clock.ts';
import { isIn } from './context.ts';
import type { Dial, TrueTime } from './dial.ts';
import type { SimHostClock } from './types.ts';

/** Virtual time, as a machine is subject to it. */
export interface MachineTime extends TrueTime {
  /** Calls back as a timer of the program, in no async context. */
  arm(callback: () => void, delay: number): Timer;
  /** Calls back as an event that is not the program's. */
  schedule(callback: () => void, delay: number): Timer;
}

/** The life, as its clock sees it. */
export interface ClockOwner {
  readonly isOver: boolean;
  readonly isPaused: boolean;
  onClockChange(event: 'jump' | 'skew', value: number): void;
}

const rateRule: OptionRule = {
  expected: 'a rate from 0.1 to 10, where 1 is true time',
  accepts: (value) => typeof value === 'number' && value >= 0.1 && value <= 10,
};
const jumpRule: OptionRule = {
  expected: 'a finite number of milliseconds',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value),
};

/** The number of a rate in the trace. */
const PER_MILLION = 1e6;

export class HostClock implements SimHostClock {
  readonly #time: MachineTime;
  readonly #dial: Dial;
  readonly #owner: ClockOwner;
  readonly #timers = new Set<HostTimer>();
  /** The key of what code outside keeps for this clock. */
  readonly #outside = {};

  constructor(time: MachineTime, dial: Dial, owner: ClockOwner) {
    makeRoom(this);
    this.#time = time;
    this.#dial = dial;
    this.#owner = owner;
  }

  now(): number {
    return this.#dial.now();
  }

  wallTime(): number {
    return this.#dial.wallTime();
  }

  setTimer(callback: () => void, delay: number): Timer {
    checkTimer(callback, delay);
    const due = this.#dial.now() + (delay > 0 ? delay : 0);
    const timer = new HostTimer(this.#timers, callback, due, this.#isCalledFromOutside);
    if (!this.#owner.isOver || timer.isOutside) this.#arm(timer);
    return timer;
  }

  /** The key under which the caller keeps what it has for this clock: what ends with the programs must not hold up code outside. */
  get key(): object {
    return this.#isCalledFromOutside ? this.#outside : this;
  }

  get #isCalledFromOutside(): boolean {
    return !isIn(this.#owner);
  }

  defer(callback: () => void): void {
    this.setTimer(callback, 0);
  }

  sleep(delay: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    return checkedSleep(this, delay, options);
  }

  get rate(): number {
    return this.#dial.rate;
  }

  skew(rate: number): void {
    checkValue('skew', 'rate', rate, rateRule);
    this.#dial.skew(rate);
    this.#owner.onClockChange('skew', Math.round(rate * PER_MILLION));
    this.#armAgain();
  }

  jump(milliseconds: number): void {
    checkValue('jump', 'milliseconds', milliseconds, jumpRule);
    this.#dial.jump(milliseconds);
    this.#owner.onClockChange('jump', Math.round(milliseconds));
  }

  /** The machine goes on: what is late fires now, what was due first before the rest. */
  catchUp(): void {
    const late = [...this.#timers].filter(({ isLate }) => isLate);
    for (const timer of late.toSorted((one, other) => one.due - other.due)) {
      timer.isLate = false;
      timer.arm(this.#time, 0, this.#fire);
    }
  }

  /** The life is over: no timer of its programs fires any more. */
  stop(): void {
    this.catchUp();
    for (const timer of this.#timers) if (!timer.isOutside) timer.cancel();
    this.#dial.follow(() => {
      this.#armAgain();
    });
  }

  #armAgain(): void {
    for (const timer of this.#timers) if (!timer.isLate) this.#arm(timer);
  }

  #arm(timer: HostTimer): void {
    timer.arm(this.#time, this.#dial.toTrue(timer.due - this.#dial.now()), this.#fire);
  }

  readonly #fire = (timer: HostTimer): void => {
    if (this.#owner.isPaused) timer.isLate = true;
    // Where the rate was changed, a delay in true time is rounded.
    else if (timer.due > this.#dial.now()) this.#arm(timer);
    else timer.fire();
  };
}

class HostTimer implements Timer {
  readonly #timers: Set<HostTimer>;
  readonly #callback: () => void;
  /** The context of the code that set it. */
  readonly #scope = new AsyncScope();
  /** By the host's clock. */
  readonly due: number;
  /** Whether code outside of the life has set it. */
  readonly isOutside: boolean;
  /** Whether it was due while the machine was paused. */
  isLate = false;
  #event: Timer | undefined;
  #isRef = true;

  constructor(timers: Set<HostTimer>, callback: () => void, due: number, isOutside: boolean) {
    this.#timers = timers;
    this.#callback = callback;
    this.due = due;
    this.isOutside = isOutside;
  }

  arm(time: MachineTime, delay: number, onFire: (timer: HostTimer) => void): void {
    this.#event?.cancel();
    this.#event = time.arm(() => {
      onFire(this);
    }, delay);
    if (!this.#isRef) this.#event.unref();
    this.#timers.add(this);
  }

  cancel(): void {
    this.#event?.cancel();
    this.#timers.delete(this);
  }

  unref(): void {
    this.#isRef = false;
    this.#event?.unref();
  }

  /** As timers of Node have it, which are made of this. */
  ref(): void {
    this.#isRef = true;
    (this.#event as { ref?: () => void } | undefined)?.ref?.();
  }

  fire(): void {
    this.#timers.delete(this);
    this.#scope.run(this.#callback);
  }
}
