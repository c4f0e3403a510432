/** Cases of tokio's tests of its other channels and locks, by their names there: same answers, or the reason why not. */
import { describe, expect, test } from '@jest/globals';
import { WOULD_BLOCK } from '../../src/index.ts';
import {
  Barrier,
  broadcast,
  interval,
  LagError,
  Mutex,
  Notify,
  oneshot,
  Semaphore,
  watch,
  type BroadcastReceiver,
  type MissedTicks,
  type SemaphorePermit,
} from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { PENDING, poll, pollAll, thrownBy } from '../support/poll.ts';

type Answers = readonly unknown[];
type Case = readonly [name: string, run: () => Promise<Answers> | Answers, answers: Answers];

/** What a receiver gives now: a value, `WOULD_BLOCK`, `null`, or how many it missed. */
function next<T>(receiver: BroadcastReceiver<T>): unknown {
  try {
    return receiver.tryReceive();
  } catch (error) {
    return error instanceof LagError ? `missed ${error.missed}` : (error as Error).name;
  }
}

const all = <T>(receiver: BroadcastReceiver<T>, count: number): unknown[] =>
  Array.from({ length: count }, () => next(receiver));

const BROADCAST: readonly Case[] = [
  [
    'send_try_recv_bounded',
    () => {
      const [tx, rx] = broadcast<string>({ capacity: 16 });
      return [next(rx), tx.send('hello'), ...all(rx, 2)];
    },
    [WOULD_BLOCK, 1, 'hello', WOULD_BLOCK],
  ],
  [
    'send_two_recv_bounded',
    async () => {
      const [tx, first] = broadcast<string>({ capacity: 16 });
      const second = tx.subscribe();
      const waits = [first.receive(), second.receive()] as const;
      const before = await pollAll(...waits);
      const reached = tx.send('hello');
      return [...before, reached, ...(await pollAll(...waits))];
    },
    [PENDING, PENDING, 2, 'hello', 'hello'],
  ],
  [
    'send_slow_rx',
    async () => {
      const [tx, first] = broadcast<string>({ capacity: 16 });
      const second = tx.subscribe();
      const [a, b] = [first.receive(), second.receive()];
      tx.send('one');
      tx.send('two');
      const got = [await a, await first.receive()];
      tx.send('three');
      return [...got, await first.receive(), await b, ...all(second, 2)];
    },
    ['one', 'two', 'three', 'one', 'two', 'three'],
  ],
  [
    'lagging_rx',
    () => {
      const [tx, first] = broadcast<string>({ capacity: 2 });
      const second = tx.subscribe();
      tx.send('one');
      tx.send('two');
      const got = [next(first)];
      tx.send('three');
      got.push(...all(second, 2), ...all(first, 2));
      tx.send('four');
      tx.send('five');
      got.push(next(second));
      tx.send('six');
      return [...got, next(second)];
    },
    ['one', 'missed 1', 'two', 'two', 'three', 'missed 1', 'missed 1'],
  ],
  [
    'send_no_rx',
    () => {
      const [tx, first] = broadcast<string>({ capacity: 16 });
      first.close();
      const none = tx.send('hello');
      const rx = tx.subscribe();
      return [none, tx.send('world'), next(rx)];
    },
    // There an error; here a count, as for every send.
    [0, 1, 'world'],
  ],
  ['zero_capacity', () => [thrownBy(() => broadcast({ capacity: 0 }))], ['InvalidInputError']],
  [
    'dropping_tx_notifies_rx',
    async () => {
      const [tx, rx] = broadcast<string>({ capacity: 16 });
      const twin = tx.clone();
      const waits = [rx.receive(), tx.subscribe().receive()] as const;
      tx.close();
      const before = await pollAll(...waits);
      twin.close();
      return [...before, ...(await pollAll(...waits))];
    },
    [PENDING, PENDING, null, null],
  ],
  [
    'single_capacity_recvs, single_capacity_recvs_after_drop_2',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 1 });
      tx.send(1);
      tx.send(2);
      tx.close();
      return all(rx, 3);
    },
    ['missed 1', 2, null],
  ],
  [
    'dropping_sender_does_not_overwrite',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 2 });
      tx.send(1);
      tx.send(2);
      tx.close();
      return all(rx, 3);
    },
    [1, 2, null],
  ],
  [
    'lagging_receiver_recovers_after_wrap_closed_2',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 2 });
      for (const n of [1, 2, 3, 4]) tx.send(n);
      tx.close();
      return all(rx, 4);
    },
    ['missed 2', 3, 4, null],
  ],
  [
    'receiver_len_with_lagged, lag_uses_power_of_two_buffer_length',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 3 });
      for (const n of [10, 20, 30, 40]) tx.send(n);
      return [rx.size, ...all(rx, 2)];
    },
    // There the capacity is rounded up to 4 and nothing is missed; here it is what was asked for.
    [4, 'missed 1', 20],
  ],
  [
    'resubscribe_points_to_tail',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 3 });
      tx.send(1);
      const again = rx.resubscribe();
      const got = [next(again), next(rx)];
      tx.send(2);
      got.push(next(again));
      tx.send(3);
      return [...got, ...all(rx, 3), ...all(again, 2)];
    },
    [WOULD_BLOCK, 1, 2, 2, 3, WOULD_BLOCK, 3, WOULD_BLOCK],
  ],
  [
    'resubscribe_lagged, lag_is_per_receiver',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 1 });
      tx.send(1);
      tx.send(2);
      const again = rx.resubscribe();
      return [...all(rx, 3), next(again)];
    },
    ['missed 1', 2, WOULD_BLOCK, WOULD_BLOCK],
  ],
  [
    'resubscribe_to_closed_channel',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 2 });
      tx.close();
      return [next(rx.resubscribe())];
    },
    [null],
  ],
  [
    'sender_len',
    () => {
      const [tx, first] = broadcast<number>({ capacity: 4 });
      const second = tx.subscribe();
      const sizes = [tx.size];
      for (const n of [1, 2, 3]) tx.send(n);
      sizes.push(tx.size);
      all(first, 2);
      sizes.push(tx.size);
      next(second);
      sizes.push(tx.size);
      for (const n of [4, 5, 6]) tx.send(n);
      return [...sizes, tx.size];
    },
    [0, 3, 3, 2, 4],
  ],
  [
    'broadcast_sender_closed, broadcast_sender_closed_with_extra_subscribe',
    async () => {
      const [tx, first] = broadcast<number>({ capacity: 4 });
      const closed = tx.closed();
      const second = tx.subscribe();
      first.close();
      const before = await poll(closed);
      second.close();
      return [before, await poll(closed), await poll(tx.closed())];
    },
    [PENDING, undefined, undefined],
  ],
  [
    'lag_again_before_reading_retained_messages',
    () => {
      const [tx, rx] = broadcast<number>({ capacity: 2 });
      for (const n of [1, 2, 3]) tx.send(n);
      const first = next(rx);
      for (const n of [4, 5]) tx.send(n);
      return [first, ...all(rx, 4), rx.size];
    },
    ['missed 1', 'missed 2', 4, 5, WOULD_BLOCK, 0],
  ],
];

