/** What is cancelled is waited for, and named on stderr when it does not end. */
import { afterAll, afterEach, expect, jest, test } from '@jest/globals';
import { Executor, type Task } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { deferred } from '../../src/waiting/deferred.ts';

const lines: unknown[] = [];
const spy = jest.spyOn(console, 'error').mockImplementation((line) => lines.push(line));
afterEach(() => {
  lines.length = 0;
});
afterAll(() => {
  spy.mockRestore();
});

function setUp() {
  const clock = new ManualClock();
  return {
    clock,
    executor: new Executor({ clock, onTaskError: () => {} }),
    gate: deferred<void>(),
  };
}

test.each<[string, (task: Task<unknown>) => void, number]>([
  ['abort', (task) => task.abort(), 0],
  ['timeout', () => {}, 10],
])(
  'a task in no group is named on stderr when it has not ended some time after its %s',
  async (_what, end, wait) => {
    const { clock, executor, gate } = setUp();
    const deaf = executor.spawn(() => gate.promise, { name: 'deaf', timeout: wait || undefined });
    await clock.advance(0);
    end(deaf);
    await clock.advance(wait + 4_999);
    expect(lines).toEqual([]);
    await clock.advance(1);
    expect(lines).toEqual([
      'awaitio: task "deaf": it was cancelled 5000 ms ago and has not ended: still running: its function',
    ]);
    gate.resolve();
    await deaf.ended;
    await clock.advance(60_000);
    expect([lines.length, clock.pending]).toEqual([1, 0]);
  },
);

test('a task that ends after its abort, that never began, or that a group reports, is not named', async () => {
  const { clock, executor, gate } = setUp();
  const tasks = [
    executor.spawn(() => clock.sleep(60_000)),
    executor.spawn(({ sleep }) => sleep(60_000)),
    executor.spawn(() => gate.promise),
  ];
  tasks[2]?.abort();
  await clock.advance(0);
  for (const task of tasks) task.abort();
  await Promise.all(tasks.map(({ ended }) => ended));
  expect(clock.pending).toBe(0);
  const group = executor.group(({ spawn }) => void spawn(() => gate.promise, { name: 'deaf' }), {
    timeout: 10,
  });
  const ended = group.catch(() => {});
  await clock.advance(60_000);
  expect(lines).toEqual([
    'awaitio: group: it was cancelled 5000 ms ago and has not ended: still running: task "deaf"',
  ]);
  gate.resolve();
  await ended;
  expect(clock.pending).toBe(0);
});
