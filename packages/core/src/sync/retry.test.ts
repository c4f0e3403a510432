import { describe, expect, jest, test } from '@jest/globals';
import { ManualClock } from '../testing/manual-clock.ts';
import { CancelledError, InvalidInputError, TimeoutError } from '../vocabulary/errors.ts';
import { seededRandom, type Random } from '../vocabulary/random.ts';
import { cancelScope, timeout } from '../waiting/cancel-scope.ts';
import { deferred } from '../waiting/deferred.ts';
import { retry, RetryError, type Attempt, type RetryOptions } from './retry.ts';

const NO_CHANCE: Random = { next: () => 0, integer: (min) => min, chance: () => false };
const HALF: Random = { ...NO_CHANCE, next: () => 0.5 };

/** Fails `failures` times, each with an error that has its number, and then succeeds. */
function failing(failures: number) {
  const calls: Attempt[] = [];
  const run = (attempt: Attempt): string => {
    calls.push(attempt);
    if (attempt.attempt <= failures) throw new Error(`failure ${attempt.attempt}`);
    return `attempt ${attempt.attempt}`;
  };
  return { calls, run };
}

/** Runs it on a manual clock that is advanced until it settles; returns its outcome and when each attempt began. */
async function play<T>(
  run: (attempt: Attempt, clock: ManualClock) => T | Promise<T>,
  options: RetryOptions = {},
) {
  const clock = new ManualClock();
  const starts: number[] = [];
  const progress = { isOver: false };
  const outcome = retry(
    (attempt) => {
      starts.push(clock.now());
      return run(attempt, clock);
    },
    { clock, random: NO_CHANCE, ...options },
  )
    .then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    .finally(() => {
      progress.isOver = true;
    });
  for (let step = 0; step < 1_000 && !progress.isOver; step += 1) {
    await clock.advance(0);
    if (clock.next !== undefined) await clock.advance(clock.next - clock.now());
  }
  return { ...((await outcome) as { value?: T; error?: unknown }), starts, clock };
}