const WATCH: readonly Case[] = [
  [
    'single_rx_recv',
    async () => {
      const [tx, rx] = watch('one');
      const first = rx.changed();
      const answers = [await poll(first), rx.borrow()];
      tx.send('two');
      answers.push(await poll(first), rx.borrow());
      const second = rx.changed();
      answers.push(await poll(second));
      tx.close();
      return [...answers, await poll(second), rx.borrow()];
    },
    [PENDING, 'one', true, 'two', PENDING, false, 'two'],
  ],
  [
    'rx_version_underflow, rx_mark_changed',
    async () => {
      const [, rx] = watch('one');
      const other = rx.clone();
      rx.markChanged();
      rx.markChanged();
      const answers = [rx.hasChanged, await poll(rx.changed()), rx.hasChanged, other.hasChanged];
      other.markChanged();
      return [...answers, other.borrowAndUpdate(), other.hasChanged, await poll(other.changed())];
    },
    [true, true, false, false, 'one', false, PENDING],
  ],
  [
    'rx_mark_unchanged',
    async () => {
      const [tx, rx] = watch('one');
      tx.send('two');
      const before = rx.hasChanged;
      rx.markUnchanged();
      return [before, rx.hasChanged, rx.borrow(), await poll(rx.changed())];
    },
    [true, false, 'two', PENDING],
  ],
  [
    'multi_rx',
    async () => {
      const [tx, first] = watch('one');
      const second = first.clone();
      const waits = [first.changed(), second.changed()] as const;
      const before = await pollAll(...waits);
      tx.send('two');
      return [...before, ...(await pollAll(...waits)), first.borrow(), second.borrow()];
    },
    [PENDING, PENDING, true, true, 'two', 'two'],
  ],
  [
    'rx_observes_final_value, changed_succeeds_on_closed_channel_with_unseen_value',
    async () => {
      const [tx, rx] = watch('one');
      tx.send('two');
      tx.close();
      return [await rx.changed(), rx.borrow(), await rx.changed(), rx.borrow()];
    },
    [true, 'two', false, 'two'],
  ],
  [
    'poll_close',
    async () => {
      const [tx, rx] = watch('one');
      const closed = tx.closed();
      const before = await poll(closed);
      rx.close();
      return [before, await poll(closed), tx.send('two'), tx.borrow()];
    },
    [PENDING, undefined, false, 'one'],
  ],
  [
    'borrow_and_update',
    () => {
      const [tx, rx] = watch('one');
      tx.send('two');
      return [rx.borrow(), rx.hasChanged, rx.borrowAndUpdate(), rx.hasChanged];
    },
    ['two', true, 'two', false],
  ],
  [
    'reopened_after_subscribe',
    () => {
      const [tx, rx] = watch('one');
      rx.close();
      const closed = tx.isClosed;
      const again = tx.subscribe();
      return [closed, tx.isClosed, again.hasChanged, tx.send('two'), again.borrow()];
    },
    [true, false, false, true, 'two'],
  ],
  [
    'send_modify_panic',
    () => {
      const [tx, rx] = watch('one');
      const thrown = thrownBy(() =>
        tx.sendIfModified(() => {
          throw new RangeError('no');
        }),
      );
      return [thrown, rx.hasChanged, tx.sendIfModified((value) => value), rx.hasChanged];
    },
    ['RangeError', false, false, false],
  ],
  [
    'multiple_sender, receiver_is_notified_when_last_sender_is_dropped',
    async () => {
      const [tx, rx] = watch(1);
      const twin = tx.clone();
      const waiting = rx.changed();
      tx.close();
      const before = await poll(waiting);
      twin.send(2);
      const changed = await poll(waiting);
      const last = rx.changed();
      twin.close();
      return [before, changed, rx.borrow(), await poll(last)];
    },
    [PENDING, true, 2, false],
  ],
  [
    'wait_for_errors_on_closed_channel_true_predicate',
    async () => {
      const [tx, rx] = watch(1);
      tx.close();
      return [await rx.waitFor((n) => n === 1), await rx.waitFor((n) => n === 2)];
    },
    // There a value that is there already fails when the channel is closed; here it is a value.
    [1, undefined],
  ],
  [
    'send_replace, send_if_modified',
    async () => {
      const [tx, rx] = watch(1);
      rx.close();
      const before = tx.sendReplace(5);
      return [before, tx.sendIfModified((n) => n + 1), tx.borrow()];
    },
    [1, true, 6],
  ],
];

