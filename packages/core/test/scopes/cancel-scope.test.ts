/** What `timeout`, `moveOnAfter` and `cancelScope` give, how they nest, and how a shielded scope cleans up. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { memoryPair } from '../../src/memory/memory-pair.ts';
import { Notify, retry, select } from '../../src/sync/index.ts';
import { Executor } from '../../src/tasks/executor.ts';
import { ManualClock, simulate, type SimulationError } from '../../src/testing/index.ts';
import { systemClock } from '../../src/waiting/system-clock.ts';
import { CancelledError, InvalidInputError, TimeoutError } from '../../src/vocabulary/errors.ts';
import { cancelScope, moveOnAfter, timeout } from '../../src/waiting/cancel-scope.ts';
import { deferred } from '../../src/waiting/deferred.ts';

const failure = new Error('the function failed');
const never = new Promise<never>(() => {});

/** Where a call ends: with a value or an error. */
const outcomeOf = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe('timeout', () => {
  test('gives what its function returns, and leaves no timer behind', async () => {
    const clock = new ManualClock();
    expect(await timeout(10, async () => 7, { clock })).toBe(7);
    expect(await timeout(Infinity, () => 8, { clock })).toBe(8);
    expect(clock.pending).toBe(0);
  });

  test('ends the waits of its function, and then rejects with a TimeoutError', async () => {
    const clock = new ManualClock();
    const seen: unknown[] = [];
    const call = outcomeOf(
      timeout(
        10,
        async ({ signal }) => {
          await clock.sleep(60_000).catch((error: unknown) => seen.push(error));
          seen.push(signal.reason);
          await clock.sleep(60_000);
        },
        { clock },
      ),
    );
    await clock.advance(10);
    expect(await call).toEqual({ error: new TimeoutError('timeout', 10) });
    expect(seen[0]).toBeInstanceOf(CancelledError);
    expect(seen[1]).toBe(seen[0]);
    expect(seen[0]).toMatchObject({
      code: 'ERR_CANCELLED',
      scope: 'timeout',
      cause: new TimeoutError('timeout', 10),
    });
    expect(clock.pending).toBe(0);
  });

  test('settles only when its function has ended', async () => {
    const clock = new ManualClock();
    const gate = deferred<void>();
    let isOver = false;
    const call = outcomeOf(
      timeout(
        10,
        async ({ signal }) => {
          await gate.promise;
          signal.throwIfAborted();
        },
        { clock },
      ),
    ).finally(() => (isOver = true));
    await clock.advance(1_000);
    expect(isOver).toBe(false);
    gate.resolve();
    expect(await call).toEqual({ error: new TimeoutError('timeout', 10) });
  });

  test('gives a value that came too late, and a failure of cleaning up, as they are', async () => {
    const clock = new ManualClock();
    const late = outcomeOf(timeout(10, () => clock.sleep(20).catch(() => 'nearly'), { clock }));
    const untidy = outcomeOf(
      timeout(
        10,
        () =>
          clock.sleep(20).catch(() => {
            throw failure;
          }),
        { clock },
      ),
    );
    await clock.advance(10);
    expect(await late).toEqual({ value: 'nearly' });
    expect(await untidy).toEqual({ error: failure });
  });

  test.each<[string, (cause: unknown) => unknown]>([
    ['an error that it caused', (cause) => new Error('gave up', { cause })],
    ['an AbortError of the platform', () => new DOMException('aborted', 'AbortError')],
  ])('takes %s for its end', async (_what, made) => {
    const clock = new ManualClock();
    const call = outcomeOf(
      timeout(
        10,
        () =>
          clock.sleep(20).catch((error: unknown) => {
            throw made(error);
          }),
        { clock },
      ),
    );
    await clock.advance(10);
    expect(await call).toEqual({ error: new TimeoutError('timeout', 10) });
  });
});

test('moveOnAfter goes on without a result when the time is over', async () => {
  const clock = new ManualClock();
  const limited = [5, 20].map((delay) =>
    moveOnAfter(10, async () => (await clock.sleep(delay), delay), { clock }),
  );
  await clock.advance(10);
  expect(await Promise.all(limited)).toEqual([5, undefined]);
  await expect(moveOnAfter(10, () => Promise.reject(failure), { clock })).rejects.toBe(failure);
  expect(clock.pending).toBe(0);
});

