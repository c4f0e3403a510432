/** Cases of tokio's tests of its other channels and locks, by their names there: same answers, or the reason why not. */
import { describe } from '@jest/globals';
import { WOULD_BLOCK } from '../../src/index.ts';
import {
  Barrier,
  Mutex,
  Notify,
  oneshot,
  Semaphore,
  type SemaphorePermit,
} from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { PENDING, poll, pollAll, thrownBy } from '../support/poll.ts';
import { testCases, type Case } from '../support/tokio-cases.ts';

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

describe('tokio: oneshot', () => {
  testCases(ONESHOT);
});

describe('tokio: semaphore, mutex, notify, barrier', () => {
  testCases(LOCKS);
});
