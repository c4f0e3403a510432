/**
 * Which machine the running code is on.
 *
 * Programs of a host, and everything that they begin, run in the async context of the host's life: from its start to its crash. So
 * what they wait for can end with it, and no function has to be given its host.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Executor } from '../../../tasks/executor.ts';
import type { Random } from '../../../vocabulary/random.ts';
import type { SimHostClock } from './types.ts';

/** One life of a host, as the code in it is seen. */
export interface HostLife {
  readonly place: Place;
  /** The name of the host. */
  readonly host: string;
  /** Whether the host has crashed since. */
  readonly isOver: boolean;
  readonly clock: SimHostClock;
  readonly executor: Executor;
  readonly random: Random;
  /** What `Math.random` and `node:crypto` draw there. */
  readonly chance: Random;
  /** The clock of the whole run. */
  readonly time: object;
  enter<T>(body: () => T): T;
}

/** Where code runs: in which run of a simulation, and on which of its hosts, if on one. */
export interface Place {
  readonly run: object | undefined;
  readonly life: HostLife | undefined;
}

/** One storage for both: each that is in use costs every promise, in Node 20 and 22. */
const places = new AsyncLocalStorage<Place>();

/** The run that the caller is in. */
export function currentRun(): object | undefined {
  return places.getStore()?.run;
}

/** The life that the caller runs in; `undefined` outside of all hosts. */
export function currentLife(): HostLife | undefined {
  return places.getStore()?.life;
}

/** Whether the caller runs in this life. */
export function isIn(life: object): boolean {
  return currentLife() === life;
}

/** Calls `body` in a run, on none of its hosts. */
export function enterRun<T>(run: object, body: () => T): T {
  return places.run({ run, life: undefined }, body);
}

/** Calls `body` in the run of the caller, on none of its hosts. */
export function outsideHosts<T>(body: () => T): T {
  const run = currentRun();
  return run === undefined ? body() : enterRun(run, body);
}

/** Calls `body` in a life. */
export function enterLife<A extends unknown[], Result>(
  { place }: HostLife,
  body: (...args: A) => Result,
  ...args: A
): Result {
  return places.run(place, body, ...args);
}

/** Whether the caller's host has crashed under it: nothing that it does has an effect any more. */
export function isGone(): boolean {
  return places.getStore()?.life?.isOver === true;
}

/** What a call returns whose caller is gone: it never settles. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
