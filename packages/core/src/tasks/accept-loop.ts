/**
 * The loop between a listener and an executor: one task per connection, for the connection's whole life.
 *
 * The order matters: a slot first, then a connection. A connection that is accepted and then has to queue for a slot is
 * one that the peer believes to be served; left in the listener it costs nothing and stays unread. When accepting itself
 * fails (out of descriptors, out of memory), what is open goes on, and the loop tries again after a pause that doubles,
 * as Go's and trio's servers do, since trying at once would burn the CPU that closing connections needs.
 */

import type { ByteStream } from '../streams/byte-stream.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import { defaultExecutor, type Executor } from './executor.ts';
import type { Listener } from '../listening/listener.ts';
import type { TaskContext, TaskFunction } from './task-context.ts';

/** Options of {@link acceptLoop}. */
export interface AcceptLoopOptions<S extends ByteStream> {
  /** What runs the connections' tasks; its `concurrency` bounds them. @default the process's one */
  readonly executor?: Executor | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Ends the loop; the listener and the connections' tasks live on. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of connections whose task failed, and of `accept` that did (`stream` is `undefined` then). @default nobody */
  readonly onError?: ((error: unknown, stream: S | undefined) => void) | undefined;
  /** What each task is called. @default 'connection' */
  readonly name?: string | undefined;
  /**
   * Whether `serve` sees to the end of its stream by itself: it closes or resets it before its task ends, and does not throw
   * (else the executor hears of it). Spares each idle connection the memory of one that waits for it; and of a promise of
   * its end, when it holds its task (`TaskContext.hold`) and returns nothing. @default false
   */
  readonly ownsStream?: boolean | undefined;
}

/** The pause after the first failed `accept`, and the longest, in milliseconds (Go's net/http). */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1_000;

/**
 * Accepts connections and runs one task for each, until the listener closes or the signal aborts.
 *
 * @param serve - The life of one connection. Its stream is closed when it returns, and reset when it throws
 * or its task is aborted.
 * @returns Settled when no more connections will be accepted; tasks may still run.
 * @throws nothing: failures go to `onError`.
 *
 * @example
 * ```ts
 * import { acceptLoop, MemoryListener } from '@awaitio/core';
 *
 * const listener = new MemoryListener();
 * const accepting = acceptLoop(listener, async (stream) => {
 *   for await (const chunk of stream) await stream.writeAll(chunk);
 * });
 * const client = await listener.connect();
 * await client.writeAll('hello\n');
 * console.log(await client.readLine()); // hello
 * await client.close();
 * await listener.close();
 * await accepting;
 * ```
 */
export function acceptLoop<S extends ByteStream>(
  listener: Listener<S>,
  serve: (stream: S, context: TaskContext) => Promise<void>,
  options?: AcceptLoopOptions<S>,
): Promise<void>;
/** As above, with a `serve` that need not return a promise, since it sees to the end of its stream by itself. */
export function acceptLoop<S extends ByteStream>(
  listener: Listener<S>,
  serve: (stream: S, context: TaskContext) => Promise<void> | void,
  options: AcceptLoopOptions<S> & { readonly ownsStream: true },
): Promise<void>;
export async function acceptLoop<S extends ByteStream>(
  listener: Listener<S>,
  serve: (stream: S, context: TaskContext) => Promise<void> | void,
  options?: AcceptLoopOptions<S>,
): Promise<void> {
  const { executor = defaultExecutor, clock = systemClock, signal, onError } = options ?? {};
  const name = options?.name ?? 'connection';
  let pause = FIRST_PAUSE;
  for (;;) {
    let stream: S;
    try {
      if (!executor.hasFreeSlot) await executor.freeSlot({ signal });
      stream = await listener.accept({ signal });
      pause = FIRST_PAUSE;
    } catch (error) {
      if (error instanceof ClosedError || signal?.aborted === true) return;
      onError?.(error, undefined);
      if (!(await pauseFor(pause, clock, signal))) return;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      continue;
    }
    try {
      const run: TaskFunction<void> =
        options?.ownsStream === true
          ? (context) => serve(stream, context)
          : (context) => live(stream, context, serve, onError);
      executor.spawn(run, { name, onAbort: stream });
    } catch (error) {
      // The executor takes no more tasks.
      stream.reset(error);
      onError?.(error, stream);
      return;
    }
  }
}

/** The life of one connection, to the end of its stream; never rejects. */
async function live<S extends ByteStream>(
  stream: S,
  context: TaskContext,
  serve: (stream: S, context: TaskContext) => Promise<void> | void,
  onError: AcceptLoopOptions<S>['onError'],
): Promise<void> {
  try {
    await serve(stream, context);
    await stream.close();
  } catch (error) {
    stream.reset(error);
    onError?.(error, stream);
  }
}

async function pauseFor(
  milliseconds: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await clock.sleep(milliseconds, { signal });
    return true;
  } catch {
    return false;
  }
}
