/**
 * Keeps the real world out of a simulation: time, timers, randomness, sockets, and work that takes real time.
 *
 * While a simulation runs, everything that could make it depend on more than its seed is replaced. Calls that reach out
 * (a timer, a socket, a random number) throw at the call, and fail the run even if the program catches the error; so does work
 * that only a hook of Node can see, which cannot be made to throw. Reading the time is harmless once it is virtual.
 *
 * The functions that this package took when it loaded are replaced as the globals are: a system clock inside a simulation
 * is as much of the real world as a timer.
 *
 * When Node runs an immediate, every microtask and every `process.nextTick` of the program has run, and unhandled rejections
 * have been reported. So one immediate after an event the program is idle, unless Node itself has queued more: only a
 * later event can make it go on.
 */

import { interceptSockets } from '../../../net/intercept.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import type { Random } from '../../../vocabulary/random.ts';
import { ownFile } from '../../../vocabulary/own-file.ts';
import { asOwn, immediate, own, platform } from '../../../vocabulary/platform.ts';
import { currentLife, isGone, outsideHosts } from '../hosts/context.ts';
import { HostClock } from '../hosts/host-clock.ts';
import { coverAllowed, type RealWork } from './allowed.ts';
import { coverChance } from './chance.ts';
import { coverTimers, ownTimers } from './cover-timers.ts';
import { coverForbidden } from './forbidden.ts';
import {
  enterWorld,
  realProcess,
  syncImports,
  type AnyFunction,
  type World,
} from './indirection.ts';
import { coverLoading } from './loading.ts';
import { coverMachine } from './machine.ts';
import { watchWork, type Watch } from './real-work.ts';
import { callSite, isCalledByTool, isCalledFromOutside } from './stack.ts';
import { coverTime, hrtimeOf } from './time.ts';
import { coverTimerPromises } from './timer-promises.ts';
import { Immediate, type Callback } from './timers.ts';

type Restore = () => void;
type ErrorListener = (reason: unknown) => void;

/** What the simulated network answers. */
export interface NetworkAnswers {
  readonly inOrder: World['inOrder'];
  /** The run begins; what it returns ends it. */
  readonly begin: () => Restore;
  /** The host on which the caller runs. */
  readonly place: () => unknown;
  /** The life of a host in which the caller runs, or the host for code that uses it from outside. */
  readonly owner: () => object | undefined;
  /** Lets a server of Node listen on the host on which the caller runs; `undefined` when there is none. */
  readonly listen: (server: object, args: readonly unknown[]) => unknown;
}

/** The simulation, as the guard sees it. */
export interface GuardOptions {
  readonly network: NetworkAnswers;
  /** For what is given no clock: that of the host, or of the run. */
  readonly clockOf: () => Clock;
  /** For what was there before the run, and is given no clock. */
  readonly systemClock: Clock;
  /** A forbidden function was called; the call itself throws the error, too, if it can. */
  readonly onForbidden: (error: Error) => void;
  /** An error or a rejection that the program has left to the process. */
  readonly onStray: (kind: 'uncaught exception' | 'unhandled rejection', error: unknown) => void;
  /** What the program draws with `Math.random` and `node:crypto`, and 32 bits of the seed, see `pools.ts`. */
  readonly chance: { readonly random: Random; readonly poolWord: number };
  /** Real work that is allowed. */
  readonly allow: readonly RealWork[];
}

/** The guard of one simulation. */
export interface Guard {
  readonly watch: Watch;
  /** The timers of the program that are set. */
  readonly timers: ReadonlySet<unknown>;
  readonly restore: Restore;
}

coverTime();
coverTimers();
coverTimerPromises();
coverChance();
coverForbidden();
coverMachine();
coverAllowed();
coverLoading();
syncImports();

/**
 * Where this package is: the line that a report names is the program's. Where stacks follow source maps, what runs in `dist` is
 * shown in `src`.
 */
const here = ownFile
  .replace('file://', '')
  .replace(/(?:vocabulary\/own-file\.[jt]s|(?:testing|chunks)\/[^/]*\.js)$/, '');
const folders = [here, here.replace(/\/dist\/(?:bundle\/)?$/, '/src/')];
/** Work with files that has no synchronous form with the same result. */
const NEVER_ALLOWED =
  /^(?:open|opendir|mkdtemp|mkdtempDisposable|glob|watch) of node:fs\/promises$|^(?:opendir|mkdtemp|glob|watch) of node:fs$/;
const isOwnFrame = (place: string): boolean =>
  folders.some((folder) => place.includes(folder)) && !/\.test\.[jt]s:/.test(place);

/**
 * Replaces the real world until it is restored.
 *
 * @throws Error when another simulation is running: they would share one world.
 */
