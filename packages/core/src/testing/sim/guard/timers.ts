/**
 * Virtual timers: `setTimeout`, `setInterval`, `setImmediate` and what they return, on the clock of the simulation.
 *
 * Timers of one moment fire in the order in which they were set; an immediate is an event of the moment in which it was set, after
 * those that are due already. Between two of them every microtask and every `process.nextTick` runs.
 *
 * A library may keep a timer between two simulations, and refresh it in the second, or outside of both: it is then set
 * again on the clock of that moment.
 */

import realTimers from 'node:timers';
import type { Timer } from '../../../vocabulary/clock.ts';
import { currentWorld, virtual, type World } from './indirection.ts';

export type Callback = (this: unknown, ...args: readonly unknown[]) => unknown;

/** The longest delay of Node's timers, in milliseconds. */
const LONGEST = 0x7fff_ffff;

const { setTimeout: realTimeout, clearTimeout: realClear } = realTimers;

/** What `setTimeout` and `setInterval` return in a simulation. */
export class Timeout {
  readonly #delay: number;
  readonly #repeats: boolean;
  #call: (() => unknown) | undefined;
  #timer: Timer | NodeJS.Timeout | undefined;
  #isRef = true;
  #id: number | undefined;

  constructor(callback: Callback, delay: unknown, args: readonly unknown[], repeats: boolean) {
    const wanted = Number(delay);
    this.#delay = wanted >= 1 && wanted <= LONGEST ? Math.trunc(wanted) : 1;
    this.#repeats = repeats;
    virtual.add(this);
    const call = (): unknown => Reflect.apply(callback, this, args);
    this.#call = call;
    this.arm();
  }

  ref(): this {
    this.#isRef = true;
    (this.#timer as { ref?: () => void } | undefined)?.ref?.();
    return this;
  }

  unref(): this {
    this.#isRef = false;
    this.#timer?.unref();
    return this;
  }

  hasRef(): boolean {
    return this.#isRef;
  }

  refresh(): this {
    if (this.#call === undefined) return this;
    this.#cancel();
    this.arm();
    return this;
  }

  close(): this {
    this.#cancel();
    this.#call = undefined;
    if (this.#id !== undefined) currentWorld()?.timers.delete(this.#id);
    return this;
  }

  [Symbol.toPrimitive](): number {
    if (this.#id === undefined) {
      const timers = currentWorld()?.timers;
      this.#id = (timers?.size ?? 0) + 1;
      while (timers?.has(this.#id) === true) this.#id += 1;
      timers?.set(this.#id, this);
    }
    return this.#id;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Sets it on the clock of the moment. */
  protected arm(): void {
    const world = currentWorld();
    if (world === undefined) {
      this.#timer = realTimeout(() => this.#fire(undefined), this.#delay);
    } else {
      world.set.add(this);
      this.#timer = world.clock().setTimer(() => this.#fire(world), this.#delay);
    }
    if (!this.#isRef) this.#timer.unref();
  }

  #cancel(): void {
    const timer = this.#timer;
    this.#timer = undefined;
    currentWorld()?.set.delete(this);
    if (timer === undefined) return;
    if ('cancel' in timer) timer.cancel();
    else realClear(timer);
  }

  #fire(world: World | undefined): void {
    const set = this.#timer;
    const call = (): void => {
      // It may have been cleared or set again, by what came before.
      if (this.#timer !== set) return;
      if (!this.#repeats) this.#timer = undefined;
      if (!this.#repeats) world?.set.delete(this);
      try {
        this.#call?.();
      } finally {
        if (this.#repeats && this.#call !== undefined && this.#timer === set) this.arm();
      }
    };
    if (world === undefined) call();
    else callIn(world, call);
  }
}

/** What `setImmediate` returns in a simulation. */
export class Immediate {
  #timer: Timer | undefined;
  #isRef = true;

  constructor(world: World, callback: Callback, args: readonly unknown[]) {
    virtual.add(this);
    this.#timer = world.clock().setTimer(() => {
      callIn(world, () => {
        if (this.#timer === undefined) return;
        this.#timer = undefined;
        Reflect.apply(callback, this, args);
      });
    }, 0);
  }

  ref(): this {
    this.#isRef = true;
    (this.#timer as { ref?: () => void } | undefined)?.ref?.();
    return this;
  }

  unref(): this {
    this.#isRef = false;
    this.#timer?.unref();
    return this;
  }

  hasRef(): boolean {
    return this.#isRef;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Calls back in a separate turn; an error is an uncaught one, which fails the run. */
function callIn(world: World, call: () => unknown): void {
  world.turn(() => {
    try {
      call();
    } catch (error) {
      world.onUncaught(error);
    }
  });
}

/** Sets a timer that nothing can clear. */
export function later(call: () => void, delay: number): void {
  // oxlint-disable-next-line no-new -- it fires by itself
  new Timeout(call, delay, [], false);
}

/** Calls back as an event of this moment, as an immediate does: for what would be ready in another thread. */
export function soon(world: World, call: () => unknown): void {
  world.clock().defer(() => {
    callIn(world, call);
  });
}