const ONESHOT: readonly Case[] = [
  [
    'send_recv',
    async () => {
      const [tx, rx] = oneshot<number>();
      const waiting = rx.receive();
      const before = await poll(waiting);
      return [before, tx.send(1), await waiting];
    },
    [PENDING, true, 1],
  ],
  [
    'close_tx, drops_tasks',
    async () => {
      const [tx, rx] = oneshot<number>();
      const waiting = rx.receive();
      tx.close();
      return [await poll(waiting), thrownBy(() => rx.tryReceive())];
    },
    ['ClosedError', 'ClosedError'],
  ],
  [
    'close_rx, async_rx_closed',
    async () => {
      const [tx, rx] = oneshot<number>();
      const closed = tx.closed();
      const before = await poll(closed);
      rx.close();
      return [before, await poll(closed), tx.isClosed, tx.send(1)];
    },
    [PENDING, undefined, true, false],
  ],
  [
    'explicit_close_poll, explicit_close_try_recv',
    async () => {
      const [tx, rx] = oneshot<number>();
      tx.send(1);
      rx.close();
      const [, other] = oneshot<number>();
      other.close();
      return [await rx.receive(), await poll(other.receive())];
    },
    [1, 'ClosedError'],
  ],
  [
    'try_recv_after_completion, close_after_recv',
    () => {
      const [tx, rx] = oneshot<number>();
      const empty = rx.tryReceive();
      tx.send(17);
      const got = rx.tryReceive();
      const after = thrownBy(() => rx.tryReceive());
      rx.close();
      return [empty, got, after];
    },
    [WOULD_BLOCK, 17, 'ClosedError'],
  ],
  [
    'receiver_is_terminated_*',
    () => {
      const [tx, rx] = oneshot<number>();
      const seen = [rx.isTerminated];
      tx.send(1);
      seen.push(rx.isTerminated);
      rx.tryReceive();
      seen.push(rx.isTerminated);
      const [dropped, none] = oneshot();
      dropped.close();
      const [, closed] = oneshot();
      closed.close();
      return [...seen, none.isTerminated, closed.isTerminated];
    },
    [false, false, true, true, true],
  ],
];

