/**
 * The loop between a listener and an executor: one task per connection, for the connection's whole life.
 *
 * The order matters: a slot first, then a connection. The peer of an accepted connection believes that it is being served;
 * left in the listener until a slot is free, a connection costs nothing and stays unread. Only where other tasks spawn on the
 * executor too can the slot be gone by then: the loop holds the one connection until it has another. When accepting itself fails (out
 * of descriptors, out of memory), the open connections go on, and the loop tries again after a pause that doubles, as Go's
 * and trio's servers do: retrying at once would take the CPU that closing connections needs.
 */

import { callContained, failureOf, stderrSink } from '../vocabulary/callbacks.ts';
import type { Taker } from '../listening/standing-accept.ts';
import type { Listener } from '../listening/listener.ts';
import { QueueListener } from '../listening/queue-listener.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import {
  checkFunction,
  checkMethods,
  checkOptions,
  rules,
  type OptionTable,
} from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import { isCancelled, isError } from '../vocabulary/realms.ts';
import { AsyncScope, separateContexts } from '../waiting/async-scope.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { defaultExecutor } from './executor.ts';
import type { Spawner, TaskContext } from './task-types.ts';

/** Options of {@link acceptLoop}. */
export interface AcceptLoopOptions<S extends ByteStream> {
  /**
   * Spawns the connections' tasks. An executor limits them by its `concurrency`: the loop accepts when a slot is free. In a
   * group or the context of a task they become its tasks, and nothing limits them. @default the process's executor
   */
  readonly executor?: Spawner | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Ends the loop; the listener and the connections' tasks go on. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a connection's task fails, and when `accept` does (then `stream` is `undefined`). @default ignored */
  readonly onError?: ((error: unknown, stream: S | undefined) => void) | undefined;
  /** The name of each task. @default 'connection' */
  readonly name?: string | undefined;
}

const ACCEPT_LOOP_OPTIONS: OptionTable<AcceptLoopOptions<never>> = {
  executor: rules.method('spawn'),
  clock: rules.clock,
  signal: rules.signal,
  onError: rules.function,
  name: rules.string,
};

/** The pause after the first failed `accept`, and the longest, in milliseconds (Go's net/http). */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1_000;

/**
 * Accepts connections and runs one task for each, until the listener closes, the signal aborts or a scope around it ends.
 *
 * @param serve - Serves one connection. Its stream is closed when it returns, and reset when it throws or its task is
 * aborted.
 * @returns Resolves when no more connections will be accepted; tasks may still run.
 * @throws `InvalidInputError` for a wrong option; nothing else: failures go to `onError`.
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
export async function acceptLoop<S extends ByteStream>(
  listener: Listener<S>,
  serve: (stream: S, context: TaskContext) => Promise<void>,
  options?: AcceptLoopOptions<S>,
): Promise<void> {
  check('acceptLoop', listener, serve, options);
  const onError = options?.onError;
  await acceptOwned(listener, (stream, context) => live(stream, context, serve, onError), options);
}

/**
 * As `acceptLoop`, for a `serve` that owns its stream: it closes or resets the stream before its task ends, and does not
 * throw (else the executor reports it). For the connection loop of a server: it saves an idle connection the memory of a
 * promise for its end when `serve` holds its task (`holdTask`) and returns nothing.
 *
 * The stream is still reset when its task is aborted, or cannot be spawned.
 *
 * @param serve - Serves one connection, to the end of its stream.
 * @returns Resolves when no more connections will be accepted; tasks may still run.
 * @throws nothing: failures of `accept` go to `onError`.
 */
export async function acceptOwned<S extends ByteStream>(
  listener: Listener<S>,
  serve: (stream: S, context: TaskContext) => Promise<void> | void,
  options?: AcceptLoopOptions<S>,
): Promise<void> {
  check('acceptOwned', listener, serve, options);
  const { clock = systemClock, signal, onError } = options ?? {};
  const executor: Spawner = options?.executor ?? defaultExecutor;
  const name = options?.name ?? 'connection';
  // Before the first wait: all connections get the context of this loop.
  separateContexts();
  const scope = new AsyncScope();
  let pause = FIRST_PAUSE;
  const spawn = (stream: S): void => {
    executor.spawn((context) => serve(stream, context), { name, onAbort: stream });
  };
  let isRefused = false;
  const taker: Taker<S> = {
    get hasRoom() {
      return executor.hasFreeSlot !== false;
    },
    take(stream) {
      pause = FIRST_PAUSE;
      try {
        scope.run(spawn, stream);
      } catch (error) {
        // The executor takes no more tasks.
        isRefused = true;
        stream.reset(error);
        scope.run(report<S>, onError, error, stream);
        throw error;
      }
    },
  };
  for (;;) {
    let stream: S | undefined;
    try {
      if (executor.hasFreeSlot === false) await executor.freeSlot?.({ signal });
      if (isStanding(listener)) {
        await listener.acceptEach(taker, { signal });
        continue;
      }
      stream = await listener.accept({ signal });
      // Another loop, or another task, may have taken the slot meanwhile.
      while (executor.hasFreeSlot === false) await executor.freeSlot?.({ signal });
      taker.take(stream);
    } catch (error) {
      if (isRefused) return;
      stream?.reset(error);
      if (isEnd(error) || signal?.aborted === true) return;
      scope.run(report<S>, onError, error, stream);
      if (!(await pauseFor(pause, clock, signal, onError))) return;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }
}

/** Whether it hands over each connection as it arrives. */
function isStanding<S extends ByteStream>(
  listener: Listener<S>,
): listener is Listener<S> & Required<Pick<QueueListener<unknown, S>, 'acceptEach'>> {
  return listener instanceof QueueListener && listener.acceptEach !== undefined;
}

function check(operation: string, listener: unknown, serve: unknown, options: unknown): void {
  checkMethods(operation, 'listener', listener, ['accept']);
  checkFunction(operation, 'serve', serve);
  if (options !== undefined) checkOptions(operation, options, ACCEPT_LOOP_OPTIONS);
}

/** Serves one connection to the end of its stream; never rejects. */
async function live<S extends ByteStream>(
  stream: S,
  context: TaskContext,
  serve: (stream: S, context: TaskContext) => Promise<void>,
  onError: AcceptLoopOptions<S>['onError'],
): Promise<void> {
  try {
    await serve(stream, context);
    await stream.close();
  } catch (error) {
    stream.reset(error);
    report(onError, error, stream);
  }
}

async function pauseFor<S extends ByteStream>(
  milliseconds: number,
  clock: Clock,
  signal: AbortSignal | undefined,
  onError: AcceptLoopOptions<S>['onError'],
): Promise<boolean> {
  try {
    await clock.sleep(milliseconds, { signal });
    return true;
  } catch (error) {
    // A clock that cannot wait: the loop would spin without a pause.
    if (signal?.aborted !== true && !isEnd(error)) report(onError, error, undefined);
    return false;
  }
}

/** Whether the listener was closed, or the scope of the loop has ended. */
function isEnd(error: unknown): boolean {
  if (error instanceof ClosedError || isCancelled(error)) return true;
  // The listener may come from another copy of this package.
  return isError(error) && (error as Partial<ClosedError>).code === 'ERR_LISTENER_CLOSED';
}

function report<S extends ByteStream>(
  onError: AcceptLoopOptions<S>['onError'],
  error: unknown,
  stream: S | undefined,
): void {
  if (onError === undefined) return;
  callContained('onError', onError, failureOf(error, 'acceptLoop'), stream, stderrSink);
}
