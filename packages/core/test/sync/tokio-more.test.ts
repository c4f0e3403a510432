/** More cases of tokio's tests of its channels and locks, by their names there: same answers, or the reason why not. */
import { expect, test } from '@jest/globals';
import { WOULD_BLOCK } from '../../src/index.ts';
import {
  broadcast,
  channel,
  interval,
  Notify,
  oneshot,
  Semaphore,
  watch,
} from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { PENDING, poll, pollAll, thrownBy } from '../support/poll.ts';
import { all, testCases, type Case } from '../support/tokio-cases.ts';

/** A receiver of a broadcast to which values were sent. */
function after(capacity: number, ...values: readonly number[]) {
  const [tx, rx] = broadcast<number>({ capacity });
  for (const value of values) tx.send(value);
  return [tx, rx] as const;
}

const CASES: readonly Case[] = [
  // sync_mpsc.rs
  [
    'failed_reserve_wakes_closed_receiver',
    async () => {
      const [tx, rx] = channel<number>({ capacity: 1 });
      const permit = await tx.reserve();
      const waiting = tx.reserve();
      const before = await poll(waiting);
      rx.close();
      const end = rx.receive();
      permit.release();
      return [before, await poll(waiting), await poll(end)];
    },
    [PENDING, 'ClosedError', null],
  ],
  [
    'unconsumed_messages_are_dropped, release_waker_on_rx_drop: a receiver that is gone keeps nothing',
    async () => {
      const [tx, rx] = channel<object>({ capacity: 1 });
      await tx.send({});
      const waiting = tx.send({});
      rx[Symbol.dispose]();
      return [await poll(waiting), rx.size, rx.statistics().waits.length];
    },
    ['ClosedError', 0, 0],
  ],
  [
    'test_rx_is_closed_when_calling_close_with_sender, test_rx_is_not_closed_when_there_are_senders, test_rx_is_not_closed_when_there_are_senders_and_buffer_filled, test_rx_is_closed_when_there_are_no_senders_and_there_are_messages',
    () => {
      const [tx, rx] = channel<number>({ capacity: 1 });
      const seen = [rx.isClosed, tx.trySend(1), rx.isClosed];
      tx.close();
      seen.push(rx.isClosed);
      const [, other] = channel<number>({ capacity: 1 });
      other.close();
      return [...seen, other.isClosed, rx.size];
    },
    [false, true, false, true, true, 1],
  ],
  // sync_oneshot.rs
  [
    'async_send_recv, receiver_changes_task, sender_changes_task: who waits does not matter',
    async () => {
      const [tx, rx] = oneshot<number>();
      const outcome = Promise.all([(async () => rx.receive())(), (async () => tx.send(1))()]);
      return outcome;
    },
    [1, true],
  ],
  [
    'close_try_recv_poll, try_recv_after_completion_await',
    async () => {
      const [, rx] = oneshot<number>();
      rx.close();
      const [tx, done] = oneshot<number>();
      tx.send(1);
      await done.receive();
      return [thrownBy(() => rx.tryReceive()), thrownBy(() => done.tryReceive())];
    },
    ['ClosedError', 'ClosedError'],
  ],
  // sync_broadcast.rs
  [
    'send_two_recv, send_recv_bounded, change_tasks',
    async () => {
      const [tx, rx] = broadcast<string>({ capacity: 16 });
      const second = tx.subscribe();
      const waiting = rx.receive();
      const before = [await poll(waiting), ...all(second, 1), tx.send('hello')];
      return [...before, await waiting, ...all(second, 2), ...all(rx, 1)];
    },
    [PENDING, WOULD_BLOCK, 2, 'hello', 'hello', WOULD_BLOCK, WOULD_BLOCK],
  ],
  [
    'drop_rx_while_values_remain, unconsumed_messages_are_dropped',
    () => {
      const [tx, rx] = after(16, 1, 2);
      const second = tx.subscribe();
      tx.send(3);
      const sizes = [tx.size];
      rx.close();
      sizes.push(tx.size);
      second.close();
      return [...sizes, tx.size];
    },
    [3, 1, 0],
  ],
  [
    'capacity_too_big',
    () => [thrownBy(() => broadcast({ capacity: Infinity }))],
    ['InvalidInputError'],
  ],
  [
    'single_capacity_recvs_after_drop_1, lagging_receiver_recovers_after_wrap_closed_1',
    () => {
      const [one, rx] = after(1, 1);
      one.close();
      const [two, lagging] = after(2, 1, 2, 3);
      two.close();
      return [...all(rx, 2), ...all(lagging, 4)];
    },
    [1, null, 'missed 1', 2, 3, null],
  ],
  [
    'lagging_receiver_recovers_after_wrap_open, capacity_overflow_reports_lagged_then_oldest_retained',
    () => all(after(2, 1, 2, 3)[1], 4),
    ['missed 1', 2, 3, WOULD_BLOCK],
  ],
  [
    'slow_receiver_within_capacity_does_not_lag',
    () => {
      const [tx, slow] = broadcast<number>({ capacity: 2 });
      const fast = tx.subscribe();
      tx.send(1);
      tx.send(2);
      return [...all(fast, 3), ...all(slow, 3)];
    },
    [1, 2, WOULD_BLOCK, 1, 2, WOULD_BLOCK],
  ],
  [
    'lagged_count_matches_number_of_overwritten_messages',
    () => {
      const [tx, rx] = after(4, 1, 2, 3, 4);
      const first = all(rx, 1);
      for (const n of [5, 6, 7, 8]) tx.send(n);
      return [...first, ...all(rx, 6)];
    },
    [1, 'missed 3', 5, 6, 7, 8, WOULD_BLOCK],
  ],
  [
    'async_recv_lagged_then_resumes_from_oldest_retained',
    async () => {
      const [, rx] = after(2, 1, 2, 3);
      return [await poll(rx.receive()), await rx.receive(), await rx.receive()];
    },
    ['LagError', 2, 3],
  ],
  [
    'lag_catch_up_then_lag_again',
    () => {
      const [tx, rx] = after(2, 1, 2, 3);
      const first = all(rx, 4);
      for (const n of [4, 5, 6]) tx.send(n);
      return [...first, ...all(rx, 4)];
    },
    ['missed 1', 2, 3, WOULD_BLOCK, 'missed 1', 5, 6, WOULD_BLOCK],
  ],
  [
    'single_slot_capacity_lag_semantics',
    () => {
      const [tx, rx] = after(1, 1);
      const first = all(rx, 1);
      tx.send(2);
      tx.send(3);
      return [...first, ...all(rx, 3)];
    },
    [1, 'missed 1', 3, WOULD_BLOCK],
  ],
  [
    'receiver_len_after_lag_error_advances_cursor',
    () => {
      const [, rx] = after(2, 1, 2, 3, 4);
      const seen: unknown[] = [rx.size];
      for (let taken = 0; taken < 3; taken += 1) seen.push(...all(rx, 1), rx.size);
      return seen;
    },
    [4, 'missed 2', 2, 3, 1, 4, 0],
  ],
  [
    'broadcast_sender_new_must_be_closed: without receivers; `closed` is asked, here as there',
    async () => {
      const [tx, rx] = broadcast<number>({ capacity: 1 });
      rx.close();
      const before = await poll(tx.closed());
      tx.subscribe();
      return [before, await poll(tx.closed())];
    },
    [undefined, PENDING],
  ],
  // sync_watch.rs
  [
    'changed_errors_on_closed_channel_with_seen_value, has_changed_errors_on_closed_channel_with_unseen_value, has_changed_errors_on_closed_channel_with_seen_value',
    async () => {
      const [tx, rx] = watch('A');
      tx.send('B');
      tx.close();
      const unseen = rx.hasChanged;
      rx.markUnchanged();
      return [unseen, rx.hasChanged, await rx.changed()];
    },
    // There an error each time; here the end is `false`, and what was not seen can be seen.
    [true, false, false],
  ],
  // sync_semaphore.rs
  [
    'panic_when_exceeds_maxpermits, no_panic_at_maxpermits',
    () => [
      thrownBy(() => new Semaphore(Semaphore.MAX_PERMITS + 1)),
      new Semaphore(Semaphore.MAX_PERMITS).available,
    ],
    ['InvalidInputError', Semaphore.MAX_PERMITS],
  ],
  // sync_notify.rs
  [
    'notified_one_notify',
    async () => {
      const notify = new Notify();
      const waiting = notify.notified();
      const before = await poll(waiting);
      notify.notifyOne();
      return [before, await poll(waiting)];
    },
    [PENDING, undefined],
  ],
  [
    'notify_notified_multi',
    async () => {
      const notify = new Notify();
      notify.notifyOne();
      const waits = [notify.notified(), notify.notified()] as const;
      const before = await pollAll(...waits);
      notify.notifyOne();
      return [...before, ...(await pollAll(...waits))];
    },
    [undefined, PENDING, undefined, undefined],
  ],
  [
    'notified_multi_notify_one_drop: a call that was notified settles, whatever is aborted then; there the next one gets it',
    async () => {
      const notify = new Notify();
      const stop = new AbortController();
      const waits = [notify.notified({ signal: stop.signal }), notify.notified()] as const;
      notify.notifyOne();
      stop.abort('dropped');
      return pollAll(...waits);
    },
    [undefined, PENDING],
  ],
  [
    'notify_one_after_dropped_all, test_notify_one_not_enabled, test_notify_one_after_enable: a call waits from its beginning',
    async () => {
      const notify = new Notify();
      const first = notify.notified();
      notify.notifyWaiters();
      notify.notifyOne();
      return [await poll(first), await poll(notify.notified()), await poll(notify.notified())];
    },
    [undefined, undefined, PENDING],
  ],
];

testCases(CASES);

test('sender_len_random: the size is that of the slowest receiver, at most the capacity', () => {
  const [tx, slow] = broadcast<number>({ capacity: 16 });
  const fast = tx.subscribe();
  for (let sent = 1; sent <= 20; sent += 1) {
    tx.send(sent);
    all(fast, 1);
    expect(tx.size).toBe(Math.min(sent, 16));
  }
  all(slow, 4);
  expect(tx.size).toBe(13);
});

test('time_interval: an interval with a period of centuries ticks at once, and then waits', async () => {
  // interval_doesnt_panic_max_duration_when_polling
  const clock = new ManualClock();
  const ticks = interval(Number.MAX_SAFE_INTEGER, { clock });
  expect(await ticks.tick()).toBe(0);
  const stop = new AbortController();
  const next = ticks.tick({ signal: stop.signal });
  expect(await poll(next)).toBe(PENDING);
  stop.abort('enough');
  expect(await poll(next)).toBe('enough');
  expect(clock.pending).toBe(0);
});
