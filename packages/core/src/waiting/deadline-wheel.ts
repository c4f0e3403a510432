/**
 * Deadlines of many connections on one timer: a hashed timing wheel (Varghese and Lauck, 1987) that is lazy.
 *
 * A connection moves its deadline with every request, nearly always to a later moment, and hardly ever reaches it. So
 * setting a later one only writes a number: the entry stays in its slot, and is moved on when the wheel reaches that
 * slot and finds that the deadline is later. Only an earlier deadline moves the entry at once. The timer is armed for
 * the first slot that is not empty, so a wheel without entries costs nothing and an idle process sleeps.
 *
 * Deadlines fire up to one resolution late, and never early, counted from the cached time at which they were set
 * ({@link cachedNow}).
 */

import { containResult, failureOf, stderrSink } from '../vocabulary/callbacks.ts';
import { AsyncScope } from './async-scope.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { cachedNow } from './system-clock.ts';

/** The width of a slot in milliseconds, and so how late a deadline may be. */
const RESOLUTION = 50;
/** How many slots; a deadline further away than all of them goes around again. */
const SLOTS = 512;

/** Is notified when its deadline has passed. */
export interface DeadlineOwner {
  /** The deadline has passed. */
  onDeadline(): void;
}

/** One movable deadline: each connection has one. */
export class Deadline {
  readonly #wheel: DeadlineWheel;
  readonly owner: DeadlineOwner;
  /** When to fire, on the wheel's clock; `Infinity` for never. */
  at: number = Infinity;
  /** The tick whose slot holds the entry, or -1. */
  tick: number = -1;
  previous: Deadline | undefined;
  next: Deadline | undefined;

  constructor(wheel: DeadlineWheel, owner: DeadlineOwner) {
    this.#wheel = wheel;
    this.owner = owner;
  }

  /** Fires in `delay` milliseconds unless set again; `Infinity` for never. */
  set(delay: number): void {
    if (delay === Infinity) {
      this.at = Infinity;
      return;
    }
    this.at = this.#wheel.now() + delay;
    this.#wheel.place(this);
  }

  /** Never fires, until set again. */
  clear(): void {
    this.at = Infinity;
  }

  /** Leaves the wheel for good, so that the wheel does not keep the owner alive. */
  remove(): void {
    this.at = Infinity;
    this.#wheel.remove(this);
  }
}

/** The wheel for the deadlines of one server, or of one client. */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #slots: (Deadline | undefined)[] = Array.from({ length: SLOTS });
  /** Of the timer: it must not keep the context of the request that sets a deadline. */
  readonly #scope = new AsyncScope();
  #size = 0;
  /** The last tick that was processed. */
  #done: number;
  #timer: Timer | undefined;
  #armedFor = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#done = Math.floor(clock.now() / RESOLUTION);
  }

  /** How many deadlines the wheel holds. */
  get size(): number {
    return this.#size;
  }

  /** The time on the wheel’s clock from which deadlines count, in milliseconds; it may be the cached one. */
  now(): number {
    return cachedNow(this.#clock);
  }

  /** Puts the entry where it is processed no later than its deadline. */
  place(entry: Deadline): void {
    const wanted = Math.ceil(entry.at / RESOLUTION);
    if (entry.tick !== -1) {
      if (entry.tick <= wanted) return;
      this.remove(entry);
    }
    this.#insert(entry, wanted);
    if (entry.tick < this.#armedFor) this.#arm(entry.tick);
  }

  /** Takes a deadline out of the wheel. */
  remove(entry: Deadline): void {
    if (entry.tick === -1) return;
    if (entry.previous === undefined) this.#slots[entry.tick % SLOTS] = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
    entry.tick = -1;
    this.#size -= 1;
  }

  #insert(entry: Deadline, wanted: number): void {
    // An empty wheel may have slept for long: its slots begin at the current tick.
    if (this.#size === 0) this.#done = Math.floor(this.#clock.now() / RESOLUTION);
    const tick = Math.min(Math.max(wanted, this.#done + 1), this.#done + SLOTS - 1);
    const slot = tick % SLOTS;
    const head = this.#slots[slot];
    entry.tick = tick;
    entry.next = head;
    if (head !== undefined) head.previous = entry;
    this.#slots[slot] = entry;
    this.#size += 1;
  }

  #arm(tick: number): void {
    this.#timer?.cancel();
    this.#armedFor = tick;
    const delay = Math.max(0, tick * RESOLUTION - this.#clock.now());
    this.#timer = this.#scope.run(startTimer, this.#clock, this.#advance, delay);
    this.#timer.unref();
  }

  /** Processes every slot whose time has come, and arms the timer for the next one that is not empty. */
  readonly #advance = (): void => {
    this.#timer = undefined;
    this.#armedFor = Infinity;
    const now = this.#clock.now();
    const current = Math.floor(now / RESOLUTION);
    const from = Math.max(this.#done + 1, current - SLOTS + 1);
    this.#done = current;
    for (let tick = from; tick <= current; tick += 1) this.#empty(tick % SLOTS, now);
    if (this.#size === 0) return;
    for (let tick = current + 1; tick < current + SLOTS; tick += 1) {
      if (this.#slots[tick % SLOTS] !== undefined) {
        if (tick < this.#armedFor) this.#arm(tick);
        return;
      }
    }
  };

  #empty(slot: number, now: number): void {
    let entry = this.#slots[slot];
    const due: Deadline[] = [];
    while (entry !== undefined) {
      const { next } = entry;
      this.remove(entry);
      if (entry.at <= now) due.push(entry);
      else if (entry.at !== Infinity) this.#insert(entry, Math.ceil(entry.at / RESOLUTION));
      entry = next;
    }
    // Notified last: an owner may set, or remove, any deadline of this wheel.
    for (const passed of due) {
      if (passed.at > now) continue;
      passed.at = Infinity;
      notify(passed.owner);
    }
  }
}

/** One owner that fails must not keep the others from their deadlines. */
function notify(owner: DeadlineOwner): void {
  try {
    const returned: unknown = owner.onDeadline();
    if (returned !== undefined) containResult('onDeadline', returned, stderrSink);
  } catch (error) {
    stderrSink.onCallbackFailure(failureOf(error, 'onDeadline'), 'onDeadline');
  }
}

function startTimer(clock: Clock, callback: () => void, delay: number): Timer {
  return clock.setTimer(callback, delay);
}