const taken = (semaphore: Semaphore, count: number): SemaphorePermit =>
  semaphore.tryAcquire(count) as SemaphorePermit;

const LOCKS: readonly Case[] = [
  [
    'no_permits, try_acquire',
    () => {
      const semaphore = new Semaphore(1);
      const permit = taken(semaphore, 1);
      const none = semaphore.tryAcquire();
      permit.release();
      return [new Semaphore(0).available, none, semaphore.tryAcquire() === WOULD_BLOCK];
    },
    [0, WOULD_BLOCK, false],
  ],
  [
    'acquire, add_permits',
    async () => {
      const semaphore = new Semaphore(0);
      const waiting = semaphore.acquire();
      const before = await poll(waiting);
      semaphore.addPermits(1);
      return [before, (await waiting).count];
    },
    [PENDING, 1],
  ],
  [
    'add_permits_open, add_permits_closed',
    () => {
      const [open, closed] = [new Semaphore(3), new Semaphore(3)];
      closed.close();
      open.addPermits(2);
      closed.addPermits(2);
      return [open.available, open.isClosed, closed.available, closed.isClosed];
    },
    [5, false, 5, true],
  ],
  [
    'forget, forget_open, forget_closed',
    () => {
      const semaphore = new Semaphore(1);
      taken(semaphore, 1).forget();
      const other = new Semaphore(3);
      const removed = [other.forgetPermits(2), other.available, other.forgetPermits(2)];
      return [semaphore.available, ...removed, other.available];
    },
    [0, 2, 1, 1, 0],
  ],
  [
    'merge, merge_unrelated_permits',
    () => {
      const semaphore = new Semaphore(3);
      const [one, two] = [taken(semaphore, 1), taken(semaphore, 2)];
      one.merge(two);
      const before = [semaphore.available, one.count, two.count];
      const refused = thrownBy(() => {
        one.merge(taken(new Semaphore(1), 1));
      });
      one.release();
      return [...before, refused, semaphore.available];
    },
    [0, 3, 0, 'InvalidInputError', 3],
  ],
  [
    'split',
    () => {
      const semaphore = new Semaphore(5);
      const one = taken(semaphore, 3);
      const two = one.split(1) as SemaphorePermit;
      const none = one.split(0) as SemaphorePermit;
      const counts = [one.count, two.count, none.count, two.split(2)];
      one.release();
      counts.push(semaphore.available);
      two.release();
      none.release();
      return [...counts, semaphore.available];
    },
    [2, 1, 0, undefined, 4, 5],
  ],
  [
    'stress_test',
    async () => {
      const semaphore = new Semaphore(5);
      await Promise.all(
        Array.from({ length: 1_000 }, async () => {
          using _ = await semaphore.acquire();
        }),
      );
      return [semaphore.available];
    },
    [5],
  ],
  [
    'add_max_amount_permits, add_more_than_max_amount_permits1, add_more_than_max_amount_permits2',
    () => {
      const semaphore = new Semaphore(0);
      semaphore.addPermits(Semaphore.MAX_PERMITS);
      const more = thrownBy(() => {
        semaphore.addPermits(1);
      });
      return [more, thrownBy(() => new Semaphore(Semaphore.MAX_PERMITS + 1))];
    },
    ['LimitError', 'InvalidInputError'],
  ],
  [
    'sync_mutex: straight_execution, readiness, lock, try_lock',
    async () => {
      const mutex = new Mutex(100);
      const guard = await mutex.lock();
      guard.value = 99;
      const waiting = mutex.lock();
      const before = [await poll(waiting), mutex.tryLock()];
      guard.unlock();
      return [...before, (await waiting).value, mutex.isLocked];
    },
    [PENDING, WOULD_BLOCK, 99, true],
  ],
  [
    'sync_mutex: aborted_future_1, aborted_future_2',
    async () => {
      const clock = new ManualClock();
      const mutex = new Mutex(undefined, { clock });
      const guard = await mutex.lock();
      const late = mutex.lock({ timeout: 1 });
      const second = mutex.lock();
      const before = await poll(late);
      await clock.advance(1);
      const after = await poll(late);
      guard.unlock();
      (await second).unlock();
      return [before, after, mutex.isLocked];
    },
    [PENDING, 'TimeoutError', false],
  ],
  [
    'notify_notified_one',
    async () => {
      const notify = new Notify();
      notify.notifyOne();
      notify.notifyOne();
      return [await poll(notify.notified()), await poll(notify.notified())];
    },
    [undefined, PENDING],
  ],
  [
    'notified_multi_notify, notify_multi_notified_one',
    async () => {
      const notify = new Notify();
      const waits = [notify.notified(), notify.notified()] as const;
      notify.notifyOne();
      return pollAll(...waits);
    },
    [undefined, PENDING],
  ],
  [
    'notified_drop_notified_notify, notified_multi_notify_drop_one',
    async () => {
      const notify = new Notify();
      const stop = new AbortController();
      const first = notify.notified({ signal: stop.signal });
      const second = notify.notified();
      stop.abort('dropped');
      notify.notifyOne();
      return pollAll(first, second);
    },
    ['dropped', undefined],
  ],
  [
    'unpolled_future_completed_by_notify_waiters_preserves_notify_one_permit',
    async () => {
      const notify = new Notify();
      notify.notifyOne();
      notify.notifyWaiters();
      const first = await poll(notify.notified());
      const waits = [notify.notified(), notify.notified()] as const;
      notify.notifyWaiters();
      return [first, ...(await pollAll(...waits)), await poll(notify.notified())];
    },
    [undefined, undefined, undefined, PENDING],
  ],
  [
    'sync_barrier: zero_does_not_block',
    () => [thrownBy(() => new Barrier(0))],
    // There 0 counts as 1; here it is taken for the mistake that it is.
    ['InvalidInputError'],
  ],
  [
    'sync_barrier: single, tango',
    async () => {
      const alone = new Barrier(1);
      const two = new Barrier(2);
      const first = two.wait();
      const before = await poll(first);
      const second = await two.wait();
      return [(await alone.wait()).isLeader, before, (await first).isLeader, second.isLeader];
    },
    [true, PENDING, false, true],
  ],
  [
    'sync_barrier: lots',
    async () => {
      const barrier = new Barrier(100);
      let leaders = 0;
      for (let round = 0; round < 10; round += 1) {
        const results = await Promise.all(Array.from({ length: 100 }, () => barrier.wait()));
        leaders += results.filter(({ isLeader }) => isLeader).length;
      }
      return [leaders, barrier.arrived];
    },
    [10, 0],
  ],
];

