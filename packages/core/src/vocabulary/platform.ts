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

/** What the system's clock is made of. Replaced only by the guard of a simulation. */
export interface Platform {
  setTimeout: <A>(callback: (argument: A) => void, delay: number, argument: A) => NodeJS.Timeout;
  readonly clearTimeout: (timer: NodeJS.Timeout) => void;
  setImmediate: <A>(callback: (argument: A) => void, argument: A) => unknown;
  hrtime: () => [seconds: number, nanoseconds: number];
  wallTime: () => number;
}

export const platform: Platform = {
  setTimeout,
  clearTimeout,
  setImmediate,
  hrtime: process.hrtime,
  wallTime: Date.now,
};

/** `setImmediate`, also inside a simulation. */
export const immediate: (callback: () => void) => unknown = setImmediate;

/** `queueMicrotask`. */
export const microtask: (callback: () => void) => void = queueMicrotask;

/** `process.nextTick`, which needs no `this`. */
export const nextTick = Reflect.get(process, 'nextTick') as <Args extends unknown[]>(
  callback: (...args: Args) => void,
  ...args: Args
) => void;
