/** The callbacks of `@awaitio/core/sync`. */

import { expect } from '@jest/globals';
import { WOULD_BLOCK } from '../../src/index.ts';
import { Mutex, race, retry, select, watch } from '../../src/sync/index.ts';
import { rejectionOf, type Scenario } from '../support/hostile-callbacks.ts';

const alwaysFailing = (): never => {
  throw new Error('each attempt fails');
};

const SOON = { attempts: 2, backoff: 1 };

export const SYNC: Readonly<Record<string, Scenario | string>> = {
  'Mutex.withLock(body)': async (body) => {
    const mutex = new Mutex(1);
    const outcome = await rejectionOf(mutex.withLock(body));
    expect(mutex.tryLock()).not.toBe(WOULD_BLOCK);
    return outcome;
  },
  'RetryOptions.retryIf': async (retryIf) =>
    rejectionOf(retry(alwaysFailing, { ...SOON, retryIf })),
  'RetryOptions.onRetry': async (onRetry) =>
    rejectionOf(retry(alwaysFailing, { ...SOON, onRetry })),
  'WatchReceiver.waitFor(accepts)': async (accepts) => rejectionOf(watch(1)[1].waitFor(accepts)),
  'WatchSender.sendIfModified(update)': async (update) => {
    const [sender] = watch(1);
    return rejectionOf((async () => sender.sendIfModified(update))());
  },
  race: async (arm) => rejectionOf(race([arm])),
  select: async (arm) => rejectionOf(select({ arm })),
  'retry(run)': async (run) => rejectionOf(retry(run, SOON)),
};
