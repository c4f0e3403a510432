/** Any program over a semaphore: the answers of a model, whatever is aborted, times out or closes, and when. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WOULD_BLOCK } from '../../src/index.ts';
import { Semaphore, type SemaphorePermit } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { countFromEnvironment } from '../support/environment.ts';

const RUNS = countFromEnvironment('AWAITIO_MODEL_RUNS', 1_000);
const limit = fc.constantFrom(Infinity, Infinity, 3, 10);
const index = fc.nat({ max: 30 });
const count = fc.integer({ min: 1, max: 4 });

/** Calls that wait, in order, and the answers that they had: what a model is made of. */
class Calls<Call extends { readonly id: number; readonly until: number }> {
  readonly answers = new Map<number, unknown>();
  waiting: Call[] = [];

  drop(has: (call: Call) => boolean, answer: unknown): void {
    for (const call of this.waiting) if (has(call)) this.answers.set(call.id, answer);
    this.waiting = this.waiting.filter((call) => !has(call));
  }
}

/** The real calls: their answers, and what aborts them. */
class Actual {
  readonly answers = new Map<number, unknown>();
  readonly aborts: AbortController[] = [];

  call(
    start: (options: { signal: AbortSignal; timeout: number }) => Promise<unknown>,
    timeout: number,
  ): number {
    const controller = new AbortController();
    const id = this.aborts.push(controller) - 1;
    void start({ signal: controller.signal, timeout }).then(
      (value) => this.answers.set(id, value),
      (error: unknown) => {
        this.answers.set(id, error instanceof Error ? error.name : error);
      },
    );
    return id;
  }
}

/** What a call that settles at once has given, and what the model says. */
function same(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

const semaphoreStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('acquire' as const), count, limit }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tryAcquire' as const), count }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('release' as const), which: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), which: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('add' as const), count }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), count }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), which: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), time: fc.constantFrom(1, 5) }),
  },
);
type SemaphoreStep = typeof semaphoreStep extends fc.Arbitrary<infer S> ? S : never;

async function playSemaphore(permits: number, steps: readonly SemaphoreStep[]): Promise<void> {
  const clock = new ManualClock();
  const semaphore = new Semaphore(permits, { clock });
  const actual = new Actual();
  const held: SemaphorePermit[] = [];
  const model = new Calls<{ id: number; until: number; count: number }>();
  let free = permits;
  const serve = (): void => {
    for (
      let [first] = model.waiting;
      first !== undefined && first.count <= free;
      [first] = model.waiting
    ) {
      free -= first.count;
      model.answers.set(first.id, first.count);
      model.waiting.shift();
    }
  };
  for (const each of steps) {
    if (each.do === 'acquire') {
      const id = actual.call(
        (options) =>
          semaphore.acquire(each.count, options).then((permit) => {
            held.push(permit);
            return permit.count;
          }),
        each.limit,
      );
      model.waiting.push({ id, until: clock.now() + each.limit, count: each.count });
    } else if (each.do === 'tryAcquire') {
      const permit = semaphore.tryAcquire(each.count);
      const isTaken = model.waiting.length === 0 && free >= each.count;
      same(permit !== WOULD_BLOCK, isTaken);
      if (permit !== WOULD_BLOCK) {
        held.push(permit);
        free -= each.count;
      }
    } else if (each.do === 'release' || each.do === 'forget') {
      const [permit] = held.splice(each.which % Math.max(1, held.length), 1);
      if (permit === undefined) continue;
      if (each.do === 'release') free += permit.count;
      permit[each.do]();
    } else if (each.do === 'add') {
      semaphore.addPermits(each.count);
      free += each.count;
    } else if (each.do === 'remove') {
      const removed = model.waiting.length > 0 ? 0 : Math.min(free, each.count);
      same(semaphore.forgetPermits(each.count), removed);
      free -= removed;
    } else if (each.do === 'abort') {
      const id = each.which % Math.max(1, actual.aborts.length);
      actual.aborts[id]?.abort('aborted');
      model.drop((call) => call.id === id, 'aborted');
    } else {
      const end = clock.now() + each.time;
      for (let now = clock.now() + 1; now <= end; now += 1) {
        await clock.advance(1);
        // Timers fire one after another: one that makes way for the next may do so in the next one's last moment.
        for (const late of model.waiting.filter((call) => call.until <= now)) {
          model.drop((call) => call === late, 'TimeoutError');
          serve();
        }
      }
      same(Object.fromEntries(actual.answers), Object.fromEntries(model.answers));
    }
    serve();
    expect(semaphore.statistics().free).toBe(free);
    expect(semaphore.statistics().waits).toHaveLength(model.waiting.length);
  }
  semaphore.close();
  model.drop(() => true, 'ClosedError');
  await clock.advance(0);
  expect(Object.fromEntries(actual.answers)).toEqual(Object.fromEntries(model.answers));
  expect([actual.answers.size, clock.pending]).toEqual([actual.aborts.length, 0]);
}

test('a semaphore answers as its model, for any program', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 5 }),
      fc.array(semaphoreStep, { minLength: 1, maxLength: 60 }),
      playSemaphore,
    ),
    { numRuns: RUNS },
  );
}, 120_000);
