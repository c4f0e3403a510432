/** The cases of tokio's tests/sync_mpsc.rs, by their names there: same answers, or the reason why not. */
import { expect, test } from '@jest/globals';
import { WOULD_BLOCK } from '../../src/index.ts';
import { channel } from '../../src/sync/index.ts';
import { PENDING, poll, pollAll, thrownBy } from '../support/poll.ts';

const of = (capacity: number) => channel<number>({ capacity });
type Answers = readonly unknown[];

const CASES: readonly (readonly [name: string, run: () => Promise<Answers>, answers: Answers])[] = [
  [
    'send_recv_with_buffer',
    async () => {
      const [tx, rx] = of(16);
      const sent = await pollAll(tx.send(1), tx.send(2));
      tx.close();
      return [...sent, await rx.receive(), await rx.receive(), await rx.receive()];
    },
    [undefined, undefined, 1, 2, null],
  ],
  [
    'reserve_disarm',
    async () => {
      const [tx, rx] = of(2);
      const others = [tx.clone(), tx.clone(), tx.clone()] as const;
      const first = await others[0].reserve();
      const second = await others[1].reserve();
      const third = others[2].reserve();
      const before = await poll(third);
      second.release();
      const permit = await third;
      const fourth = tx.reserve();
      const full = await poll(fourth);
      first.release();
      (await fourth).release();
      permit.release();
      return [before, full, rx.size];
    },
    [PENDING, PENDING, 0],
  ],
  [
    'send_recv_stream_with_buffer, async_send_recv_with_buffer',
    async () => {
      const [tx, rx] = of(16);
      await tx.send(1);
      await tx.send(2);
      tx.close();
      const got: number[] = [];
      for await (const value of rx) got.push(value);
      return got;
    },
    [1, 2],
  ],
  [
    'start_send_past_cap: what closes the last sender ends the channel, whatever waited before',
    async () => {
      const [tx, rx] = of(1);
      const other = tx.clone();
      await tx.send(1);
      const second = tx.send(2);
      const third = other.send(3);
      const waiting = await pollAll(second, third);
      tx.close();
      other.close();
      return [
        ...waiting,
        ...(await pollAll(second, third)),
        await rx.receive(),
        await rx.receive(),
      ];
    },
    // There a future is dropped; here it is the sender's close that ends its calls.
    [PENDING, PENDING, 'ClosedError', 'ClosedError', 1, null],
  ],
  [
    'buffer_gteq_one',
    async () => [thrownBy(() => of(0)), thrownBy(() => of(Infinity)), thrownBy(() => of(1.5))],
    ['InvalidInputError', 'InvalidInputError', 'InvalidInputError'],
  ],
  [
    'no_t_bounds_buffer',
    async () => {
      const [tx, rx] = channel<() => string>({ capacity: 1 });
      await tx.send(() => 'any value');
      return [(await rx.receive())?.()];
    },
    ['any value'],
  ],
  [
    'send_recv_buffer_limited',
    async () => {
      const [tx, rx] = of(1);
      const first = await tx.reserve();
      first.send(1);
      const second = tx.reserve();
      const blocked = await poll(second);
      const got = await rx.receive();
      const permit = await second;
      permit.send(2);
      return [blocked, got, await rx.receive(), rx.size];
    },
    [PENDING, 1, 2, 0],
  ],
  [
    'recv_close_gets_none_idle',
    async () => {
      const [tx, rx] = of(10);
      rx.close();
      return [await rx.receive(), await poll(tx.send(1))];
    },
    [null, 'ClosedError'],
  ],
  [
    'recv_close_gets_none_reserved',
    async () => {
      const [tx, rx] = of(1);
      const permit = await tx.reserve();
      const waiting = tx.clone().reserve();
      const before = await poll(waiting);
      rx.close();
      const failed = await poll(waiting);
      const end = rx.receive();
      const open = await poll(end);
      permit.send(123);
      return [before, failed, open, await end, await rx.receive()];
    },
    [PENDING, 'ClosedError', PENDING, 123, null],
  ],
  [
    'cancelled_reserve_wakes_closed_receiver',
    async () => {
      const [tx, rx] = of(1);
      const permit = await tx.reserve();
      const stop = new AbortController();
      const waiting = tx.reserve({ signal: stop.signal });
      const end = rx.receive();
      stop.abort('cancelled');
      rx.close();
      const open = await poll(end);
      permit.release();
      return [await poll(waiting), open, await poll(end)];
    },
    ['cancelled', PENDING, null],
  ],
  [
    'tx_close_gets_none',
    async () => {
      const [tx, rx] = of(10);
      const end = rx.receive();
      const before = await poll(end);
      tx.close();
      return [before, await poll(end)];
    },
    [PENDING, null],
  ],
  [
    'try_send_fail',
    async () => {
      const [tx, rx] = of(1);
      const sent = [tx.trySend(1), tx.trySend(2)];
      const got = await rx.receive();
      const again = tx.trySend(3);
      tx.close();
      return [...sent, got, again, await rx.receive(), await rx.receive()];
    },
    [true, false, 1, true, 3, null],
  ],
  [
    'try_send_fail_with_try_recv',
    async () => {
      const [tx, rx] = of(1);
      const sent = [tx.trySend(1), tx.trySend(2)];
      const got = rx.tryReceive();
      const again = tx.trySend(3);
      tx.close();
      return [...sent, got, again, rx.tryReceive(), rx.tryReceive()];
    },
    [true, false, 1, true, 3, null],
  ],
  [
    'try_reserve_fails',
    async () => {
      const [tx] = of(1);
      const permit = await tx.reserve();
      const none = tx.tryReserve();
      permit.release();
      return [none, tx.tryReserve() === WOULD_BLOCK];
    },
    [WOULD_BLOCK, false],
  ],
  [
    'drop_permit_releases_permit',
    async () => {
      const [tx] = of(1);
      const permit = await tx.reserve();
      const waiting = tx.clone().reserve();
      const before = await poll(waiting);
      permit[Symbol.dispose]();
      return [before, (await waiting) === undefined];
    },
    [PENDING, false],
  ],
  [
    'dropping_last_permit_wakes_closed_receiver',
    async () => {
      const [tx, rx] = of(1);
      const permit = await tx.reserve();
      const end = rx.receive();
      rx.close();
      const open = await poll(end);
      permit.release();
      return [open, await poll(end)];
    },
    [PENDING, null],
  ],
  [
    'sending_last_permit_wakes_closed_receiver',
    async () => {
      const [tx, rx] = of(2);
      const permit = await tx.reserve();
      const [first, second] = [rx.receive(), rx.receive()];
      rx.close();
      const open = await pollAll(first, second);
      permit.send(1);
      return [...open, ...(await pollAll(first, second))];
    },
    [PENDING, PENDING, 1, null],
  ],
  [
    'dropping_rx_closes_channel',
    async () => {
      const [tx, rx] = of(100);
      await tx.send(1);
      rx[Symbol.dispose]();
      return [await poll(tx.reserve()), tx.isClosed, rx.size];
    },
    ['ClosedError', true, 0],
  ],
  [
    'dropping_rx_closes_channel_for_try',
    async () => {
      const [tx, rx] = of(100);
      rx[Symbol.dispose]();
      return [thrownBy(() => tx.trySend(1)), thrownBy(() => tx.tryReserve())];
    },
    ['ClosedError', 'ClosedError'],
  ],
  [
    'ready_close_cancel_bounded',
    async () => {
      const [tx, rx] = of(100);
      rx.close();
      return [await poll(rx.receive()), await poll(tx.closed())];
    },
    [null, undefined],
  ],
  [
    'permit_available_not_acquired_close',
    async () => {
      const [tx, rx] = of(1);
      const permit = await tx.reserve();
      const waiting = tx.clone().reserve();
      const before = await poll(waiting);
      rx.close();
      permit.release();
      return [before, await poll(waiting)];
    },
    [PENDING, 'ClosedError'],
  ],
  [
    'try_recv_bounded',
    async () => {
      const [tx, rx] = of(5);
      for (let n = 0; n < 5; n += 1) tx.trySend(n);
      const full = tx.trySend(5);
      const got = [0, 1, 2, 3, 4].map(() => rx.tryReceive());
      const empty = rx.tryReceive();
      tx.trySend(6);
      tx.close();
      return [full, ...got, empty, rx.tryReceive(), rx.tryReceive()];
    },
    [false, 0, 1, 2, 3, 4, WOULD_BLOCK, 6, null],
  ],
  [
    'try_recv_after_receiver_close',
    async () => {
      const [tx, rx] = of(5);
      const before = rx.tryReceive();
      rx.close();
      return [before, rx.tryReceive(), tx.isClosed];
    },
    [WOULD_BLOCK, null, true],
  ],
  [
    'try_recv_after_receiver_close_with_permit',
    async () => {
      const [tx, rx] = of(5);
      const permit = await tx.reserve();
      rx.close();
      const waits = rx.tryReceive();
      permit.send(1);
      return [waits, rx.tryReceive(), rx.tryReceive()];
    },
    [WOULD_BLOCK, 1, null],
  ],
  [
    'try_recv_close_while_empty_bounded',
    async () => {
      const [tx, rx] = of(5);
      const before = rx.tryReceive();
      tx.close();
      return [before, rx.tryReceive()];
    },
    [WOULD_BLOCK, null],
  ],
  [
    'recv_timeout',
    async () => {
      const [tx, rx] = of(5);
      await tx.send(1);
      const got = await rx.receive({ timeout: 0 });
      const late = await rx.receive({ timeout: 0 }).catch((error: Error) => error.name);
      await tx.send(2);
      const after = await rx.receive({ timeout: 0 });
      tx.close();
      return [got, late, after, await rx.receive({ timeout: 0 })];
    },
    [1, 'TimeoutError', 2, null],
  ],
  [
    'test_tx_capacity',
    async () => {
      const [tx] = of(10);
      const seen = [tx.free];
      const permit = await tx.reserve();
      seen.push(tx.free);
      await tx.send(1);
      seen.push(tx.free, tx.capacity);
      permit.send(2);
      seen.push(tx.free);
      return seen;
    },
    [10, 9, 8, 10, 8],
  ],
  [
    'test_rx_is_closed_when_dropping_all_senders',
    async () => {
      const [tx, rx] = of(10);
      const others = [tx.clone(), tx.clone()];
      for (const each of others) each.close();
      const open = rx.isClosed;
      tx.close();
      return [open, rx.isClosed];
    },
    [false, true],
  ],
  [
    'test_rx_is_closed_when_there_are_messages_and_close_is_called',
    async () => {
      const [tx, rx] = of(10);
      await tx.send(1);
      const open = rx.isClosed;
      rx.close();
      return [open, rx.isClosed, rx.size];
    },
    [false, true, 1],
  ],
  [
    'test_rx_is_not_closed_when_there_are_permits_but_not_senders',
    async () => {
      const [tx, rx] = of(10);
      const permit = await tx.reserve();
      tx.close();
      const open = rx.isClosed;
      permit.release();
      return [open, rx.isClosed];
    },
    [false, true],
  ],
  [
    'test_rx_len_*, test_rx_is_empty_*, test_rx_is_not_empty_*, test_is_empty_32_msgs',
    async () => {
      const [tx, rx] = of(32);
      const sizes = [rx.size];
      for (let n = 0; n < 32; n += 1) tx.trySend(n);
      sizes.push(rx.size);
      for (let n = 0; n < 31; n += 1) rx.tryReceive();
      tx.close();
      sizes.push(rx.size);
      rx.tryReceive();
      return [...sizes, rx.size];
    },
    [0, 32, 1, 0],
  ],
  [
    'same_channel, strong_count',
    async () => {
      const [tx] = of(1);
      const twin = tx.clone();
      const counts = [twin.isSameChannel(tx), of(1)[0].isSameChannel(tx)];
      return [...counts, tx.statistics().senders, thrownBy(() => (twin.close(), twin.clone()))];
    },
    [true, false, 2, 'ClosedError'],
  ],
];

test.each(CASES)('%s', async (_name, run, answers) => {
  expect(await run()).toEqual(answers);
});

test('async_send_recv_with_buffer, between two tasks, through a channel of one', async () => {
  const [tx, rx] = of(1);
  const sending = (async () => {
    for (let n = 0; n < 1_000; n += 1) await tx.send(n);
    tx.close();
  })();
  let expected = 0;
  for await (const value of rx) expect(value).toBe(expected++);
  await sending;
  expect(expected).toBe(1_000);
});
