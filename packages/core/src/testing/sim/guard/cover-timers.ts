/** The timers of `globalThis` and `node:timers`, virtual inside a simulation. */

import realTimers from 'node:timers';
import {
  adopted,
  cover,
  coverCall,
  currentWorld,
  insideWorld,
  layerOver,
  markLayer,
  prototypeOf,
  realms,
  virtual,
  type AnyFunction,
  type World,
} from './indirection.ts';
import { isShared, SharedTimeout } from './shared-timers.ts';
import { Immediate, Timeout, type Callback } from './timers.ts';

const { setTimeout: realTimeout, clearTimeout: realClear } = realTimers;

/** A timer of whichever copy of this package. */
function isVirtual(timer: unknown): timer is { close(): unknown } {
  return typeof timer === 'object' && timer !== null && virtual.has(timer);
}

/** What is used of Node's own timers. */
interface RealTimeout extends Omit<NodeJS.Timeout, '_onTimeout'> {
  readonly _onTimeout: Callback | null;
  readonly _timerArgs: readonly unknown[] | undefined;
  readonly _idleTimeout: number;
  readonly _repeat: number | null;
}

function adopt(timer: RealTimeout): Timeout | undefined {
  const known = adopted.get(timer) as Timeout | undefined;
  if (known !== undefined || typeof timer._onTimeout !== 'function') return known;
  const { _onTimeout: callback, _timerArgs: args = [], _idleTimeout: delay, _repeat } = timer;
  const isRef = timer.hasRef();
  realClear(timer as NodeJS.Timeout);
  const timeout = new Timeout(callback, delay, args, _repeat !== null);
  if (!isRef) timeout.unref();
  adopted.set(timer, timeout);
  return timeout;
}

/** The timers of `globalThis` and `node:timers`. */
export function coverTimers(): void {
  for (const owner of [...realms, (): object => realTimers]) {
    coverSet(owner, 'setTimeout', (_world, [callback, delay, ...args]) => {
      return isShared(delay)
        ? new SharedTimeout(callback as Callback, delay, args, false)
        : new Timeout(callback as Callback, delay, args, false);
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
  for (const globals of realms) {
    coverCall(globals, 'queueMicrotask', (world, { self, args, real }) => {
      const [callback] = args;
      if (typeof callback !== 'function') return Reflect.apply(real, self, args);
      // Where Node would report the error, it has forgotten on which host the task ran.
      const run = (): void => {
        try {
          callback();
        } catch (error) {
          world.onUncaught(error);
        }
      };
      return Reflect.apply(real, self, [run]);
    });
  }
  const probe = realTimeout(() => {}, 1);
  realClear(probe);
  const prototype = prototypeOf(probe.constructor);
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
            Reflect.apply(real, self, args),
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
    return Reflect.apply(real, this, args);
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
