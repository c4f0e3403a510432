/**
 * The platform's timers, microtasks and clocks, taken when this module loads.
 *
 * Tests replace the globals with fakes that run nothing until they are advanced. Sockets go on working under such fakes, as
 * those of Node do, only if this package never looks a global up later.
 *
 * What asks for the time or for a timer is a property of {@link platform}, because a simulation replaces it here as it
 * replaces the global: a system clock that a program uses by mistake must not escape the simulation. The functions that
 * only order work within one iteration of the event loop are plain constants.
 */

import type { Clock } from './clock.ts';
// Node's own, since a browser's environment in a test runner lacks `setImmediate`, and fakes may be there before this package.
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/** What the system's clock is made of. Replaced only by the guard of a simulation. */
export interface Platform {
  setTimeout: <A>(callback: (argument: A) => void, delay: number, argument: A) => NodeJS.Timeout;
  readonly clearTimeout: (timer: NodeJS.Timeout) => void;
  setImmediate: <A>(callback: (argument: A) => void, argument: A) => unknown;
  hrtime: () => [seconds: number, nanoseconds: number];
  wallTime: () => number;
  /** Whether TLS issues session tickets, whose length is random. */
  hasSessionTickets: boolean;
  /** Gives the clock of what is given none and is in no scope; `undefined` for the system's. */
  clockOf: (() => Clock) | undefined;
  /** What stands for a clock where something is kept for each: in a simulation, the run for the system's; `undefined` for itself. */
  keyOf: ((clock: Clock) => object) | undefined;
}

export const platform: Platform = {
  setTimeout,
  clearTimeout,
  setImmediate,
  hrtime: process.hrtime,
  wallTime: Date.now,
  hasSessionTickets: true,
  clockOf: undefined,
  keyOf: undefined,
};

/** The time of this machine, also inside a simulation: OpenSSL checks the dates of certificates against it. */
export const machineTime: () => number = Date.now;

/**
 * Whether the call in progress is this package's own: a simulation then lets it through. And how a simulation sets an immediate of this
 * package, with which a turn of its program begins.
 */
export const own: { isCalling: boolean; setTurn: ((callback: () => void) => void) | undefined } = {
  isCalling: false,
  setTurn: undefined,
};

/**
 * Calls the real world for the packages of awaitio themselves: a simulation lets through what would be refused to a program.
 *
 * For what a simulation takes for work of other threads, and is not: it has ended when it returns, or is used so that it has.
 *
 * @param call - Must not wait.
 * @returns What it returns.
 * @throws What it throws.
 *
 * @example
 * ```ts
 * import { asOwn } from '@awaitio/core/lowlevel';
 * import { createDeflateRaw } from 'node:zlib';
 *
 * const context = asOwn(() => createDeflateRaw());
 * context.close();
 * ```
 */
export function asOwn<T>(call: () => T): T {
  own.isCalling = true;
  try {
    return call();
  } finally {
    own.isCalling = false;
  }
}

/** The very function, for modules of Node that take it with its arguments. */
export const realImmediate: typeof setImmediate = setImmediate;

/** `setImmediate`, also inside a simulation. */
export function immediate(callback: () => void): void {
  own.isCalling = true;
  if (own.setTurn === undefined) realImmediate(callback);
  else own.setTurn(callback);
  own.isCalling = false;
}

/** `queueMicrotask`. */
export const microtask: (callback: () => void) => void = queueMicrotask;

/** `process.nextTick`, which needs no `this`. */
export const nextTick = Reflect.get(process, 'nextTick') as <Args extends unknown[]>(
  callback: (...args: Args) => void,
  ...args: Args
) => void;
