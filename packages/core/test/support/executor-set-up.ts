/** An executor, and tasks to give to it. */

import { Executor, type ExecutorOptions, type TaskContext } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

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
