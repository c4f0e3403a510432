/** What tokio's tests do not ask of a semaphore and a mutex; their cases are in test/sync. */
import { describe, expect, test } from '@jest/globals';
import { PENDING, poll, pollAll, thrownBy } from '../../test/support/poll.ts';
import { WOULD_BLOCK } from '../vocabulary/would-block.ts';
import { Mutex } from './mutex.ts';
import { Semaphore, type SemaphorePermit } from './semaphore.ts';

describe('a semaphore', () => {
  test('does not let small requests overtake a large one', async () => {
    const semaphore = new Semaphore(3);
    const held = semaphore.tryAcquire(2) as SemaphorePermit;
    const large = semaphore.acquire(3);
    const small = semaphore.acquire(1);
    expect(semaphore.available).toBe(0);
    expect(semaphore.tryAcquire()).toBe(WOULD_BLOCK);
    expect(await pollAll(large, small)).toEqual([PENDING, PENDING]);
    held.release();
    const permit = await large;
    expect(await poll(small)).toBe(PENDING);
    permit.release();
    expect((await small).count).toBe(1);
    expect(semaphore.available).toBe(2);
  });

  test('lets the next go on at once when the first in the queue is cancelled', async () => {
    const semaphore = new Semaphore(1);
    const stop = new AbortController();
    const large = semaphore.acquire(2, { signal: stop.signal });
    const small = semaphore.acquire(1);
    expect(await poll(small)).toBe(PENDING);
    stop.abort('stop');
    expect(await poll(large)).toBe('stop');
    expect((await small).count).toBe(1);
  });

  test('puts permits back once, and none that were forgotten', async () => {
    const semaphore = new Semaphore(2);
    const permit = await semaphore.acquire(2);
    permit.release();
    permit.release();
    expect(semaphore.available).toBe(2);
    const other = await semaphore.acquire();
    expect([other.forget(), other.forget()]).toEqual([1, 0]);
    other.release();
    expect(semaphore.available).toBe(1);
  });

  test('fails waiting and later calls when it is closed, and grants nothing any more', async () => {
    const semaphore = new Semaphore(0, { name: 'disk' });
    const waits = [semaphore.acquire(), semaphore.acquire()] as const;
    semaphore.addPermits(0);
    semaphore.close();
    semaphore.close();
    expect(await pollAll(...waits)).toEqual(['ClosedError', 'ClosedError']);
    await expect(semaphore.acquire()).rejects.toThrow('acquire: this semaphore "disk" was closed');
    expect(thrownBy(() => semaphore.tryAcquire())).toBe('ClosedError');
    semaphore.addPermits(1);
    expect([semaphore.available, semaphore.isClosed]).toEqual([1, true]);
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity, '1'])('refuses %p as a count', async (count) => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.acquire(count as number)).rejects.toMatchObject({
      name: 'InvalidInputError',
    });
    expect(thrownBy(() => semaphore.tryAcquire(count as number))).toBe('InvalidInputError');
  });

  test('shows what is free, and who waits', async () => {
    const semaphore = new Semaphore(1);
    const waiting = semaphore.acquire(2);
    expect(semaphore.statistics()).toMatchObject({ free: 1, waits: [{ operation: 'acquire' }] });
    semaphore.addPermits(1);
    await waiting;
    expect(semaphore.statistics()).toEqual({ free: 0, waits: [] });
  });
});

describe('a mutex', () => {
  test('unlocks when the function of `withLock` ends, whichever way, and returns its value', async () => {
    const mutex = new Mutex({ count: 0 });
    const answer = await mutex.withLock(async (value) => {
      value.count += 1;
      return value.count;
    });
    const failure = await mutex
      .withLock(() => {
        throw new Error('inside');
      })
      .catch((error: Error) => error.message);
    expect([answer, failure, mutex.isLocked]).toEqual([1, 'inside', false]);
  });

  test('does not call the function of a wait that was cancelled', async () => {
    const mutex = new Mutex();
    const guard = await mutex.lock();
    const stop = new AbortController();
    let calls = 0;
    const call = mutex.withLock(() => (calls += 1), { signal: stop.signal });
    stop.abort('stop');
    expect(await poll(call)).toBe('stop');
    guard.unlock();
    expect([calls, mutex.isLocked]).toEqual([0, false]);
  });

  test('gives the value to one guard at a time, and to none after its unlock', async () => {
    const mutex = new Mutex('a');
    const guard = await mutex.lock();
    guard.value = 'b';
    guard.unlock();
    guard.unlock();
    expect(thrownBy(() => guard.value)).toBe('ClosedError');
    expect(
      thrownBy(() => {
        guard.value = 'c';
      }),
    ).toBe('ClosedError');
    expect((await mutex.lock()).value).toBe('b');
  });
});