describe('retry', () => {
  test('calls the function once when it succeeds', async () => {
    const { run, calls } = failing(0);
    expect(await play(run)).toMatchObject({ value: 'attempt 1', starts: [0] });
    expect(calls[0]?.signal.aborted).toBe(false);
  });

  test('doubles the pause after each failure, up to the longest', async () => {
    const { run } = failing(6);
    const { value, starts, clock } = await play(run, {
      attempts: 10,
      backoff: 100,
      maxBackoff: 500,
    });
    expect(value).toBe('attempt 7');
    expect(starts).toEqual([0, 100, 300, 700, 1_200, 1_700, 2_200]);
    expect(clock.pending).toBe(0);
  });

  test('leaves out a random part of each pause, as much as `jitter` says', async () => {
    const { run } = failing(2);
    expect((await play(run, { random: HALF })).starts).toEqual([0, 75, 225]);
    expect((await play(run, { random: HALF, jitter: 1 })).starts).toEqual([0, 50, 150]);
    expect((await play(run, { random: HALF, jitter: 0 })).starts).toEqual([0, 100, 300]);
    const [one, other] = await Promise.all(
      [0, 0].map(() => play(run, { random: seededRandom(7) })),
    );
    expect(one?.starts).toEqual(other?.starts);
  });

  test('throws the only failure itself, and several as one error with all of them', async () => {
    const { run } = failing(9);
    const alone = await play(run, { attempts: 1 });
    expect(alone.error).toEqual(new Error('failure 1'));
    const { error } = (await play(run)) as { error: RetryError };
    expect(error).toBeInstanceOf(RetryError);
    expect(error).toMatchObject({ attempts: 3, code: 'ERR_RETRY_FAILED', operation: 'retry' });
    expect(error.message).toBe('retry: 3 attempts failed, the last one with: failure 3');
    expect(error.errors).toEqual([1, 2, 3].map((n) => new Error(`failure ${n}`)));
    expect(error.cause).toBe(error.errors[2]);
  });

  test('keeps the last failures of an endless retry only', async () => {
    const { run } = failing(100);
    const { error } = (await play(run, { attempts: 50, maxBackoff: 1 })) as { error: RetryError };
    expect(error.attempts).toBe(50);
    expect(error.errors).toHaveLength(16);
    expect(error.cause).toEqual(new Error('failure 50'));
  });

  test.each([
    ['an InvalidInputError', () => new InvalidInputError('call: wrong', 'call')],
    ['an AbortError', () => new DOMException('stopped', 'AbortError')],
  ])('does not try %s again, whatever `retryIf` says', async (_what, make) => {
    const error = make();
    const played = await play(
      () => {
        throw error;
      },
      { retryIf: () => true },
    );
    expect(played).toMatchObject({ error, starts: [0] });
  });

  test('asks `retryIf`, and throws what it refuses as it is', async () => {
    const asked: number[] = [];
    const { run } = failing(5);
    const { error } = await play(run, {
      attempts: 5,
      retryIf: (_error, attempt) => asked.push(attempt) < 2,
    });
    expect(error).toEqual(new Error('failure 2'));
    expect(asked).toEqual([1, 2]);
  });

  test('reports each pause before it', async () => {
    const told: unknown[] = [];
    const { run } = failing(2);
    await play(run, { onRetry: (error, pause) => told.push([(error as Error).message, pause]) });
    expect(told).toEqual([
      ['failure 1', { attempt: 1, delay: 100 }],
      ['failure 2', { attempt: 2, delay: 200 }],
    ]);
  });

  test('gives up instead of pausing beyond the deadline', async () => {
    const { run } = failing(9);
    const { error, starts } = await play(run, { attempts: 9, deadline: 350 });
    expect(starts).toEqual([0, 100, 300]);
    expect(error).toMatchObject({ name: 'RetryError', attempts: 3 });
  });

  test('ends an attempt at the deadline, and aborts its signal', async () => {
    let signal: AbortSignal | undefined;
    const { error, clock } = await play(
      (attempt, own) => {
        ({ signal } = attempt);
        return own.sleep(60_000);
      },
      { deadline: 350 },
    );
    expect(error).toEqual(new TimeoutError('retry', 350));
    expect(signal?.reason).toBeInstanceOf(CancelledError);
    expect(signal?.reason).toHaveProperty('cause', error);
    expect([clock.now(), clock.pending]).toEqual([350, 0]);
  });

  test('has the failures before the deadline in its error, with the TimeoutError as the last', async () => {
    const { error, clock } = await play(
      ({ attempt }, own) => {
        if (attempt === 1) throw new Error('failure 1');
        return own.sleep(60_000);
      },
      { deadline: 350 },
    );
    expect(error).toMatchObject({ name: 'RetryError', attempts: 2 });
    expect((error as RetryError).errors).toEqual([
      new Error('failure 1'),
      new TimeoutError('retry', 350),
    ]);
    expect([clock.now(), clock.pending]).toEqual([350, 0]);
  });

  test('counts an attempt that takes too long as failed, and tries again', async () => {
    const signals: AbortSignal[] = [];
    const { value, starts } = await play(
      ({ attempt, signal }, clock) => {
        signals.push(signal);
        return attempt === 2 ? 'quick' : clock.sleep(60_000).then(() => 'slow');
      },
      { attemptTimeout: 1_000 },
    );
    expect([value, starts]).toEqual(['quick', [0, 1_100]]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(signals[0]?.reason).toHaveProperty('cause', new TimeoutError('attempt', 1_000));
  });

  test('begins the next attempt when the one that took too long has ended, and not before', async () => {
    const running = new Set<number>();
    let most = 0;
    const { starts, error } = await play(
      async ({ attempt }, clock) => {
        running.add(attempt);
        most = Math.max(most, running.size);
        try {
          await clock.sleep(60_000);
        } finally {
          await cancelScope(() => clock.sleep(500), { shield: true });
          running.delete(attempt);
        }
      },
      { attemptTimeout: 1_000 },
    );
    expect(starts).toEqual([0, 1_600, 3_300]);
    expect(error).toMatchObject({ name: 'RetryError', attempts: 3 });
    expect([most, running.size]).toEqual([1, 0]);
  });

  test('takes the value of an attempt that ends well although its time is over', async () => {
    const { value, starts } = await play(
      (_attempt, clock) => clock.sleep(60_000).catch(() => 'in spite of it'),
      { attemptTimeout: 1_000 },
    );
    expect([value, starts]).toEqual(['in spite of it', [0]]);
  });

  test.each(['an attempt', 'a pause'])('ends with its signal in %s', async (when) => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const calls: Attempt[] = [];
    const call = retry(
      (attempt) => {
        calls.push(attempt);
        if (when === 'a pause') throw new Error('failed');
        return clock.sleep(60_000);
      },
      { clock, signal: controller.signal },
    ).catch((reason: unknown) => reason);
    await clock.advance(1);
    controller.abort('enough');
    expect(await call).toBe('enough');
    expect([calls.length, clock.pending]).toEqual([1, 0]);
  });

  test('ends with the scope around it, whose end is no failure that is tried again', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const call = timeout(
      1_000,
      () =>
        retry(() => ((calls += 1), clock.sleep(60_000)), { clock, attempts: 5, deadline: 90_000 }),
      { clock },
    ).catch((reason: unknown) => reason);
    await clock.advance(1_000);
    expect(await call).toEqual(new TimeoutError('timeout', 1_000));
    expect([calls, clock.pending]).toEqual([1, 0]);
  });

  test('does not call the function when its signal has aborted', async () => {
    const { run, calls } = failing(0);
    await expect(retry(run, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect(calls).toHaveLength(0);
  });

  test('waits for a function that ignores its end, and tells the failure that comes then', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    let fail: (error: Error) => void = () => {};
    const settled: unknown[] = [];
    void retry(() => new Promise<never>((_resolve, reject) => (fail = reject)), {
      clock,
      signal: controller.signal,
    }).catch((reason: unknown) => settled.push(reason));
    await clock.advance(0);
    controller.abort('enough');
    await clock.advance(1);
    expect(settled).toEqual([]);
    fail(new Error('of cleaning up'));
    await clock.advance(0);
    expect(settled).toEqual([new Error('of cleaning up')]);
    expect(clock.pending).toBe(0);
  });

  test('names an attempt that does not end on stderr', async () => {
    const lines: unknown[] = [];
    const spy = jest.spyOn(console, 'error').mockImplementation((line) => lines.push(line));
    const clock = new ManualClock();
    const gate = deferred<void>();
    const call = retry(() => gate.promise, { clock, attemptTimeout: 10 });
    await clock.advance(5_010);
    expect(lines).toEqual([
      'awaitio: attempt: it was cancelled 5000 ms ago and has not ended: still running: its function',
    ]);
    gate.resolve();
    await call;
    spy.mockRestore();
  });
});
