/**
 * Keeps the real world out of a simulation: its timers, sockets and dice.
 *
 * While a simulation runs, what would make the run depend on more than its seed is replaced. Calls that reach out
 * (a timer, a socket, a random number) throw where they are made, and fail the run even if somebody catches that.
 * Reading the time is harmless once the time is virtual, so `Date`, `performance.now`, `process.hrtime` and
 * `process.uptime` tell the simulation's.
 *
 * The real `setImmediate` is taken before anything is replaced: `turn` is how the simulation waits. When Node comes to an
 * immediate, every microtask and every `process.nextTick` that the program could still run has run, and rejections that
 * nobody handled have been told. So one turn after an event the program is idle: whatever it does next, a later event
 * must cause.
 */

import { runInThisContext } from 'node:vm';
import { interceptSockets } from '../../net/intercept.ts';

/** Functions of the global object that may not be called, and what to use. */
const FORBIDDEN: readonly (readonly [name: string, instead: string])[] = [
  ['setTimeout', 'sim.clock.setTimer or sim.clock.sleep'],
  ['setInterval', 'sim.clock.setTimer'],
  ['setImmediate', 'sim.clock.defer'],
];

/** In nanoseconds. */
const SECOND = 1_000_000_000n;

type Restore = () => void;
type ErrorListener = (reason: unknown) => void;

const realImmediate = Reflect.get(globalThis, 'setImmediate') as (callback: () => void) => void;

/** Waits until the program can do nothing more by itself. */
export function turn(): Promise<void> {
  return new Promise(realImmediate);
}

/** What the guard asks of the simulation. */
export interface GuardOptions {
  /** Virtual milliseconds since 1970, and since the beginning. */
  readonly wallTime: () => number;
  readonly now: () => number;
  /** Something forbidden was called; the call itself throws the error, too. */
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
  const restores: Restore[] = [
    interceptSockets((what) => refuse(what, 'sim.host(name).connect or .listen')),
    ...FORBIDDEN.map(([name, instead]) => replace(globalThis, name, () => refuse(name, instead))),
    replace(Math, 'random', () => refuse('Math.random', 'sim.random')),
    replace(AbortSignal, 'timeout', () => refuse('AbortSignal.timeout', 'a timeout option')),
    replace(globalThis.crypto, 'getRandomValues', () =>
      refuse('crypto.getRandomValues', 'sim.random'),
    ),
    replace(globalThis.crypto, 'randomUUID', () => refuse('crypto.randomUUID', 'sim.random')),
    replace(globalThis.performance, 'now', options.now),
    replace(process, 'hrtime', virtualHrtime(options.now)),
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

/** `process.hrtime` of the simulation: since its beginning or an earlier answer, and as a bigint. */
function virtualHrtime(now: () => number): NodeJS.HRTime {
  const bigint = (): bigint => BigInt(Math.round(now() * 1e6));
  const hrtime = (since: [number, number] = [0, 0]): [number, number] => {
    const passed = bigint() - BigInt(since[0]) * SECOND - BigInt(since[1]);
    return [Number(passed / SECOND), Number(passed % SECOND)];
  };
  return Object.assign(hrtime, { bigint });
}

/** `Date` with the simulation's time where the real one would look at the machine's. */
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
 * The one `process`, also in a test runner that gives its tests a copy on which nobody hears anything (Jest does): the
 * context that Node itself started has the real one.
 */
function realProcess(): NodeJS.Process {
  return runInThisContext('process') as NodeJS.Process;
}

/** While a simulation runs, an unhandled rejection is its failure and nobody else's. */
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
