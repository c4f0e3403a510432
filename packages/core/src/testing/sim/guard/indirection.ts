/**
 * Thin layers over functions of the platform: outside a simulation they pass through, inside they ask the simulation.
 *
 * They are put in place when this module loads and stay, because programs keep what they find: `const { random } = Math`,
 * `promisify(setTimeout)`, `const { randomBytes } = require('node:crypto')`. What a program has kept from before that is out of
 * reach; `node --import @awaitio/core/testing` loads this before everything else. A layer has the name, the length and the
 * properties of its function. Fake timers work on top of it, and under it.
 *
 * The state is on the real `process`: two copies of this package, or the sandboxes of a test runner, share one platform.
 */

import { syncBuiltinESMExports } from 'node:module';
import { runInThisContext } from 'node:vm';
import type { Clock } from '../../../vocabulary/clock.ts';
import type { Random } from '../../../vocabulary/random.ts';

/** What a simulation says about a call. */
export interface World {
  /** Virtual milliseconds since 1970, and since the start. */
  readonly wallTime: () => number;
  readonly now: () => number;
  /** Fails the run; throws. */
  readonly refuse: (what: string, instead: string) => never;
  /** Whether the call in progress is this package's own: of the copy that simulates. */
  readonly isOwnCall: () => boolean;
  /** The clock and the random numbers of the code that runs: of its host. */
  readonly clock: () => Clock;
  readonly random: () => Random;
  /** Runs a callback as Node runs those of timers: with its ticks before its microtasks. */
  readonly turn: (callback: () => void) => void;
  /** Makes a call that nothing of the simulation, nor its watch for real work, takes for one of the program. */
  readonly asOwn: <T>(call: () => T) => T;
  /** Timers that were asked for their number, by it. */
  readonly timers: Map<number, Disposable>;
  /** Timers that are set. */
  readonly set: Set<unknown>;
  /** The simulated host on which the caller runs, for the layers over `node:net` (`net/builtins.ts`). */
  readonly place: () => unknown;
  /** The life of a host in which the caller runs, or the host for code that uses it from outside. */
  readonly owner: () => object | undefined;
  /** Makes a call in the run, on none of its hosts. */
  readonly outsideHosts: <T>(call: () => T) => T;
  /** Makes a call, and destroys the simulated sockets that it destroys in the order in which they were made. */
  readonly inOrder: <T>(call: () => T) => T;
  /** A callback threw. */
  readonly onUncaught: (error: unknown) => void;
  /** Whether the program of the simulation makes the call in progress. */
  readonly isInside: () => boolean;
  /** Whether the call in progress is none of the simulation: of a test runner, or of a timer that was there before. */
  readonly isOutside: () => boolean;
  /** Whether the call in progress was made by Node's `fs` or by a test runner. */
  readonly isTool: () => boolean;
  /** Counts real work until it settles; virtual time stands still for it. */
  readonly waitFor: (work: Promise<unknown>, what: string) => void;
  /** Whether a kind of real work is allowed, see `allowed.ts`. */
  readonly allows: (kind: string) => boolean;
  /** Does real work when its turn has come. */
  readonly inTurn: (what: string, begin: (done: () => void) => void) => void;
  /** Lets a call begin TLS over a simulated socket. */
  readonly permitTls: <T>(call: () => T) => T;
  /** 32 bits of the seed, for {@link pools}. */
  readonly poolWord: number;
}

/** A function, or a class that is called like one. What it is given is the caller's own: it says itself what is wrong. */
export type AnyFunction = (this: unknown, ...args: readonly unknown[]) => unknown;

/** What a layer does inside a simulation. */
export type Inside = (
  world: World,
  call: { readonly self: unknown; readonly args: readonly unknown[]; readonly real: AnyFunction },
) => unknown;

