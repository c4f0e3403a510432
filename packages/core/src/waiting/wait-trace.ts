/**
 * Which task waits, and on which line: diagnostics for a hung program.
 *
 * Every wait knows its operation and its start; that costs nothing and is always recorded. Which task it belongs to and
 * which line made the call take an asynchronous context and a stack per wait, microseconds each, so they are recorded
 * only while tracing is on. While it is off, the cost is one test of one variable.
 */

import { invalidInput, TimeoutError, type TimedWait } from '../vocabulary/errors.ts';
import { AsyncLocalStorage } from 'node:async_hooks';
import { siteOfCall, type Door } from './call-site.ts';

/** The task that a traced wait belongs to. */
export interface WaitHolder {
  readonly id: number;
  readonly name: string;
}

let isTracing = false;
const holders = new AsyncLocalStorage<WaitHolder>();
/** The sites of calls that wait several times, or deeper than a stack shows. */
const sites = new AsyncLocalStorage<string>();
const open = new WeakMap<WaitHolder, Set<WaitTrace>>();

/** One pending wait, as the snapshot of its task shows it. */
export class WaitTrace {
  readonly operation: string;
  readonly since: number;
  /** `undefined` when the platform made the call, as it does for `await task`. */
  readonly site: string | undefined;
  readonly holder: WaitHolder | undefined;

  constructor(operation: string, since: number, site: string | undefined) {
    this.operation = operation;
    this.since = since;
    this.site = site ?? sites.getStore() ?? siteOfCall(operation);
    this.holder = holders.getStore();
    if (this.holder === undefined) return;
    const waits = open.get(this.holder);
    if (waits === undefined) open.set(this.holder, new Set([this]));
    else waits.add(this);
  }

  /** The wait has settled. */
  end(): void {
    if (this.holder !== undefined) open.get(this.holder)?.delete(this);
  }
}

/**
 * Records for each new wait which task made the call and where, and for each new task where it was spawned: for
 * snapshots and error messages.
 *
 * Off by default, since a stack costs microseconds. Tasks that were running when tracing was turned on stay unknown.
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
  if (typeof enabled !== 'boolean') {
    throw invalidInput('traceWaits', 'enabled', 'true or false', enabled);
  }
  isTracing = enabled;
}

/** Whether waits are traced: for callers to whom the operation or the time has a price. */
export function isTraced(): boolean {
  return isTracing;
}

/**
 * Begins the trace of a wait; `undefined` while tracing is off.
 *
 * @param site - Where the call was made, if that was found out earlier.
 */
export function beginTrace(operation: string, since: number, site?: string): WaitTrace | undefined {
  return isTracing ? new WaitTrace(operation, since, site) : undefined;
}

/**
 * Runs the body of a public call, named by its function or its name, so that all its waits have the site of its caller: one that waits again after
 * an await, or in the callbacks of Node, has no frame of the caller on its stack by then.
 */
export function runFrom<T>(call: Door | string, body: () => T): T {
  if (!isTracing || sites.getStore() !== undefined) return body();
  const site = typeof call === 'string' ? siteOfCall(call) : siteOfCall(undefined, call);
  return site === undefined ? body() : sites.run(site, body);
}

/** The caller of the public method `operation`, which is running; `undefined` while tracing is off. */
export function callSite(operation: string): string | undefined {
  return isTracing ? siteOfCall(operation) : undefined;
}

/** Runs `body` so that its waits, and those of everything it starts, belong to `holder`. */
export function runAs<T>(holder: WaitHolder, body: () => T): T {
  return isTracing ? holders.run(holder, body) : body();
}

/** As `runAs`, for a function that is called for each request: nothing is made while tracing is off. */
export function traceAs<A, B, T>(
  holder: WaitHolder | undefined,
  body: (a: A, b: B) => T,
  a: A,
  b: B,
): T {
  return isTracing && holder !== undefined ? holders.run(holder, body, a, b) : body(a, b);
}

/** Whether waits are traced. */
export function isTracingWaits(): boolean {
  return isTracing;
}

/** The task that is running, as far as it is traced: for the waits of {@link timedOut}. */
export function currentHolder(): WaitHolder | undefined {
  return isTracing ? holders.getStore() : undefined;
}

/** The error of a time that is over, with what the task waits for, if that is known. */
export function timedOut(
  operation: string,
  milliseconds: number,
  holder: WaitHolder | undefined,
): TimeoutError {
  const waits = holder === undefined ? [] : Array.from(tracesOf(holder), timedWait);
  return new TimeoutError(operation, milliseconds, waits);
}

/** The error of one wait whose time is over. */
export function waitTimedOut(
  trace: WaitTrace | undefined,
  operation: string,
  milliseconds: number,
): TimeoutError {
  return new TimeoutError(operation, milliseconds, trace === undefined ? [] : [timedWait(trace)]);
}

/** What shows the waits on it: a stream. */
interface Waited {
  statistics(): { readonly waits: Iterable<Partial<TimedWait> & Pick<TimedWait, 'operation'>> };
}

/** The error of a time that is over on a stream, with the tasks that wait on it, if they are known. */
export function timedOutOn(stream: Waited, operation: string, milliseconds: number): TimeoutError {
  const waits: TimedWait[] = [];
  if (isTracing) {
    for (const { operation: call, task, site } of stream.statistics().waits) {
      // What has no task waits by itself: for the end of an idle connection.
      if (task !== undefined) waits.push({ operation: call, task, site: firstLine(site) });
    }
  }
  return new TimeoutError(operation, milliseconds, waits);
}

function timedWait({ operation, holder, site }: WaitTrace): TimedWait {
  return { operation, task: holder?.name, site: firstLine(site) };
}

function firstLine(site: string | undefined): string | undefined {
  return site?.trim().split('\n')[0]?.trim();
}

/** The pending traced waits of `holder`, oldest first. */
export function tracesOf(holder: WaitHolder): Iterable<WaitTrace> {
  return open.get(holder) ?? [];
}
