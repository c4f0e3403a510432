/** What counts as a failure of cleaning up after a cancel, and a scope that is cancelled when it has ended. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Executor } from '../../src/tasks/executor.ts';
import { select } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { TimeoutError } from '../../src/vocabulary/errors.ts';
import { cancelScope, moveOnAfter, timeout } from '../../src/waiting/cancel-scope.ts';

const clock = new ManualClock();
const failure = new Error('the cleanup failed');

/** As TypeScript and V8 make it at the end of a `using` block. */
function suppressed(error: unknown, before: unknown): Error {
  const both = new Error('an error was suppressed during disposal');
  both.name = 'SuppressedError';
  return Object.assign(both, { error, suppressed: before });
}

/** Waits in a scope until it is cancelled, and throws what is made of the error of the cancel. */
const throwing = (made: (cancelled: unknown) => unknown) => (): Promise<never> =>
  clock.sleep(60_000).then(
    () => Promise.reject(new Error('the wait was not cancelled')),
    (cancelled: unknown) => Promise.reject(made(cancelled)),
  );

/** What each kind of scope gives after its end, when its function throws what is made of the error of the cancel. */
async function outcomes(made: (cancelled: unknown) => unknown): Promise<unknown[]> {
  const executor = new Executor({ clock });
  const run = throwing(made);
  const calls = [
    moveOnAfter(10, run, { clock }),
    timeout(10, run, { clock }),
    select({ late: run, first: () => clock.sleep(10) }, { clock }).then(({ arm }) => arm),
    executor.group(run, { timeout: 10 }),
  ].map((call) =>
    call.then(
      (value: unknown) => value,
      (error: unknown) => error,
    ),
  );
  await clock.advance(10);
  const seen = await Promise.all(calls);
  expect(clock.pending).toBe(0);
  return seen;
}

const FOLLOWED = [
  undefined,
  new TimeoutError('timeout', 10),
  'first',
  new TimeoutError('group', 10),
];

describe('after a cancel', () => {
  test('an AggregateError without errors, as Promise.any([]) gives it, is a failure', async () => {
    const empty = new AggregateError([], 'nothing worked');
    const [moved, timed, selected, grouped] = await outcomes(() => empty);
    expect([moved, timed, selected]).toEqual([empty, empty, empty]);
    expect((grouped as AggregateError).errors).toEqual([new TimeoutError('group', 10), empty]);
  });

  test('an AggregateError follows when all of its errors do', async () => {
    expect(await outcomes((error) => new AggregateError([error, error]))).toEqual(FOLLOWED);
  });

  test('a disposal that is cancelled as well follows, and its SuppressedError is no failure', async () => {
    expect(await outcomes((error) => suppressed(error, error))).toEqual(FOLLOWED);
  });

  test.each([
    ['disposal', (error: unknown) => suppressed(failure, error)],
    ['function', (error: unknown) => suppressed(error, failure)],
  ])('a SuppressedError with the failure of a %s is a failure', async (_whose, made) => {
    const [moved] = await outcomes(made);
    expect(moved).toMatchObject({ name: 'SuppressedError' });
  });
});

describe('a scope that has ended', () => {
  const print = jest.spyOn(console, 'error').mockImplementation(() => {});
  afterEach(() => {
    print.mockClear();
  });

  test('is not reported as one that does not end when it is cancelled later', async () => {
    let cancel: (() => void) | undefined;
    await cancelScope(
      (scope) => {
        ({ cancel } = scope);
      },
      { clock },
    );
    cancel?.();
    expect(clock.pending).toBe(0);
    await clock.advance(10_000);
    expect(print).not.toHaveBeenCalled();
  });
});