/** The state of all copies. */
interface Shared {
  world: World | undefined;
  readonly layers: WeakSet<object>;
  /** Timers of the real world that were refreshed in a simulation, and what they are since. */
  readonly adopted: WeakMap<object, unknown>;
  /** Virtual timers, of whichever copy. */
  readonly virtual: WeakSet<object>;
  /** Random bytes that a library keeps from run to run, see `chance.ts`. */
  readonly pools: Set<Uint8Array>;
}

/** A property that is a layer, or has become one for the time of a simulation. */
interface Target {
  readonly name: string;
  readonly layer: (real: AnyFunction) => AnyFunction;
  isGetter: boolean;
}

/** The properties of one object, in columns: before each run all of them are looked at. */
interface Targets {
  readonly all: Target[];
  readonly names: string[];
  /** The layers that were found there last. */
  readonly known: unknown[];
}

/**
 * The real `process`. A test runner may give its tests a copy that emits no events (Jest does): the context that Node itself
 * started has the real one.
 */
export const realProcess: NodeJS.Process = runInThisContext('process') as NodeJS.Process;

/**
 * The very object of a module of Node that the layers are on; a test runner may have another of that name. Importing `node:http` would load
 * the `fetch` of Node before the layers, which keeps what it finds.
 */
export function builtinModule(name: string): unknown {
  return realProcess.getBuiltinModule(name);
}

const mainGlobals = runInThisContext('globalThis') as object;

/** The globals of a program; in the sandbox of a test runner also those of Node itself, which its own `fetch` uses. */
export const realms: readonly (() => object)[] =
  mainGlobals === globalThis ? [() => globalThis] : [() => globalThis, () => mainGlobals];

const KEY = Symbol.for('@awaitio/core: simulation');

function sharedState(): Shared {
  const owner = realProcess as NodeJS.Process & { [KEY]?: Shared };
  if (owner[KEY] === undefined) {
    const value: Shared = {
      world: undefined,
      layers: new WeakSet(),
      adopted: new WeakMap(),
      virtual: new WeakSet(),
      pools: new Set(),
    };
    Object.defineProperty(owner, KEY, { value });
  }
  return owner[KEY] as Shared;
}

const shared = sharedState();
/** Owners are looked up each time: fake timers replace whole objects. */
const targets = new Map<() => object | undefined, Targets>();

/** What every copy knows about timers, see `timers.ts`. */
export const adopted: WeakMap<object, unknown> = shared.adopted;
export const virtual: WeakSet<object> = shared.virtual;
export const pools: Set<Uint8Array> = shared.pools;

/** Fills a pool with one word: what is taken from it is the same in every run of a seed, wherever the last has ended. */
export function fillPool(pool: Uint8Array, { poolWord }: World): void {
  for (let at = 0; at < pool.length; at += 1) pool[at] = poolWord >>> (8 * (at % 4));
}

/** The simulation that decides about the call in progress. */
export function currentWorld(): World | undefined {
  const { world } = shared;
  return world === undefined || world.isOwnCall() ? undefined : world;
}

/** The layer over a function. */
export function layerOver(real: AnyFunction, inside: Inside): AnyFunction {
  const layer = function (this: unknown, ...args: unknown[]): unknown {
    const world = currentWorld();
    return world === undefined
      ? Reflect.apply(real, this, args)
      : inside(world, { self: this, args, real });
  };
  return markLayer(layer, real);
}

/** What a layer does inside a simulation; calls from outside of it, beside the run, go to the real function. */
export function insideWorld(inside: Inside): Inside {
  return (world, call) =>
    world.isOutside() ? Reflect.apply(call.real, call.self, call.args) : inside(world, call);
}

/** The prototype of a class. */
export const prototypeOf = (real: object): object => Reflect.get(real, 'prototype') as object;

