/**
 * Virtual time: a clock that stands still until it is stepped to its next event.
 *
 * Time is kept in whole microseconds, so that adding delays never rounds. Events are ordered by time, then by the order in
 * which they were scheduled, unless another order is set for those of one moment. So two runs that schedule the same events in the same order run them in the same order, on
 * every machine. The clock does not step itself: the simulation first lets every promise settle that can, and then jumps.
 */

import { makeRoom } from '../../../vocabulary/attached.ts';
import type { Clock, Timer } from '../../../vocabulary/clock.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { AsyncScope } from '../../../waiting/async-scope.ts';
import { checkedSleep, checkTimer } from '../../../waiting/system-clock.ts';
import type { Lane, Order } from '../decisions/order.ts';
import { currentLife } from '../hosts/context.ts';

/** 2020-01-01T00:00:00Z: the date at the start of a simulation. */
const EPOCH = 1_577_836_800_000;
/** The longest delay, in milliseconds: over 8 years, far beyond every deadline. */
const MAX_DELAY = 0x3f_ffff_ffff;
/** Cancelled events are removed from the heap when there are more of them than this, and than live ones. */
const SWEEP_AT = 64;

class SimEvent implements Timer {
  readonly micros: number;
  readonly sequence: number;
  /** Of events of one moment, the lowest goes first. */
  readonly rank: number;
  readonly lane: Lane | undefined;
  readonly isTimer: boolean;
  readonly #clock: EventCounts;
  callback: (() => void) | undefined;
  isRef: boolean;

  constructor(
    clock: EventCounts,
    micros: number,
    sequence: number,
    callback: () => void,
    isTimer: boolean,
    rank: number,
    lane: Lane | undefined,
  ) {
    this.#clock = clock;
    this.micros = micros;
    this.sequence = sequence;
    this.callback = callback;
    this.isTimer = isTimer;
    this.rank = rank;
    this.lane = lane;
    this.isRef = true;
    clock.live += 1;
    clock.refs += 1;
  }

  cancel(): void {
    if (this.callback === undefined) return;
    this.callback = undefined;
    this.#clock.live -= 1;
    this.#clock.cancelled += 1;
    if (this.isRef) this.#clock.refs -= 1;
  }

  unref(): void {
    if (this.isRef && this.callback !== undefined) this.#clock.refs -= 1;
    this.isRef = false;
  }

  ref(): void {
    if (!this.isRef && this.callback !== undefined) this.#clock.refs += 1;
    this.isRef = true;
  }
}

/** Calls back in the current async context, as the platform's timers do, and not in that of the code that steps the clock. */
function inScope(callback: () => void): () => void {
  const scope = new AsyncScope();
  return () => scope.run(callback);
}

let setOrder: typeof orderEvents;
let setQuiet: typeof markQuiet;
let getQuiet: typeof wasQuiet;

interface EventCounts {
  live: number;
  refs: number;
  cancelled: number;
}

/**
 * A clock in virtual time: it jumps from event to event.
 *
 * @example
 * ```ts
 * import { SimClock } from '@awaitio/core/testing';
 *
 * const clock = new SimClock();
 * clock.setTimer(() => console.log('a minute later'), 60_000);
 * while (clock.step()) console.log(clock.now()); // a minute later, 60000
 * ```
 */
export class SimClock implements Clock {
  readonly #counts: EventCounts = { live: 0, refs: 0, cancelled: 0 };
  #heap: SimEvent[] = [];
  #micros = 0;
  #sequence = 0;
  #fired = 0;
  #order: Order | undefined;
  #isQuiet = false;
  /** Called before each timer of the program fires, with the number of the event. */
  onTimer: ((sequence: number) => void) | undefined;

  static {
    setOrder = (clock, order) => {
      clock.#order = order;
    };
    setQuiet = (clock) => {
      clock.#isQuiet = true;
    };
    getQuiet = (clock) => clock.#isQuiet;
  }

  constructor() {
    makeRoom(this);
  }

  /** Milliseconds since the start of the simulation, to the microsecond. */
  now(): number {
    return this.#micros / 1_000;
  }

