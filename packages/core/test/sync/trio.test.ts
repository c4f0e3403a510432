/** Cases of trio's test_channel.py and test_sync.py, by their names there: same answers, or the reason why not. */
import { expect, test } from '@jest/globals';
import { defaultExecutor, WOULD_BLOCK } from '../../src/index.ts';
import { channel, Mutex, Notify, Semaphore, watch } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { PENDING, poll, pollAll, thrownBy } from '../support/poll.ts';

const of = <T>(capacity: number) => channel<T>({ capacity });

test('test_channel', async () => {
  const [s, r] = of<number | string>(2);
  expect(s.trySend(1)).toBe(true);
  await s.send(2);
  expect(s.trySend(3)).toBe(false);
  expect(await r.receive()).toBe(1);
  expect(r.tryReceive()).toBe(2);
  expect(r.tryReceive()).toBe(WOULD_BLOCK);
  s.trySend('last');
  s.close();
  expect(await poll(s.send('too late'))).toBe('ClosedError');
  expect(thrownBy(() => s.trySend('too late'))).toBe('ClosedError');
  expect(thrownBy(() => s.clone())).toBe('ClosedError');
  s.close();
  expect(r.tryReceive()).toBe('last');
  expect(await r.receive()).toBe(null);
  // There a closed receiver fails; here it is at its end, as in tokio.
  r.close();
  expect([await r.receive(), r.tryReceive()]).toEqual([null, null]);
});

test('test_553: a receive that was given up takes nothing later', async () => {
  const clock = new ManualClock();
  const [s, r] = channel<string>({ capacity: 1, clock });
  const given = r.receive({ timeout: 10_000 });
  const outcome = given.catch((error: Error) => error.name);
  await clock.advance(10_000);
  expect(await outcome).toBe('TimeoutError');
  expect(await poll(s.send('a'))).toBe(undefined);
  expect(r.size).toBe(1);
});

test('test_channel_multiple_producers', async () => {
  const [s, r] = of<number>(1);
  const got: number[] = [];
  await defaultExecutor.group(async (group) => {
    for (let i = 0; i < 10; i += 1) {
      const sender = s.clone();
      group.spawn(async () => {
        using _ = sender;
        for (let j = 3 * i; j < 3 * (i + 1); j += 1) await sender.send(j);
      });
    }
    s.close();
    for await (const value of r) got.push(value);
  });
  expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
});

test('test_channel_multiple_consumers, with one receiver that they share', async () => {
  const [s, r] = of<number>(1);
  const received = new Map<number, number[]>();
  await defaultExecutor.group(async (group) => {
    for (let i = 0; i < 5; i += 1) {
      group.spawn(async () => {
        for await (const value of r) received.set(i, [...(received.get(i) ?? []), value]);
      });
    }
    await new Promise(setImmediate);
    for (let n = 0; n < 10; n += 1) await s.send(n);
    s.close();
  });
  expect(received.size).toBe(5);
  expect([...received.values()].flat().toSorted((a, b) => a - b)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ]);
});

test('test_close_basics, test_close_sync', async () => {
  const [s, r] = of<number>(1);
  await s.send(0);
  const blocked = s.send(1);
  expect(await poll(blocked)).toBe(PENDING);
  s.close();
  expect(await poll(blocked)).toBe('ClosedError');
  expect([r.tryReceive(), r.tryReceive(), await r.receive()]).toEqual([0, null, null]);

  const [s2, r2] = of<number>(1);
  await s2.send(0);
  const blocked2 = s2.send(1);
  r2.close();
  expect(await poll(blocked2)).toBe('ClosedError');
  await expect(s2.send(1)).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
  await expect(s.send(1)).rejects.toMatchObject({ code: 'ERR_HANDLE_CLOSED' });

  const [, r3] = of<number>(1);
  const waiting = r3.receive();
  r3.close();
  expect(await poll(waiting)).toBe(null);
});

test('test_close_multiple_send_handles', async () => {
  const [s1, r] = of<string>(1);
  const s2 = s1.clone();
  await s1.send('first');
  const [nope, ok] = [s1.send('nope'), s2.send('ok')];
  s1.close();
  expect(await pollAll(nope, ok)).toEqual(['ClosedError', PENDING]);
  expect([await r.receive(), await r.receive()]).toEqual(['first', 'ok']);
  expect(await poll(ok)).toBe(undefined);
});

