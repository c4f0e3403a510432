/** Two copies of the package in one process, as when a dependency brings its own: what they share, and what each keeps. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as ours from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

const { cancelScope, moveOnAfter, timeout, CancelledError, Executor, TimeoutError } = ours;

let theirs: typeof ours;
beforeAll(async () => {
  jest.resetModules();
  theirs = await import('../../src/index.ts');
});

/** Where a call ends: with a value or an error. */
const outcomeOf = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

test('the second copy is another one', () => {
  expect(theirs.CancelledError).not.toBe(CancelledError);
  expect(theirs.defaultExecutor).not.toBe(ours.defaultExecutor);
});

describe('a scope', () => {
  test('ends the waits of the other copy', async () => {
    const clock = new ManualClock();
    const [client, server] = theirs.memoryPair();
    let error: unknown;
    const call = moveOnAfter(
      10,
      async () => {
        await server.readLine().catch((failure: unknown) => {
          error = failure;
          throw failure;
        });
      },
      { clock },
    );
    await clock.advance(10);
    expect(await call).toBeUndefined();
    // It is of the copy whose scope has ended.
    expect([error instanceof CancelledError, error instanceof theirs.CancelledError]).toEqual([
      true,
      false,
    ]);
    expect(error).toMatchObject({ name: 'CancelledError', code: 'ERR_CANCELLED' });
    await Promise.all([client.close(), server.close()]);
  });

  test('ends the scopes, tasks and groups of the other copy that are nested in it', async () => {
    const clock = new ManualClock();
    const executor = new theirs.Executor({ clock });
    const pair = theirs.memoryPair();
    const ended: string[] = [];
    const read = (at: 0 | 1) => (): Promise<void> =>
      pair[at].readable().finally(() => ended.push(at === 0 ? 'task' : 'timeout'));
    const call = outcomeOf(
      timeout(
        10,
        () =>
          executor.group(async ({ spawn }) => {
            spawn(read(0));
            await theirs.timeout(1_000, read(1), { clock });
          }),
        { clock },
      ),
    );
    await clock.advance(10);
    expect(await call).toMatchObject({ error: { name: 'TimeoutError', timeout: 10 } });
    expect((await call) as object).toMatchObject({ error: expect.any(TimeoutError) });
    expect(ended.toSorted()).toEqual(['task', 'timeout']);
    expect(clock.pending).toBe(0);
    for (const stream of pair) stream.reset();
  });

  test('that is nested in one of the other copy keeps its own end', async () => {
    const clock = new ManualClock();
    const call = outcomeOf(
      theirs.timeout(1_000, () => outcomeOf(timeout(10, () => clock.sleep(60_000), { clock })), {
        clock,
      }),
    );
    await clock.advance(10);
    expect(await call).toEqual({ value: { error: expect.any(TimeoutError) } });
    expect(clock.pending).toBe(0);
  });

  test('with a shield is reached by neither', async () => {
    const clock = new ManualClock();
    const call = theirs.moveOnAfter(
      10,
      () => cancelScope(() => clock.sleep(20).then(() => 'cleaned up'), { shield: true, clock }),
      { clock },
    );
    await clock.advance(20);
    expect(await call).toBe('cleaned up');
  });

  test('of a task that the other copy awaits ends with it', async () => {
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const [stream, other] = theirs.memoryPair();
    const task = executor.spawn(() => theirs.moveOnAfter(1_000, () => stream.readable()));
    await clock.advance(1);
    task.abort('enough');
    expect(await outcomeOf(task)).toEqual({ error: 'enough' });
    expect(clock.pending).toBe(0);
    stream.reset();
    other.reset();
  });
});

test('a retry of one copy ends with a scope of the other, and tries no more', async () => {
  const { retry } = await import('../../src/sync/index.ts');
  const clock = new ManualClock();
  const [stream, other] = theirs.memoryPair();
  let attempts = 0;
  const attempt = (): Promise<void> => ((attempts += 1), stream.readable());
  const call = outcomeOf(timeout(10, () => retry(attempt, { clock }), { clock }));
  await clock.advance(10);
  expect(await call).toMatchObject({ error: { name: 'TimeoutError' } });
  expect([attempts, clock.pending]).toEqual([1, 0]);
  stream.reset();
  other.reset();
});

test('an accept loop of one copy ends with a scope of the other, and reports nothing', async () => {
  const clock = new ManualClock();
  const listener = new theirs.MemoryListener();
  const errors: unknown[] = [];
  const call = moveOnAfter(
    10,
    () =>
      theirs.acceptLoop(listener, async () => {}, { onError: (error) => void errors.push(error) }),
    { clock },
  );
  await clock.advance(10);
  expect([await call, errors]).toEqual([undefined, []]);
  await listener.close();
});
