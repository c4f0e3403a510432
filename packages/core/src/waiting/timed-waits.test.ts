/** What the error of a time that is over says about who waited, and in which line. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { memoryPair } from '../memory/memory-pair.ts';
import { Executor } from '../tasks/executor.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { TimeoutError } from '../vocabulary/errors.ts';
import { timeout } from './cancel-scope.ts';
import { traceWaits } from './wait-trace.ts';

async function failureOf(work: PromiseLike<unknown>): Promise<TimeoutError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TimeoutError);
  return error as TimeoutError;
}

describe('a time that is over', () => {
  let clock: ManualClock;
  beforeEach(() => {
    clock = new ManualClock();
  });
  afterEach(() => {
    traceWaits(false);
  });

  const late = async (
    run: (executor: Executor, read: (options?: object) => Promise<unknown>) => PromiseLike<unknown>,
  ): Promise<TimeoutError> => {
    const executor = new Executor({ clock });
    const [near, far] = memoryPair({ clock });
    const failure = failureOf(run(executor, (options) => near.readChunk(options)));
    await clock.advance(100);
    const error = await failure;
    await near.close();
    await far.close();
    return error;
  };

  test('of a wait says which task waited, and in which line, while waits are traced', async () => {
    traceWaits(true);
    const error = await late((executor, read) =>
      executor.spawn(() => read({ timeout: 10 }), { name: 'reader' }),
    );
    expect(error.waits).toEqual([
      {
        operation: 'readChunk',
        task: 'reader',
        site: expect.stringMatching(/timed-waits\.test\.ts/),
      },
    ]);
    expect(error.message).toMatch(
      /^readChunk did not finish within 10 ms \(waiting: task reader in readChunk at .*timed-waits\.test\.ts:\d+:\d+\)?\)$/,
    );
  });

  test('of a task says what the task waits for', async () => {
    traceWaits(true);
    const error = await late((executor, read) =>
      executor.spawn(() => read(), { name: 'reader', timeout: 20 }),
    );
    expect(error.message).toMatch(
      /^reader did not finish within 20 ms \(waiting: task reader in readChunk at /,
    );
  });

  test('of a scope says what its task waits for', async () => {
    traceWaits(true);
    const error = await late((executor, read) =>
      executor.spawn(() => timeout(30, () => read(), { clock }), { name: 'reader' }),
    );
    expect(error.message).toMatch(
      /^timeout did not finish within 30 ms \(waiting: task reader in readChunk at /,
    );
  });

  test('says no more than the time while waits are not traced', async () => {
    const error = await late((executor, read) =>
      executor.spawn(() => read({ timeout: 10 }), { name: 'reader' }),
    );
    expect(error.message).toBe('readChunk did not finish within 10 ms');
    expect(error.waits).toEqual([]);
  });

  test('names three waits and counts the others', () => {
    const waits = [1, 2, 3, 4, 5].map((id) => ({
      operation: 'read',
      task: `t${id}`,
      site: undefined,
    }));
    expect(new TimeoutError('all', 5, waits).message).toBe(
      'all did not finish within 5 ms (waiting: task t1 in read; task t2 in read; task t3 in read; and 2 more)',
    );
  });
});
