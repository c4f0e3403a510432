/**
 * The scope that the running code is in, found without being passed on.
 *
 * It is kept in an `AsyncLocalStorage`, which is made with the first scope of the process: in Node 20 and 22 a storage in use
 * turns on hooks for every promise, and a program without scopes must not pay for them. Until then every function
 * here is one test of one variable.
 *
 * All copies of this package in a realm share it, so that a scope of one ends the waits of another: a dependency may have its own
 * copy.
 *
 * A wait watches the scope in which it begins. Work that is not awaited there, and that lasts longer (a server, a bridge
 * between streams), runs outside of scopes: the end of a scope that happened to start it is none of its business.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../vocabulary/clock.ts';
import type { CancelledError } from '../vocabulary/errors.ts';
import type { AbortWatcher } from './abort-watch.ts';
import { separateContexts } from './async-scope.ts';

/** A scope, as the waits in it see it. */
export interface AmbientScope {
  /** The clock of the scopes that begin in it. */
  readonly clock: Clock;
  /** Why nothing waits in it any more; `undefined` while it goes on. */
  readonly cancelled: CancelledError | undefined;
  /** Why it was cancelled itself, and not what it is nested in. */
  readonly own: CancelledError | undefined;
  /** The scope that it is nested in, shielded or not; that of a task is in none. */
  readonly parent: AmbientScope | undefined;
  /** Whether the end of what it is nested in does not reach it. */
  readonly isShielded: boolean;
  /** Calls the watcher, once, when the scope is cancelled; the caller has checked that it is not. */
  watch(watcher: AbortWatcher): void;
  unwatch(watcher: AbortWatcher): void;
}

/** What all copies share. */
interface Shared {
  storage: AsyncLocalStorage<AmbientScope | undefined> | undefined;
}

/** The number is that of {@link AmbientScope}: a copy that changes it must not find the scopes of one that does not know. */
const KEY = Symbol.for('@awaitio/core: scopes 1');

function sharedState(): Shared {
  const known = Reflect.get(globalThis, KEY) as Shared | undefined;
  if (known !== undefined) return known;
  // Sealed: after each file of tests Jest puts getters that warn over what it can of the globals' properties, and a copy whose file is
  // over may still end something, under load or when garbage is collected.
  const value: Shared = Object.seal<Shared>({ storage: undefined });
  // Where the global object is frozen each copy keeps its own.
  Reflect.defineProperty(globalThis, KEY, { value });
  return value;
}

const shared = sharedState();
const settled = Promise.resolve();

/** The scope that the caller runs in; `undefined` outside of all. */
export function currentScope(): AmbientScope | undefined {
  const { storage } = shared;
  return storage === undefined ? undefined : storage.getStore();
}

/** Whether the process has used a scope: from then on every task is one. */
export function hasScopes(): boolean {
  return shared.storage !== undefined;
}

/** Runs `body` in a scope, or outside of all. */
export function runIn<T>(scope: AmbientScope | undefined, body: () => T): T {
  separateContexts();
  shared.storage ??= new AsyncLocalStorage();
  return shared.storage.run(scope, body);
}

/**
 * Runs `body` outside of all scopes, for work that must go on when the scope of its caller ends.
 *
 * @example
 * ```ts
 * import { memoryPair, moveOnAfter } from '@awaitio/core';
 * import { outsideScopes } from '@awaitio/core/lowlevel';
 *
 * const [client, server] = memoryPair();
 * let reading: Promise<string | null> | undefined;
 * await moveOnAfter(1, async () => {
 *   reading = outsideScopes(() => server.readLine());
 *   await client.readLine();
 * });
 * await client.writeAll('still there\n');
 * console.log(await reading); // still there
 * await client.close();
 * await server.close();
 * ```
 */
export function outsideScopes<T>(body: () => T): T {
  return currentScope() === undefined ? body() : runIn(undefined, body);
}

/** Throws when the scope of the caller is cancelled. @throws `CancelledError` */
export function checkScope(): void {
  const error = currentScope()?.cancelled;
  if (error !== undefined) throw error;
}

/**
 * Watches the scope of the caller, for a wait.
 *
 * @returns The scope, for `unwatch` when the wait is over; `undefined` outside of all scopes. In one that is
 * cancelled already, the watcher is called in a later microtask.
 */
export function watchScope(watcher: AbortWatcher): AmbientScope | undefined {
  const scope = currentScope();
  if (scope === undefined) return undefined;
  const error = scope.cancelled;
  if (error === undefined) scope.watch(watcher);
  else void settled.then(() => watcher.onAbort(error));
  return scope;
}

/** Whether `scope` is `outer`, or nested in it however deep. */
export function isWithin(scope: AmbientScope | undefined, outer: AmbientScope): boolean {
  let at = scope;
  while (at !== undefined && at !== outer) at = at.parent;
  return at === outer;
}

/** Whether something between `scope` and `outer`, which it is nested in, is shielded. */
export function isShieldedWithin(scope: AmbientScope | undefined, outer: AmbientScope): boolean {
  let isShielded = false;
  let at = scope;
  for (; at !== undefined && at !== outer; at = at.parent) isShielded ||= at.isShielded;
  return isShielded && at === outer;
}
