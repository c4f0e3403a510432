/** An executor, and tasks to give to it. */

import { Executor, type ExecutorOptions, type TaskContext } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { deferred } from '../../src/waiting/deferred.ts';

/** An executor with its own clock, and the failures that were not awaited. */
export function setUp(options?: ExecutorOptions) {
  const clock = new ManualClock();
  const unobserved: { error: unknown; name: string }[] = [];
  const executor = new Executor({
    clock,
    onTaskError: (error, { name }) => unobserved.push({ error, name }),
    ...options,
  });
  return { clock, executor, unobserved };
}

/** As {@link setUp}, with the errors of the failures alone. */
export function setUpErrors(options?: ExecutorOptions) {
  const clock = new ManualClock();
  const unobserved: unknown[] = [];
  const executor = new Executor({
    clock,
    onTaskError: (error) => unobserved.push(error),
    ...options,
  });
  return { clock, executor, unobserved };
}

export const outcomeOf = (task: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(task).then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

/** A task that runs until it is aborted, and then says so. */
export const untilAborted = ({ signal }: TaskContext): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason);
    });
  });

export const failure: Error = new Error('the function failed');
export const fail = (): never => {
  throw failure;
};

export const sleepFor =
  (milliseconds: number, value?: unknown) =>
  async ({ sleep }: TaskContext): Promise<unknown> => {
    await sleep(milliseconds);
    return value;
  };

/** Runs a group to its end, moving time as far as it takes. */
export async function groupOutcome(clock: ManualClock, group: Promise<unknown>): Promise<unknown> {
  const outcome = group.then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await clock.advance(10_000);
  return outcome;
}

/** Functions that wait for one gate, and a list of those that have begun. */
export function gated() {
  const gate = deferred<void>();
  const begun: string[] = [];
  const run = (name: string) => (): Promise<void> => {
    begun.push(name);
    return gate.promise;
  };
  return { gate, begun, run };
}