describe.each([
  ['broadcast', BROADCAST],
  ['watch', WATCH],
  ['oneshot', ONESHOT],
  ['semaphore, mutex, notify, barrier', LOCKS],
] as const)('tokio: %s', (_kind, cases) => {
  test.each(cases as Case[])('%s', async (_name, run, answers) => {
    expect(await run()).toEqual(answers);
  });
});

/** Steps in milliseconds, and the ticks that are ready after each; as in tests/time_interval.rs, without its extra 1 ms. */
const TICKS: Readonly<Record<MissedTicks, readonly (readonly [step: number, ticks: number[]])[]>> =
  {
    burst: [
      [0, [0]],
      [100, []],
      [200, [300]],
      [650, [600, 900]],
      [200, []],
      [100, [1_200]],
      [250, [1_500]],
      [300, [1_800]],
    ],
    delay: [
      [0, [0]],
      [100, []],
      [200, [300]],
      [650, [600]],
      [100, []],
      [200, [1_250]],
      [300, [1_550]],
      [300, [1_850]],
    ],
    skip: [
      [0, [0]],
      [100, []],
      [200, [300]],
      [650, [600]],
      [250, [1_200]],
      [300, [1_500]],
      [300, [1_800]],
    ],
  };

describe('tokio: interval', () => {
  test.each(Object.entries(TICKS))('%s', async (missed, steps) => {
    const clock = new ManualClock();
    const ticks = interval(300, { clock, missed: missed as MissedTicks });
    for (const [step, expected] of steps) {
      await clock.advance(step);
      const got: unknown[] = [];
      for (;;) {
        // What is not ready is given up, as a poll is.
        const stop = new AbortController();
        const tick = await poll(ticks.tick({ signal: stop.signal }));
        stop.abort();
        if (tick === PENDING) break;
        got.push(tick);
      }
      expect([clock.now(), got]).toEqual([clock.now(), expected]);
    }
    expect(clock.pending).toBe(0);
  });

  test('interval_zero_duration', () => {
    for (const period of [0, -1, Number.NaN, Infinity]) {
      expect(thrownBy(() => interval(period))).toBe('InvalidInputError');
    }
  });

  test('reset, reset_at', async () => {
    const clock = new ManualClock();
    const ticks = interval(300, { clock, start: 100 });
    const first = ticks.tick();
    expect(await poll(first)).toBe(PENDING);
    await clock.advance(100);
    expect(await first).toBe(100);
    await clock.advance(200);
    const second = ticks.tick();
    ticks.reset();
    await clock.advance(299);
    expect(await poll(second)).toBe(PENDING);
    await clock.advance(1);
    expect(await second).toBe(600);
  });
});
