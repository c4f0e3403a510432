/**
 * Who waits, and where it was asked: the memory of a program that hangs.
 *
 * A wait by itself knows what it waits for and since when; that costs nothing and is always there. Which task it belongs
 * to and which line asked for it take a stack and an asynchronous context per wait, microseconds each, so they are kept
 * only while tracing is on. While it is off, all that is left of this file is one look at one variable.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { siteOfCall } from './call-site.ts';

/** Whom a traced wait belongs to: a task. */
export interface WaitHolder {
  readonly id: number;
  readonly name: string;
}

let isTracing = false;
const holders = new AsyncLocalStorage<WaitHolder>();
const open = new WeakMap<WaitHolder, Set<WaitTrace>>();

/** One wait while it lasts, as its holder's snapshot shows it. */
export class WaitTrace {
  readonly operation: string;
  readonly since: number;
  /** `undefined` when the platform made the call, as it does for `await task`. */
  readonly site: string | undefined;
  readonly holder: WaitHolder | undefined;

  constructor(operation: string, since: number) {
    this.operation = operation;
    this.since = since;
    this.site = siteOfCall(operation);
    this.holder = holders.getStore();
    if (this.holder === undefined) return;
    const waits = open.get(this.holder);
    if (waits === undefined) open.set(this.holder, new Set([this]));
    else waits.add(this);
  }

  /** The wait is over. */
  end(): void {
    if (this.holder !== undefined) open.get(this.holder)?.delete(this);
  }
}

/**
 * Records for each new wait which task asked for it and where, and for each new task where it was spawned: for
 * snapshots and error messages.
 *
 * Off by default, since a stack costs microseconds. Tasks that were running when it was turned on stay unknown.
 *
 * @param enabled - Whether waits and tasks from now on are traced.
 *
 * @example
 * ```ts
 * import { defaultExecutor, memoryPair, traceWaits } from '@awaitio/core';
 *
 * traceWaits(true);
 * const [client, server] = memoryPair();
 * const reader = defaultExecutor.spawn(() => server.readChunk(), { name: 'reader' });
 * await new Promise(setImmediate);
 * const [task] = defaultExecutor.snapshot();
 * console.log(task?.name, task?.waits[0]?.operation); // reader readChunk
 * console.log(server.statistics().waits[0]?.task); // reader
 * traceWaits(false);
 * await client.close();
 * await reader;
 * await server.close();
 * ```
 */
export function traceWaits(enabled: boolean): void {
  isTracing = enabled;
}

/** Begins the trace of a wait; `undefined` while tracing is off. */
export function beginTrace(operation: string, since: number): WaitTrace | undefined {
  return isTracing ? new WaitTrace(operation, since) : undefined;
}

/** The caller of the public method `operation`, which is running; `undefined` while tracing is off. */
export function callSite(operation: string): string | undefined {
  return isTracing ? siteOfCall(operation) : undefined;
}

/** Runs `body` so that the waits in it, and in whatever it starts, belong to `holder`. */
export function runAs<T>(holder: WaitHolder, body: () => T): T {
  return isTracing ? holders.run(holder, body) : body();
}

/** The traced waits of `holder` that last, oldest first. */
export function tracesOf(holder: WaitHolder): Iterable<WaitTrace> {
  return open.get(holder) ?? [];
}
