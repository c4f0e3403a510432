/**
 * Who waits, and where it was asked: the memory of a program that hangs.
 *
 * A wait by itself knows what it waits for and since when; that costs nothing and is always there. Which task it belongs
 * to and which line asked for it take a stack and an asynchronous context per wait, microseconds each, so they are kept
 * only while tracing is on. While it is off, all that is left of this file is one look at one variable.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

/** Whom a traced wait belongs to: a task. */
export interface WaitHolder {
  readonly id: number;
  readonly name: string;
}

/** Frames kept of a site: what led to the call, and not the whole history of the program. */
const KEPT_FRAMES = 8;
/** Frames looked at: those of this package come first, and are dropped. */
const SEEN_FRAMES = 40;
/** The folders of this package, where its unit tests stand too and are no part of it; Node's own; the executor's queue. */
const ownFrame = (): RegExp =>
  new RegExp(
    `${escape(packageRoot())}/(?:src|dist)/(?!.*\\.test\\.)|\\(node:|[\\\\/]p-queue[\\\\/]`,
  );
/** Made at the first trace: nearly no program makes one, and all of them load this. */
let madeOwnFrame: RegExp | undefined;

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
    this.site = siteOfCall();
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
 * import { defaultExecutor, traceWaits } from '@awaitio/core';
 * import { memoryPair } from '@awaitio/core/testing';
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

/** Where the public call that is being made was made; `undefined` while tracing is off. */
export function callSite(): string | undefined {
  return isTracing ? siteOfCall() : undefined;
}

/** Runs `body` so that the waits in it, and in whatever it starts, belong to `holder`. */
export function runAs<T>(holder: WaitHolder, body: () => T): T {
  return isTracing ? holders.run(holder, body) : body();
}

/** The traced waits of `holder` that last, oldest first. */
export function tracesOf(holder: WaitHolder): Iterable<WaitTrace> {
  return open.get(holder) ?? [];
}

/** The callers of this package's code, innermost first, one to a line. */
export function siteOfCall(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = SEEN_FRAMES;
  const { stack = '' } = new Error('site');
  Error.stackTraceLimit = stackTraceLimit;
  const frames = stack.split('\n').slice(1);
  madeOwnFrame ??= ownFrame();
  const own = madeOwnFrame;
  const theirs = frames.filter((frame) => !own.test(frame));
  return theirs.length === 0 ? undefined : theirs.slice(0, KEPT_FRAMES).join('\n');
}

/** As stacks name it: a path, which on Windows may have either slash, and which is the tail of a file URL. */
function packageRoot(): string {
  return decodeURI(new URL('..', import.meta.url).pathname).replace(/\/$/, '');
}

function escape(path: string): string {
  return path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('/', String.raw`[\\/]`);
}
