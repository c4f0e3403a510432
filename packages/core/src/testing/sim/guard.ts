/**
 * Keeps the real world out of a simulation: timers, sockets and randomness.
 *
 * While a simulation runs, everything that could make it depend on more than its seed is replaced. Calls that reach out
 * (a timer, a socket, a random number) throw at the call, and fail the run even if the program catches the error. Reading
 * the time is harmless once it is virtual, so `Date`, `performance.now`, `process.hrtime` and `process.uptime` give the
 * simulation's time.
 *
 * The functions that this package took when it loaded are replaced as the globals are: a system clock inside a simulation
 * is as much of the real world as a timer.
 *
 * `untilIdle` is how the simulation waits, with a `setImmediate` that is never replaced. When Node runs an immediate, every
 * microtask and every `process.nextTick` of the program has run, and unhandled rejections have been reported. So one immediate after an event the program is idle: only a later event can make it go on.
 */

import { runInThisContext } from 'node:vm';
import { interceptSockets } from '../../net/intercept.ts';
import { immediate, platform } from '../../vocabulary/platform.ts';

/** Forbidden global functions, and their replacements. */
const FORBIDDEN: readonly (readonly [name: string, instead: string])[] = [
  ['setTimeout', 'sim.clock.setTimer or sim.clock.sleep'],
  ['setInterval', 'sim.clock.setTimer'],
  ['setImmediate', 'sim.clock.defer'],
];

/** In nanoseconds. */
const SECOND = 1_000_000_000n;

type Restore = () => void;
type ErrorListener = (reason: unknown) => void;

/** Waits until the program can do nothing more without a further event. */
export function untilIdle(): Promise<void> {
  return new Promise(immediate);
}

/** The simulation, as the guard sees it. */
export interface GuardOptions {
  /** Virtual milliseconds since 1970, and since the start. */
  readonly wallTime: () => number;
  readonly now: () => number;
  /** A forbidden function was called; the call itself throws the error, too. */
  readonly onForbidden: (error: Error) => void;
  readonly onUnhandledRejection: (reason: unknown) => void;
}

let isActive = false;

/**
 * Replaces the real world until the returned function is called.
 *
 * @throws Error when another simulation is running: they would share one world.
 */
export function guardWorld(options: GuardOptions): Restore {
  if (isActive) {
    throw new Error(
      'simulate: another simulation is running in this process; await one before the next',
    );
  }
  isActive = true;
  const refuse = (what: string, instead: string): never => {
    const error = new Error(`${what} was called inside a simulation; use ${instead}`);
    options.onForbidden(error);
    throw error;
  };
  const hrtime = virtualHrtime(options.now);
  const restores: Restore[] = [
    interceptSockets((what) => refuse(what, 'sim.host(name).connect or .listen')),
    ...FORBIDDEN.flatMap(([name, instead]) =>
      [globalThis, platform]
        .filter((owner) => name in owner)
        .map((owner) => replace(owner, name, () => refuse(name, instead))),
    ),
    replace(Math, 'random', () => refuse('Math.random', 'sim.random')),
    replace(AbortSignal, 'timeout', () => refuse('AbortSignal.timeout', 'a timeout option')),
    replace(globalThis.crypto, 'getRandomValues', () =>
      refuse('crypto.getRandomValues', 'sim.random'),
    ),
    replace(globalThis.crypto, 'randomUUID', () => refuse('crypto.randomUUID', 'sim.random')),
    replace(globalThis.performance, 'now', options.now),
    replace(process, 'hrtime', hrtime),
    replace(platform, 'hrtime', hrtime),
    replace(platform, 'wallTime', options.wallTime),
    replace(platform, 'hasSessionTickets', false),
    replace(process, 'uptime', () => options.now() / 1_000),
    replace(globalThis, 'Date', virtualDate(options.wallTime)),
    takeRejections(options.onUnhandledRejection),
  ];
  return () => {
    isActive = false;
    for (const restore of restores.toReversed()) restore();
  };
}

function replace(owner: object, name: string, value: unknown): Restore {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { configurable: true, writable: true, value });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  };
}

/** `process.hrtime` of the simulation: since its start or an earlier reading, and as a bigint. */
function virtualHrtime(now: () => number): NodeJS.HRTime {
  const bigint = (): bigint => BigInt(Math.round(now() * 1e6));
  const hrtime = (since: [number, number] = [0, 0]): [number, number] => {
    const passed = bigint() - BigInt(since[0]) * SECOND - BigInt(since[1]);
    return [Number(passed / SECOND), Number(passed % SECOND)];
  };
  return Object.assign(hrtime, { bigint });
}

/** `Date` with the simulation's time in place of the machine's. */
function virtualDate(wallTime: () => number): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args: unknown[], newTarget): object =>
      Reflect.construct(target, args.length === 0 ? [wallTime()] : args, newTarget) as object,
    apply: (target) => new target(wallTime()).toString(),
    get: (target, name, receiver): unknown =>
      name === 'now' ? wallTime : Reflect.get(target, name, receiver),
  });
}

/**
 * The real `process`. A test runner may give its tests a copy that emits no events (Jest does): the context that Node itself
 * started has the real one.
 */
function realProcess(): NodeJS.Process {
  return runInThisContext('process') as NodeJS.Process;
}

/** While a simulation runs, an unhandled rejection fails the simulation and nothing else. */
function takeRejections(onUnhandledRejection: ErrorListener): Restore {
  const owner = realProcess();
  const others = owner.listeners('unhandledRejection') as ErrorListener[];
  owner.removeAllListeners('unhandledRejection');
  owner.on('unhandledRejection', onUnhandledRejection);
  return () => {
    owner.off('unhandledRejection', onUnhandledRejection);
    for (const listener of others) owner.on('unhandledRejection', listener);
  };
}