describe('cancelScope', () => {
  test('rejects with the reason of its signal, also of one that has aborted before', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const { signal } = controller;
    const call = outcomeOf(cancelScope(() => clock.sleep(10), { signal, clock }));
    await clock.advance(0);
    controller.abort('enough');
    expect(await call).toEqual({ error: 'enough' });
    let hasBegun = false;
    const begin = (): boolean => (hasBegun = true);
    expect(await outcomeOf(cancelScope(begin, { signal }))).toEqual({ error: 'enough' });
    expect(hasBegun).toBe(false);
  });

  test('rejects with a TimeoutError after its timeout', async () => {
    const clock = new ManualClock();
    const call = outcomeOf(cancelScope(() => clock.sleep(20), { timeout: 10, clock }));
    await clock.advance(10);
    expect(await call).toEqual({ error: new TimeoutError('cancelScope', 10) });
  });

  test('goes on without a result after scope.cancel(), whose reason is the cause', async () => {
    const clock = new ManualClock();
    let seen: unknown;
    const result = await cancelScope(
      async ({ cancel, signal }) => {
        cancel('found it');
        cancel('again');
        seen = (signal.reason as CancelledError).cause;
        await clock.sleep(60_000);
      },
      { clock },
    );
    expect([result, seen]).toEqual([undefined, 'found it']);
  });

  test('ends at once for what it is given wrong', async () => {
    const wrong = [
      cancelScope('no function' as never),
      cancelScope(() => {}, { timeout: -1 }),
      cancelScope(() => {}, { shielded: true } as never),
      timeout('10' as never, () => {}),
      moveOnAfter(Number.NaN, () => {}),
    ];
    for (const call of wrong) await expect(call).rejects.toThrow(InvalidInputError);
  });

  test('runs on the clock of the scope or task around it', async () => {
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const calls = [
      cancelScope(() => moveOnAfter(10, () => never.catch(() => {})), { clock, timeout: 20 }),
      executor.group(() => timeout(10, () => clock.sleep(1_000))),
    ].map(outcomeOf);
    await clock.advance(10);
    expect(await calls[1]).toEqual({ error: new TimeoutError('timeout', 10) });
  });
});

describe('the end of an outer scope', () => {
  test('is never the timeout of a call in it: a loop over timeouts ends', async () => {
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const [client, server] = memoryPair({ clock });
    const loop = async (signal?: AbortSignal): Promise<string | null> => {
      for (;;) {
        try {
          return await server.readLine({ timeout: 100, signal });
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
        }
      }
    };
    const limited: ((run: (signal?: AbortSignal) => Promise<unknown>) => Promise<unknown>)[] = [
      (run) => Promise.resolve(executor.spawn(({ signal }) => run(signal), { timeout: 250 })),
      (run) => Promise.resolve(executor.spawn(() => run(), { timeout: 250 })),
      (run) => executor.group(({ signal }) => run(signal), { timeout: 250 }),
      (run) => executor.group(() => run(), { timeout: 250 }),
      (run) => timeout(250, () => run(), { clock }),
      (run) => timeout(250, ({ signal }) => run(signal), { clock }),
      (run) => cancelScope(() => run(), { clock, timeout: 250 }),
    ];
    for (const limit of limited) {
      const call = outcomeOf(limit(loop));
      await clock.advance(250);
      expect(await call).toMatchObject({ error: { name: 'TimeoutError', timeout: 250 } });
    }
    expect([server.statistics().waits, clock.pending]).toEqual([[], 0]);
    await client.close();
    await server.close();
  });

  test('passes through the scopes in it as the same CancelledError', async () => {
    const clock = new ManualClock();
    const seen: unknown[] = [];
    const call = outcomeOf(
      timeout(
        10,
        () =>
          timeout(20, () =>
            moveOnAfter(30, () => clock.sleep(60_000)).catch((error: unknown) => {
              seen.push(error);
              throw error;
            }),
          ).catch((error: unknown) => {
            seen.push(error);
            throw error;
          }),
        { clock },
      ),
    );
    await clock.advance(10);
    expect(await call).toEqual({ error: new TimeoutError('timeout', 10) });
    expect(seen[0]).toBeInstanceOf(CancelledError);
    expect(seen[1]).toBe(seen[0]);
  });

  test('is not hidden by the end of an inner one that waits for its function', async () => {
    const clock = new ManualClock();
    const gate = deferred<void>();
    const seen: unknown[] = [];
    const call = outcomeOf(
      timeout(
        20,
        async () => {
          await moveOnAfter(10, async () => {
            await clock.sleep(60_000).catch(async (error: unknown) => {
              await gate.promise;
              throw error;
            });
          }).catch((error: unknown) => seen.push(error));
          await clock.sleep(60_000);
        },
        { clock },
      ),
    );
    await clock.advance(20);
    gate.resolve();
    expect(await call).toEqual({ error: new TimeoutError('timeout', 20) });
    expect(seen).toMatchObject([{ name: 'CancelledError', cause: { timeout: 20 } }]);
  });

  test('fails every later call of awaitio in it at once, and begins no scope or group', async () => {
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const [client, server] = memoryPair({ clock });
    await client.writeAll('a line\n');
    const calls: (() => Promise<unknown>)[] = [
      () => server.readLine(),
      () => client.writeAll('more'),
      () => client.flush(),
      () => clock.sleep(0),
      () => timeout(10, () => {}),
      () => cancelScope(() => {}),
      () => executor.group(() => {}),
      () => executor.idle(),
      () => retry(() => {}),
    ];
    const outcomes = await cancelScope(
      async ({ cancel }) => {
        cancel();
        const ends = [];
        for (const call of calls) ends.push(await outcomeOf(call()));
        return ends;
      },
      { clock },
    );
    expect(outcomes).toEqual(calls.map(() => ({ error: expect.any(CancelledError) })));
    // The bytes are still there.
    expect(await server.readLine()).toBe('a line');
    await client.close();
    await server.close();
  });
});

