/** The calls of `@awaitio/core/sync`. */

import * as sync from '../../src/sync/index.ts';
import type { Recipe } from '../support/hostile-calls.ts';
import { BYTES, error, plain, onStream, withStreams } from './argument-recipes.ts';

/** A call on something made anew, which is closed afterwards where it can be. */
const on =
  (make: () => unknown, args: () => readonly unknown[]): Recipe =>
  () => {
    const target = make();
    const end = (target as { readonly close?: unknown }).close;
    return {
      target,
      args: args(),
      release: () => (typeof end === 'function' ? Reflect.apply(end, target, []) : undefined),
    };
  };

const options = (): readonly unknown[] => [{}];

const value = (): readonly unknown[] => [1];

const made = 'a function of this module makes it, from its own state';

const notified = 'the state of the channel calls it';

const senderOf = (): unknown => sync.channel({ capacity: 1 })[0];

const SEMAPHORE = new sync.Semaphore(100_000);

export const SYNC: Readonly<Record<string, Recipe>> = {
  race: plain(sync.race, () => [[() => 1], {}]),
  select: plain(sync.select, () => [{ one: () => 1 }, {}]),
  'new Barrier': plain(sync.Barrier, () => [2, {}]),
  // One more completes the party.
  'Barrier.wait': () => {
    const barrier = new sync.Barrier(2);
    const release = (): void => {
      void barrier.wait();
    };
    return { target: barrier, args: [{}], release };
  },
  'new BroadcastReceiver': made,
  'BroadcastReceiver.receive': on(() => sync.broadcast({ capacity: 1 })[1], options),
  'new BroadcastSender': made,
  'BroadcastSender.send': on(() => sync.broadcast({ capacity: 1 })[0], value),
  'BroadcastSender.closed': () => {
    const [sender, receiver] = sync.broadcast({ capacity: 1 });
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  'new ChannelPermit': made,
  'ChannelPermit.send': on(() => sync.channel({ capacity: 1 })[0].tryReserve(), value),
  'new ChannelReceiver': made,
  'ChannelReceiver.receive': on(() => sync.channel({ capacity: 1 })[1], options),
  'new ChannelSender': made,
  'ChannelSender.send': on(senderOf, () => [1, {}]),
  'ChannelSender.trySend': on(senderOf, value),
  'ChannelSender.reserve': on(senderOf, options),
  'ChannelSender.closed': () => {
    const [sender, receiver] = sync.channel({ capacity: 1 });
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  'ChannelSender.isSameChannel': on(senderOf, () => [senderOf()]),
  'new Interval': made,
  'Interval.tick': on(() => sync.interval(1), options),
  'new LagError': error,
  'new Mutex': plain(sync.Mutex, value),
  'Mutex.lock': on(() => new sync.Mutex(1), options),
  'Mutex.withLock': on(
    () => new sync.Mutex(1),
    () => [() => {}, {}],
  ),
  'new MutexGuard': made,
  'new Notify': plain(sync.Notify, options),
  'Notify.notified': () => {
    const notify = new sync.Notify();
    return {
      target: notify,
      args: [{}],
      release: () => {
        notify.notifyOne();
      },
    };
  },
  'new OneshotReceiver': made,
  'OneshotReceiver.receive': on(() => sync.oneshot()[1], options),
  'new OneshotSender': made,
  'OneshotSender.send': on(() => sync.oneshot()[0], value),
  'OneshotSender.closed': () => {
    const [sender, receiver] = sync.oneshot();
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  'new RateLimiter': plain(sync.RateLimiter, () => [{ rate: 1_000 }]),
  'RateLimiter.acquire': on(
    () => new sync.RateLimiter({ rate: 1_000 }),
    () => [1, {}],
  ),
  'RateLimiter.tryAcquire': on(() => new sync.RateLimiter({ rate: 1_000 }), value),
  'new RetryError': error,
  'new Semaphore': plain(sync.Semaphore, () => [1, {}]),
  'Semaphore.acquire': on(
    () => new sync.Semaphore(9),
    () => [1, {}],
  ),
  'Semaphore.tryAcquire': on(() => new sync.Semaphore(9), value),
  'Semaphore.addPermits': on(() => new sync.Semaphore(9), value),
  'Semaphore.forgetPermits': on(() => new sync.Semaphore(9), value),
  'new SemaphorePermit': made,
  'SemaphorePermit.split': on(() => new sync.Semaphore(9).tryAcquire(2), value),
  'SemaphorePermit.merge': on(
    () => SEMAPHORE.tryAcquire(1),
    () => [SEMAPHORE.tryAcquire(1)],
  ),
  'new SharedWriter': made,
  'SharedWriter.send': onStream((a) => sync.sharedWriter(a), BYTES, {}),
  'new WatchReceiver': made,
  'WatchReceiver.changed': on(() => sync.watch(1)[1], options),
  'WatchReceiver.waitFor': on(
    () => sync.watch(1)[1],
    () => [() => true, {}],
  ),
  'WatchReceiver.onChange': notified,
  'new WatchSender': made,
  'WatchSender.send': on(() => sync.watch(1)[0], value),
  'WatchSender.sendReplace': on(() => sync.watch(1)[0], value),
  'WatchSender.sendIfModified': on(
    () => sync.watch(1)[0],
    () => [() => 2],
  ),
  'WatchSender.closed': () => {
    const [sender, receiver] = sync.watch(1);
    return {
      target: sender,
      args: [{}],
      release: () => {
        receiver.close();
      },
    };
  },
  broadcast: plain(sync.broadcast, () => [{ capacity: 1 }]),
  channel: plain(sync.channel, () => [{ capacity: 1 }]),
  interval: plain(sync.interval, () => [1, {}]),
  oneshot: plain(sync.oneshot, options),
  retry: plain(sync.retry, () => [() => 1, {}]),
  sharedWriter: withStreams(sync.sharedWriter, (a) => [a, {}]),
  watch: plain(sync.watch, () => [1, {}]),
};
