import { describe, expect, test } from '@jest/globals';
import { deferred } from './deferred.ts';

describe('a deferred promise', () => {
  test('is fulfilled from outside', async () => {
    const { promise, resolve } = deferred<number>();
    resolve(1);
    await expect(promise).resolves.toBe(1);
  });

  test('is rejected from outside with the reason itself', async () => {
    const { promise, reject } = deferred<number>();
    const reason = { not: 'an error' };
    reject(reason);
    await expect(promise).rejects.toBe(reason);
  });

  test('is settled once: what comes later changes nothing', async () => {
    const { promise, resolve, reject } = deferred<string>();
    resolve('first');
    resolve('second');
    reject(new Error('third'));
    await expect(promise).resolves.toBe('first');
  });
});
