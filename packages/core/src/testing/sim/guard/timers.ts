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
import {
  adopted,
  cover,
  currentWorld,
  insideWorld,
  layerOver,
  markLayer,
  virtual,
  type AnyFunction,
  type World,
} from './indirection.ts';

type Callback = (this: unknown, ...args: readonly unknown[]) => unknown;

/** The longest delay of Node's timers, in milliseconds. */
const LONGEST = 0x7fff_ffff;

const { setTimeout: realTimeout, clearTimeout: realClear } = realTimers;

/** A timer of whichever copy of this package. */
function isVirtual(timer: unknown): timer is { close(): unknown } {
  return typeof timer === 'object' && timer !== null && virtual.has(timer);
}

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
    this.#call = () => Reflect.apply(callback, this, args);
    this.#set();
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
    this.#set();
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

  #set(): void {
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
        if (this.#repeats && this.#call !== undefined && this.#timer === set) this.#set();
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

/** Calls back in a turn of its own; an error is an uncaught one, which fails the run. */
function callIn(world: World, call: () => unknown): void {
  world.turn(() => {
    try {
      call();
    } catch (error) {
      world.onUncaught(error);
    }
  });
}

/** Calls back as an event of this moment, as an immediate does: for what would be ready in another thread. */
export function soon(world: World, call: () => unknown): void {
  world.clock().defer(() => {
    callIn(world, call);
  });
}

/** What is used of Node's own timers. */
interface RealTimeout {
  readonly _onTimeout: Callback | null;
  readonly _timerArgs: readonly unknown[] | undefined;
  readonly _idleTimeout: number;
  readonly _repeat: number | null;
}

function adopt(timer: RealTimeout): Timeout | undefined {
  const known = adopted.get(timer) as Timeout | undefined;
  if (known !== undefined || typeof timer._onTimeout !== 'function') return known;
  const { _onTimeout: callback, _timerArgs: args = [], _idleTimeout: delay, _repeat } = timer;
  const isRef = (timer as unknown as NodeJS.Timeout).hasRef();
  realClear(timer as unknown as NodeJS.Timeout);
  const timeout = new Timeout(callback, delay, args, _repeat !== null);
  if (!isRef) timeout.unref();
  adopted.set(timer, timeout);
  return timeout;
}

/** The timers of `globalThis` and `node:timers`. */
export function coverTimers(): void {
  for (const owner of [(): object => globalThis, (): object => realTimers]) {
    coverSet(owner, 'setTimeout', (_world, [callback, delay, ...args]) => {
      return new Timeout(callback as Callback, delay, args, false);
    });
    coverSet(owner, 'setInterval', (_world, [callback, delay, ...args]) => {
      return new Timeout(callback as Callback, delay, args, true);
    });
    coverSet(owner, 'setImmediate', (world, [callback, ...args]) => {
      return new Immediate(world, callback as Callback, args);
    });
    for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) {
      cover(owner, name, clearLayer);
    }
  }
  const probe = realTimeout(() => {}, 1);
  realClear(probe);
  const { prototype } = probe.constructor as unknown as { prototype: object };
  cover(() => prototype, 'refresh', refreshLayer);
}

function coverSet(
  owner: () => object,
  name: string,
  make: (world: World, args: readonly unknown[]) => unknown,
): void {
  cover(owner, name, (real) =>
    layerOver(
      real,
      insideWorld((world, { self, args }) =>
        typeof args[0] === 'function'
          ? make(world, args)
          : // It says what is wrong.
            Reflect.apply(real, self, args as never[]),
      ),
    ),
  );
}

/** Clears what is virtual also outside of a simulation: a library may have kept it. */
function clearLayer(real: AnyFunction): AnyFunction {
  const layer = function (this: unknown, ...args: unknown[]): unknown {
    const [timer] = args;
    if (isVirtual(timer)) {
      timer.close();
      return undefined;
    }
    const world = currentWorld();
    if (world !== undefined && (typeof timer === 'number' || typeof timer === 'string')) {
      const known = world.timers.get(Number(timer));
      if (known !== undefined) {
        known[Symbol.dispose]();
        return undefined;
      }
    }
    if (typeof timer === 'object' && timer !== null) {
      (adopted.get(timer) as Timeout | undefined)?.close();
    }
    return Reflect.apply(real, this, args as never[]);
  };
  return markLayer(layer, real);
}

function refreshLayer(real: AnyFunction): AnyFunction {
  const layer = function (this: unknown): unknown {
    const world = currentWorld();
    const timeout =
      world === undefined || world.isOutside()
        ? (adopted.get(this as object) as Timeout | undefined)
        : adopt(this as RealTimeout);
    if (timeout === undefined) return Reflect.apply(real, this, []);
    timeout.refresh();
    return this;
  };
  return markLayer(layer, real);
}

/** The timers of this package itself, which it has taken when it was loaded. */
export const ownTimers = {
  setTimeout: (callback: Callback, delay: number, argument: unknown): Timeout =>
    new Timeout(callback, delay, [argument], false),
  clearTimeout: (timer: unknown): void => {
    if (isVirtual(timer)) timer.close();
    else realClear(timer as NodeJS.Timeout);
  },
};
