/**
 * Callbacks: functions that another program hands in, and that awaitio calls.
 *
 * A callback may throw, or return a promise that rejects; with any value as its reason, or none; and the value itself may
 * throw when it is looked at. None of that may end the process, and none may be lost, so every failure has one place to go:
 * the nearest of the call's own rejection, the server's `onError`, the executor's `onTaskError`, and stderr (docs/errors.md).
 *
 * Nothing here allocates for a callback that returns nothing.
 */

import { IoError } from './errors.ts';
import { printLossy } from './lossy-output.ts';
import { isError } from './realms.ts';

/** Where failures of callbacks go. */
export interface FailureSink {
  /**
   * A callback failed. Must not throw.
   *
   * @param failure - What it threw, or an `IoError` (`ERR_NO_REASON`) in place of nothing.
   * @param callback - Its name, such as `onEvent`.
   */
  onCallbackFailure(failure: unknown, callback: string): void;
}

/**
 * Calls a callback whose result means nothing. Never throws.
 *
 * @param name - The name of the callback, for its failure.
 * @param sink - Gets the error that it throws, or the reason of the promise that it returns.
 */
export function callContained<A, B>(
  name: string,
  callback: (first: A, second: B) => unknown,
  first: A,
  second: B,
  sink: FailureSink,
): void {
  try {
    const returned = callback(first, second);
    if (returned !== undefined) containResult(name, returned, sink);
  } catch (error) {
    sink.onCallbackFailure(failureOf(error, name), name);
  }
}

/** Passes on the rejection of a promise, of any kind, that a callback has returned. Never throws. */
export function containResult(name: string, returned: unknown, sink: FailureSink): void {
  if (typeof returned !== 'object' && typeof returned !== 'function') return;
  if (returned === null || !isThenable(returned)) return;
  // Not `Promise.resolve`, which looks at the `constructor` of a promise.
  new Promise((resolve) => {
    resolve(returned);
  }).then(undefined, (reason: unknown) => {
    sink.onCallbackFailure(failureOf(reason, name), name);
  });
}

/** Whether awaiting it would wait. A getter that throws counts: awaiting reports its error. */
export function isThenable(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as { readonly then?: unknown }).then === 'function';
  } catch {
    return true;
  }
}

/** The reason of a failure; an error that says so in place of none, as of `Promise.reject()` or `throw undefined`. */
export function failureOf(reason: unknown, name: string): unknown {
  if (reason !== undefined && reason !== null) return reason;
  return new IoError(`${name}: it failed without a reason (${String(reason)})`, {
    code: 'ERR_NO_REASON',
    operation: name,
  });
}

/** Shows a failure, with its stack, whatever it is. Never throws. */
export function describeFailure(failure: unknown): string {
  try {
    if (!isError(failure)) return String(failure);
    const { stack, message }: { readonly stack?: unknown; readonly message: unknown } = failure;
    return String(stack ?? message);
  } catch {
    return `a value of type ${typeof failure} that cannot be shown`;
  }
}

/** Writes one line to stderr. Never throws: a program may have replaced `console`. */
export function printLine(line: string): void {
  try {
    printLossy(process.stderr, () => {
      // oxlint-disable-next-line no-console -- where failures go that have no other place
      console.error(`awaitio: ${line}`);
    });
  } catch {
    // There is no place left.
  }
}

/** The last resort: one line on stderr. */
export const stderrSink: FailureSink = Object.freeze({
  onCallbackFailure: (failure: unknown, callback: string) => {
    printLine(`${callback} failed: ${describeFailure(failure)}`);
  },
});