test('test_statistics', async () => {
  const [s, r] = of<number>(2);
  expect(s.statistics()).toEqual({ capacity: 2, size: 0, reserved: 0, senders: 1, waits: [] });
  s.trySend(0);
  const s2 = s.clone();
  expect(r.statistics()).toMatchObject({ size: 1, senders: 2 });
  s.close();
  s2.trySend(1);
  const stop = new AbortController();
  const { signal } = stop;
  const sends = [s2.send(2, { signal }), s2.send(3, { signal })] as const;
  expect(r.statistics().waits.map(({ operation }) => operation)).toEqual(['send', 'send']);
  stop.abort('stop');
  expect(await pollAll(...sends)).toEqual(['stop', 'stop']);
  expect(r.statistics()).toMatchObject({ size: 2, senders: 1, waits: [] });
});

test('test_channel_fairness', async () => {
  const [s, r] = of<number>(1);
  s.trySend(1);
  expect(r.tryReceive()).toBe(1);
  s.trySend(2);
  expect(r.tryReceive()).toBe(2);
  // What is sent while a task waits is that task's, even though this one asks first.
  const waiting = r.receive();
  s.trySend(3);
  expect(r.tryReceive()).toBe(WOULD_BLOCK);
  const second = r.receive();
  expect(await poll(waiting)).toBe(3);
  s.trySend(4);
  expect(await second).toBe(4);
  // And room that is made while a task waits for it is that task's.
  s.trySend(5);
  const sending = s.send(6);
  expect(r.tryReceive()).toBe(5);
  expect(s.trySend(7)).toBe(false);
  expect([await r.receive(), await poll(sending)]).toEqual([6, undefined]);
});

test('test_unbuffered is not possible: a capacity of 0 is refused, as in tokio', () => {
  expect(thrownBy(() => of(0))).toBe('InvalidInputError');
});

test('test_Semaphore', async () => {
  const sem = new Semaphore(1);
  expect(sem.available).toBe(1);
  const permit = await sem.acquire();
  expect(sem.tryAcquire()).toBe(WOULD_BLOCK);
  const waiting = sem.acquire();
  expect(await poll(waiting)).toBe(PENDING);
  permit.release();
  const next = await waiting;
  // Releasing twice puts nothing back twice, so no bound has to be checked.
  permit.release();
  next.release();
  expect(sem.available).toBe(1);
});

test('test_generic_lock_exclusion, test_generic_lock_fifo_fairness', async () => {
  const lock = new Mutex();
  const record: string[] = [];
  let inside = false;
  const loopy = async (name: string) => {
    for (let round = 0; round < 5; round += 1) {
      using _ = await lock.lock();
      expect(inside).toBe(false);
      inside = true;
      record.push(name);
      await new Promise(setImmediate);
      inside = false;
    }
  };
  await Promise.all(['a', 'b', 'c'].map(loopy));
  expect(record.join('')).toBe('abc'.repeat(5));
});

test('test_generic_lock_acquire_nowait_blocks_acquire, test_lock_handover', async () => {
  const lock = new Mutex();
  const guard = lock.tryLock();
  if (guard === WOULD_BLOCK) throw new Error('expected the lock');
  const waits = [lock.lock(), lock.lock()] as const;
  guard.unlock();
  // It is handed over without ever being free.
  expect(lock.tryLock()).toBe(WOULD_BLOCK);
  (await waits[0]).unlock();
  (await waits[1]).unlock();
  expect(lock.isLocked).toBe(false);
});

test('test_Event, which here is `notifyWaiters`, or a watch where it stays set', async () => {
  const event = new Notify();
  const waits = [event.notified(), event.notified()] as const;
  expect(event.waiters).toBe(2);
  event.notifyWaiters();
  expect(await pollAll(...waits)).toEqual([undefined, undefined]);
  const [set, follower] = watch(false);
  set.send(true);
  expect(await follower.waitFor((isSet) => isSet)).toBe(true);
});

test('test_CapacityLimiter, test_CapacityLimiter_change_total_tokens, test_CapacityLimiter_zero_limit_tokens: a semaphore', async () => {
  const limiter = new Semaphore(0);
  const waits = [limiter.acquire(), limiter.acquire()] as const;
  expect(await pollAll(...waits)).toEqual([PENDING, PENDING]);
  limiter.addPermits(1);
  const first = await waits[0];
  expect(await poll(waits[1])).toBe(PENDING);
  limiter.addPermits(1);
  (await waits[1]).release();
  first.release();
  // Fewer, as soon as they are free.
  expect([limiter.forgetPermits(1), limiter.available]).toEqual([1, 1]);
});