/** Makes a function look like the one that it covers. */
export function markLayer(layer: AnyFunction, real: AnyFunction): AnyFunction {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(real))) {
    if (name !== 'prototype') Object.defineProperty(layer, name, descriptor);
  }
  for (const symbol of Object.getOwnPropertySymbols(real)) {
    const descriptor = Object.getOwnPropertyDescriptor(real, symbol);
    if (descriptor !== undefined) Object.defineProperty(layer, symbol, descriptor);
  }
  shared.layers.add(layer);
  return layer;
}

/** Puts a layer over a method, or over the function of a getter, from now on; and again before each run. */
export function cover(
  owner: () => object | undefined,
  name: string,
  layer: (real: AnyFunction) => AnyFunction,
): void {
  const target = { name, layer, isGetter: true };
  let group = targets.get(owner);
  if (group === undefined) {
    group = { all: [], names: [], known: [] };
    targets.set(owner, group);
  }
  group.all.push(target);
  group.names.push(name);
  group.known.push(undefined);
  put(owner(), target);
}

/** As {@link cover}, with what the layer does. */
export function coverCall(owner: () => object | undefined, name: string, inside: Inside): void {
  cover(owner, name, (real) => layerOver(real, inside));
}

/** As {@link coverCall}, once: for what no fake timers replace. A test may still replace it by a fake, which is then asked. */
export function coverOnce(owner: object, name: string, inside: Inside): void {
  put(owner, { name, layer: (real) => layerOver(real, inside), isGetter: true });
}

/** A property that was covered, and how to uncover it. */
interface Change {
  readonly holder: object;
  readonly name: string;
  readonly before: PropertyDescriptor;
}

/** Covers what is not covered, on the object or the prototype that has it. */
function put(owner: object | undefined, target: Target): Change | undefined {
  const { name, layer } = target;
  if (owner === undefined || !(name in owner)) return undefined;
  let holder = owner;
  while (!Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder) as object;
  const before = Object.getOwnPropertyDescriptor(holder, name) as PropertyDescriptor;
  const real: unknown = before['get'] ?? before.value;
  target.isGetter = before.get !== undefined;
  if (before.configurable !== true || typeof real !== 'function') return undefined;
  if (shared.layers.has(real)) return undefined;
  const covered = layer(real as AnyFunction);
  const change = before.get === undefined ? { value: covered } : { get: covered };
  Object.defineProperty(holder, name, { ...before, ...change });
  return { holder, name, before };
}

/** Covers what has been replaced since the last time. */
function putAgain(): readonly Change[] {
  const changes: Change[] = [];
  for (const [ownerOf, { all, names, known }] of targets) {
    const owner = ownerOf() as Readonly<Record<string, unknown>> | undefined;
    if (owner === undefined) continue;
    for (let at = 0; at < all.length; at += 1) {
      const target = all[at] as Target;
      if (!target.isGetter) {
        const present = owner[names[at] as string];
        // The common case before each run: nothing has replaced the layer.
        if (present !== undefined && present === known[at]) continue;
        if (shared.layers.has(present as object)) {
          known[at] = present;
          continue;
        }
      }
      const change = put(owner, target);
      if (change !== undefined) changes.push(change);
    }
  }
  return changes;
}

/** Makes the named imports of Node's modules see what was covered. */
export function syncImports(): void {
  syncBuiltinESMExports();
}

/**
 * Begins a simulation: from now on the layers ask `world`. Covers again what has been replaced since, by fake timers for
 * instance.
 *
 * @throws Error when another simulation is running: they would share one world.
 */
export function enterWorld(world: World): () => void {
  if (shared.world !== undefined) {
    throw new Error(
      'simulate: another simulation is running in this process; await one before the next',
    );
  }
  const changed = putAgain();
  if (changed.length > 0) syncImports();
  shared.world = world;
  for (const pool of pools) fillPool(pool, world);
  return () => {
    shared.world = undefined;
    for (const { holder, name, before } of changed.toReversed()) {
      Object.defineProperty(holder, name, before);
    }
    if (changed.length > 0) syncImports();
  };
}