describe('a shielded scope', () => {
  test('lets cleanup wait: for time, tasks and groups', async () => {
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const done: string[] = [];
    const task = executor.spawn(async ({ sleep, spawn, group, yieldNow }) => {
      try {
        await sleep(60_000);
      } finally {
        await cancelScope(
          async () => {
            await sleep(10);
            done.push('sleep');
            await yieldNow();
            await spawn(async (child) => (await child.sleep(10), done.push('spawn')));
            await group((own) => {
              own.spawn(async (child) => {
                await child.sleep(10);
                own.spawn(() => done.push('late'));
                done.push('group');
              });
            });
            await clock.sleep(10);
          },
          { shield: true, timeout: 1_000 },
        );
        done.push('finally');
      }
    });
    await clock.advance(0);
    task.abort('stop');
    const outcome = outcomeOf(task);
    await clock.advance(40);
    expect(await outcome).toEqual({ error: 'stop' });
    expect(done).toEqual(['sleep', 'spawn', 'group', 'late', 'finally']);
  });

  test('is not reached by an abort that comes meanwhile, and neither are its tasks', async () => {
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const done: unknown[] = [];
    const task = executor.spawn(async ({ spawn, group, sleep }) => {
      await cancelScope(
        async () => {
          const child = spawn(async (own) => (await own.sleep(10), done.push('child')));
          await group((own) => {
            own.spawn(async (inner) => (await inner.sleep(20), done.push('group')));
          });
          await child;
        },
        { shield: true },
      );
      await sleep(60_000);
    });
    await clock.advance(0);
    task.abort('stop');
    const outcome = outcomeOf(task);
    await clock.advance(20);
    expect(await outcome).toEqual({ error: 'stop' });
    expect(done).toEqual(['child', 'group']);
  });

  test('still ends at its own timeout', async () => {
    const clock = new ManualClock();
    const call = outcomeOf(
      moveOnAfter(
        5,
        () =>
          clock
            .sleep(60_000)
            .catch(() => cancelScope(() => clock.sleep(60_000), { shield: true, timeout: 10 })),
        { clock },
      ),
    );
    await clock.advance(15);
    expect(await call).toEqual({ error: new TimeoutError('cancelScope', 10) });
  });
});

describe('a function that does not end', () => {
  const lines: string[] = [];
  const spy = jest.spyOn(console, 'error').mockImplementation((line: string) => {
    lines.push(line);
  });
  afterEach(() => {
    lines.length = 0;
    spy.mockClear();
  });

  test('is named on stderr some time after the cancel', async () => {
    const clock = new ManualClock();
    const gate = deferred<void>();
    const call = outcomeOf(timeout(10, () => gate.promise, { clock }));
    await clock.advance(5_009);
    expect(lines).toEqual([]);
    await clock.advance(1);
    expect(lines).toEqual([
      'awaitio: timeout: it was cancelled 5000 ms ago and has not ended: still running: its function',
    ]);
    gate.resolve();
    expect(await call).toEqual({ value: undefined });
    await clock.advance(10_000);
    expect(lines).toHaveLength(1);
  });

  test('is not named when it ends in time', async () => {
    const clock = new ManualClock();
    const call = outcomeOf(timeout(10, () => clock.sleep(60_000), { clock }));
    await clock.advance(10);
    await call;
    await clock.advance(60_000);
    expect(lines).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

test('scopes go by the real time under fake timers, as sockets do', async () => {
  jest.useFakeTimers();
  try {
    expect(await moveOnAfter(1, () => systemClock.sleep(60_000))).toBe(undefined);
  } finally {
    jest.useRealTimers();
  }
});

test('a loop over scopes lets timers and sockets have their turn', async () => {
  const turned = new AbortController();
  setImmediate(() => {
    turned.abort();
  });
  let count = 0;
  while (!turned.signal.aborted) {
    await timeout(60_000, () => count);
    count += 1;
  }
  expect(count).toBeGreaterThan(1);
});

test('a simulation that hangs in a select, in a group or in a scope names what waits', async () => {
  const error = await simulate({ seed: 1 }, async ({ clock }) => {
    const notify = new Notify({ clock, name: 'the bell' });
    await timeout(Infinity, () =>
      select({ bell: () => notify.notified(), stuck: () => never }, { clock }),
    );
  }).catch((reason: SimulationError) => reason);
  const { message } = error as SimulationError;
  expect(message).toContain('select of "bell", "stuck": arm "bell", since 0.000 ms');
  expect(message).toContain('select of "bell", "stuck": arm "stuck", since 0.000 ms');
  expect(message).toContain('the bell');
});
