import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { memoryPair } from '../memory/memory-pair.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { CancelledError, InvalidInputError, TimeoutError } from '../vocabulary/errors.ts';
import { cancelScope } from '../waiting/cancel-scope.ts';
import { deferred } from '../waiting/deferred.ts';
import { traceWaits } from '../waiting/wait-trace.ts';
import { Executor } from './executor.ts';
import { race, select } from './select.ts';

const failure = new Error('an arm failed');

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

afterEach(() => {
  traceWaits(false);
});

describe('select', () => {
  test('tells which arm was first, and leaves no byte, wait or timer of the others behind', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock });
    const first = await select(
      {
        line: () => server.readLine(),
        tick: () => clock.sleep(60_000),
        now: () => 'at once',
      },
      { clock },
    );
    expect(first).toEqual({ arm: 'now', value: 'at once', also: [] });
    expect([server.statistics().waits, clock.pending]).toEqual([[], 0]);
    const both = select({ line: () => server.readLine(), tick: () => clock.sleep(10) }, { clock });
    await clock.advance(10);
    expect(await both).toEqual({ arm: 'tick', value: undefined, also: [] });
    await client.writeAll('a line\n');
    expect(await server.readLine()).toBe('a line');
    await client.close();
    await server.close();
  });

  test('waits for the arms that it has cancelled', async () => {
    const clock = new ManualClock();
    const gate = deferred<void>();
    let isOver = false;
    const call = select({
      slow: ({ signal }) =>
        gate.promise.then(() => {
          signal.throwIfAborted();
        }),
      fast: () => 1,
    }).finally(() => (isOver = true));
    await clock.advance(0);
    expect(isOver).toBe(false);
    gate.resolve();
    expect(await call).toEqual({ arm: 'fast', value: 1, also: [] });
  });

  test('gives the value of an arm that had one as well: nothing that was taken is lost', async () => {
    const [first, second] = [deferred<string>(), deferred<string>()];
    const call = select({ a: () => first.promise, b: () => second.promise });
    await Promise.resolve();
    second.resolve('second');
    first.resolve('first');
    expect(await call).toEqual({
      arm: 'b',
      value: 'second',
      also: [{ arm: 'a', value: 'first' }],
    });
  });

  test('fails with the arm that fails first, and ends the others', async () => {
    const clock = new ManualClock();
    const seen: unknown[] = [];
    const call = select(
      {
        bad: () => Promise.reject(failure),
        sync: ({ signal }) => {
          signal.addEventListener('abort', () => seen.push(signal.reason));
          return clock.sleep(60_000);
        },
      },
      { clock },
    );
    await expect(call).rejects.toBe(failure);
    expect(seen).toEqual([expect.any(CancelledError)]);
    const thrown = select({
      bad: () => {
        throw failure;
      },
    });
    await expect(thrown).rejects.toBe(failure);
  });

  test('tells the failures of cleaning up, of one and of several arms', async () => {
    const clock = new ManualClock();
    const untidy = (error: Error) => async () => {
      try {
        await clock.sleep(60_000);
      } catch {
        throw error;
      }
    };
    const other = new Error('another one');
    const one = select({ untidy: untidy(failure), now: () => 1 }, { clock });
    await expect(one).rejects.toBe(failure);
    const two = await select(
      { a: untidy(failure), b: untidy(other), c: () => Promise.reject(new Error('first')) },
      { clock },
    ).catch((error: unknown) => error);
    expect(two).toBeInstanceOf(AggregateError);
    expect((two as AggregateError).errors).toEqual([new Error('first'), failure, other]);
    expect((two as AggregateError).message).toBe('3 arms of select failed');
    expect((two as AggregateError).cause).toEqual(new Error('first'));
  });

  test('ends with its timeout, its signal and the scope around it', async () => {
    const clock = new ManualClock();
    const arms = { never: () => clock.sleep(60_000) };
    const controller = new AbortController();
    const calls = [
      select(arms, { clock, timeout: 10 }),
      select(arms, { clock, signal: controller.signal }),
      cancelScope(({ cancel }) => {
        setImmediate(cancel);
        return select(arms, { clock }).catch((error: unknown) => (error as Error).name);
      }),
    ].map(outcomeOf);
    await clock.advance(10);
    controller.abort('enough');
    expect(await Promise.all(calls)).toEqual([
      { error: new TimeoutError('select', 10) },
      { error: 'enough' },
      { value: 'CancelledError' },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('is refused without arms, with one that is no function, and with unknown options', async () => {
    const wrong = [
      select({}),
      select(undefined as never),
      select({ a: 1 as never }),
      select({ a: () => 1 }, { timeOut: 1 } as never),
      race([]),
      race({ a: () => 1 } as never),
    ];
    for (const call of wrong) await expect(call).rejects.toThrow(InvalidInputError);
  });

  test('nests: an inner one that loses ends its own arms', async () => {
    const clock = new ManualClock();
    const call = select(
      {
        inner: () => select({ a: () => clock.sleep(60_000), b: () => clock.sleep(50_000) }),
        outer: () => clock.sleep(10),
      },
      { clock },
    );
    await clock.advance(10);
    expect((await call).arm).toBe('outer');
    expect(clock.pending).toBe(0);
  });

  test('is what its task waits for, in a snapshot', async () => {
    traceWaits(true);
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const task = executor.spawn(() =>
      select({ line: () => clock.sleep(20), tick: () => clock.sleep(10) }),
    );
    await clock.advance(0);
    const [info] = executor.snapshot();
    const operations = info?.waits.map(({ operation }) => operation);
    expect(operations).toEqual(['select of "line", "tick"', 'sleep', 'sleep']);
    expect(info?.waits[0]?.site).toMatch(/select\.test\.ts/);
    await clock.advance(10);
    expect(await task).toMatchObject({ arm: 'tick' });
  });
});

test('race gives the index of the first, and its value', async () => {
  const clock = new ManualClock();
  const call = race(
    [30, 10, 20].map((delay) => async () => (await clock.sleep(delay), delay)),
    { clock },
  );
  await clock.advance(10);
  expect(await call).toEqual({ arm: 1, value: 10, also: [] });
  expect(clock.pending).toBe(0);
  const none = race([() => clock.sleep(1)], { clock, timeout: 0 });
  const outcome = outcomeOf(none);
  await clock.advance(1);
  expect(await outcome).toEqual({ error: new TimeoutError('race', 0) });
});

test('an arm that does not end is named on stderr', async () => {
  const lines: unknown[] = [];
  const spy = jest.spyOn(console, 'error').mockImplementation((line) => lines.push(line));
  const clock = new ManualClock();
  const gate = deferred<void>();
  const call = select({ stuck: () => gate.promise, now: () => 1 }, { clock });
  await clock.advance(5_000);
  expect(lines).toEqual([
    'awaitio: arm "stuck" of select: it was cancelled 5000 ms ago and has not ended: still running: arm "stuck"',
  ]);
  spy.mockRestore();
  gate.resolve();
  expect(await call).toMatchObject({ arm: 'now', also: [{ arm: 'stuck' }] });
});