  /** The date and time: the simulation starts at 2020-01-01T00:00:00Z. */
  wallTime(): number {
    return EPOCH + Math.floor(this.#micros / 1_000);
  }

  setTimer(callback: () => void, delay: number): Timer {
    return this.#add(callback, delay, true);
  }

  defer(callback: () => void): void {
    this.#add(callback, 0, true);
  }

  /** On a host, the clock of the host sleeps: it stops with the host. */
  sleep(delay: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    const life = currentLife();
    return checkedSleep(life?.time === this ? life.clock : this, delay, options);
  }

  /** As {@link SimClock.setTimer}, without the async context of the caller: for clocks that are built on this one. */
  arm(callback: () => void, delay: number): Timer {
    return this.#add(callback, delay, true, undefined, false);
  }

  /** As {@link SimClock.setTimer}, for events outside the program: `onTimer` is not called. `lane`: that of what runs now. */
  schedule(callback: () => void, delay: number, lane?: Lane): Timer {
    return this.#add(callback, delay, false, lane);
  }

  /** The number of past events. */
  get fired(): number {
    return this.#fired;
  }

  /** The number of pending events. */
  get size(): number {
    return this.#counts.live;
  }

  /** Whether an event is pending that keeps the program going: one that is not `unref`ed. */
  get isBusy(): boolean {
    return this.#counts.refs > 0;
  }

  /** When the next event is due, in milliseconds; `undefined` when there is none. */
  get next(): number | undefined {
    const event = this.#peek();
    return event === undefined ? undefined : event.micros / 1_000;
  }

  /**
   * Jumps to the next event and runs it.
   *
   * @param until - The latest virtual time to jump to, in milliseconds. @default no limit
   * @returns Whether there was an event.
   * @throws `InvalidInputError`.
   */
  step(until: number = Infinity): boolean {
    if (typeof until !== 'number' || Number.isNaN(until)) {
      throw invalidInput('step', 'until', 'a number of milliseconds', until);
    }
    const event = this.#peek();
    if (event === undefined || event.micros > until * 1_000) return false;
    this.#pop();
    const callback = event.callback as () => void;
    // Removes it from the counts as if cancelled; it is no longer in the heap, so it is not one of the cancelled there.
    event.cancel();
    this.#counts.cancelled -= 1;
    this.#micros = event.micros;
    this.#fired += 1;
    this.#isQuiet = false;
    if (this.#order !== undefined && event.lane !== undefined) this.#order.current = event.lane;
    if (event.isTimer) this.onTimer?.(event.sequence);
    callback();
    return true;
  }

  #add(
    callback: () => void,
    delay: number,
    isTimer: boolean,
    own?: Lane,
    isScoped = isTimer,
  ): SimEvent {
    checkTimer(callback, delay);
    const capped = delay > 0 ? Math.min(delay, MAX_DELAY) : 0;
    const micros = this.#micros + Math.ceil(capped * 1_000);
    const action = isScoped ? inScope(callback) : callback;
    const order = this.#order;
    const lane = own ?? order?.current;
    const rank = order === undefined || lane === undefined ? 0 : order.rankOf(lane);
    const event = new SimEvent(this.#counts, micros, this.#sequence, action, isTimer, rank, lane);
    this.#sequence += 1;
    this.#push(event);
    return event;
  }

  #peek(): SimEvent | undefined {
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.callback !== undefined) return event;
      this.#pop();
      this.#counts.cancelled -= 1;
    }
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    if (this.#counts.cancelled > SWEEP_AT && this.#counts.cancelled > heap.length / 2)
      this.#sweep();
    let at = this.#heap.length;
    this.#heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent] as SimEvent;
      if (!isBefore(event, above)) break;
      this.#heap[at] = above;
      at = parent;
    }
    this.#heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as SimEvent;
    const { length } = heap;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) {
        child += 1;
      }
      if (!isBefore(heap[child] as SimEvent, last)) break;
      heap[at] = heap[child] as SimEvent;
      at = child;
    }
    heap[at] = last;
  }

  #sweep(): void {
    const live = this.#heap.filter(({ callback }) => callback !== undefined);
    this.#counts.cancelled = 0;
    // A sorted array is a heap.
    this.#heap = live.toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  }
}

/** From now on, `order` says which events of one moment go first. */
export function orderEvents(clock: SimClock, order: Order): void {
  setOrder(clock, order);
}

/** The event that runs now reaches nothing of the program, so nothing of the program has anything to do after it. */
export function markQuiet(clock: SimClock): void {
  setQuiet(clock);
}

/** Whether the last event reached nothing of the program: the next one can follow at once. */
export function wasQuiet(clock: SimClock): boolean {
  return getQuiet(clock);
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  if (a.micros !== b.micros) return a.micros < b.micros;
  return a.rank < b.rank || (a.rank === b.rank && a.sequence < b.sequence);
}