export function guardWorld(options: GuardOptions): Guard {
  const { onForbidden, chance, network } = options;
  // On a host, time is that of its clock.
  const now = (): number => options.clockOf().now();
  const wallTime = (): number => options.clockOf().wallTime();
  // Node calls these in the context of what has failed. Code of a host that has crashed is not there any more.
  const onStray: GuardOptions['onStray'] = (kind, error) => {
    if (!isGone()) options.onStray(kind, error);
  };
  const onUncaught = (error: unknown): void => {
    onStray('uncaught exception', error);
  };
  const refuse = (what: string, instead: string): never => {
    const error = new Error(`${what} was called inside a simulation; use ${instead}`);
    const site = callSite(error, isOwnFrame);
    if (site !== undefined) error.message += ` (called at ${site})`;
    onForbidden(error);
    throw error;
  };
  const allows = (kind: string): boolean => options.allow.includes(kind as RealWork);
  const watch = watchWork(isOwnFrame, allows, (what, site, kind) => {
    const isNever = kind === 'files' && NEVER_ALLOWED.test(what);
    const allowed =
      kind === undefined || isNever || allows(kind) ? '' : `, or allow it with allow: ['${kind}']`;
    const instead = kind === 'files' ? "on the host's disk (host.disk), or before" : 'before';
    const where = site === undefined ? '' : ` (called at ${site})`;
    onForbidden(
      new Error(
        `${what} was called inside a simulation, which has no real time for it; do it ${instead} the simulation${allowed}${where}`,
      ),
    );
  });
  const world: World = {
    now,
    wallTime,
    refuse,
    isOwnCall: () => own.isCalling,
    clock: options.clockOf,
    random: () => currentLife()?.chance ?? chance.random,
    place: network.place,
    owner: network.owner,
    outsideHosts,
    inOrder: network.inOrder,
    asOwn,
    turn: immediate,
    timers: new Map(),
    set: new Set(),
    onUncaught,
    isInside: () => watch.isInside,
    isOutside: () =>
      !watch.isInside &&
      (!watch.isTurn || isCalledFromOutside(isOwnFrame) || isCalledByTool(isOwnFrame)),
    isTool: () => isCalledByTool(isOwnFrame),
    waitFor: (work, what) => {
      watch.waitFor(work, what);
    },
    allows,
    inTurn: (what, begin) => {
      watch.inTurn(what, begin);
    },
    permitTls: (call) => watch.permitTls(call),
    poolWord: chance.poolWord,
  };
  /** What of this package was there before the run goes on in the real world. */
  const replaceInside = (
    name: 'hrtime' | 'setImmediate' | 'setTimeout' | 'wallTime',
    virtual: (...args: never[]) => unknown,
  ): Restore => {
    const [outside, inside] = [platform[name] as AnyFunction, virtual as AnyFunction];
    return replace(platform, name, (...args: readonly unknown[]) =>
      (world.isOutside() ? outside : inside)(...args),
    );
  };
  const restores: Restore[] = [
    (): void => {
      watch.stop();
    },
  ];
  const restore = (): void => {
    for (const each of restores.toReversed()) each();
  };
  try {
    restores.push(enterWorld(world));
  } catch (error) {
    restore();
    throw error;
  }
  restores.push(
    network.begin(),
    interceptSockets((what, self, args) => {
      const listening = what === 'net.Server.listen' ? network.listen(self, args) : undefined;
      return (
        listening ??
        refuse(
          what,
          'the listen, connect or net of sim.host(name), or a program of a host (sim.host(name).run)',
        )
      );
    }),
    replaceInside('setTimeout', ownTimers.setTimeout),
    replace(platform, 'clearTimeout', ownTimers.clearTimeout),
    replaceInside(
      'setImmediate',
      <A>(callback: (argument: A) => void, argument: A) =>
        new Immediate(world, callback as Callback, [argument]),
    ),
    replaceInside('hrtime', () => hrtimeOf(now, undefined)),
    replaceInside('wallTime', wallTime),
    replace(platform, 'hasSessionTickets', false),
    replace(platform, 'clockOf', () =>
      world.isOutside() ? options.systemClock : options.clockOf(),
    ),
    replace(platform, 'keyOf', (clock: Clock) => {
      if (clock instanceof HostClock) return clock.key;
      return clock !== options.systemClock || world.isOutside() ? clock : world;
    }),
    take('unhandledRejection', (reason) => {
      onStray('unhandled rejection', reason);
    }),
    take('uncaughtException', onUncaught),
  );
  return { watch, timers: world.set, restore };
}

function replace(owner: object, name: string, value: unknown): Restore {
  const before: unknown = Reflect.get(owner, name);
  Reflect.set(owner, name, value);
  return () => {
    Reflect.set(owner, name, before);
  };
}

/** While a simulation runs, an unhandled rejection or an uncaught exception fails the simulation and nothing else. */
function take(event: 'unhandledRejection' | 'uncaughtException', listener: ErrorListener): Restore {
  const owner = realProcess;
  const others = owner.listeners(event as 'uncaughtException') as ErrorListener[];
  owner.removeAllListeners(event);
  owner.on(event, listener);
  return () => {
    owner.off(event, listener);
    for (const other of others) owner.on(event, other);
  };
}
