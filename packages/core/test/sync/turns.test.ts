/** Every call of the sync module that settles without waiting lets the event loop turn, whether it succeeds or fails. */

import { describe, expect, test } from '@jest/globals';
import { memoryPair } from '../../src/index.ts';
import {
  Barrier,
  broadcast,
  channel,
  interval,
  Mutex,
  Notify,
  oneshot,
  RateLimiter,
  retry,
  Semaphore,
  sharedWriter,
  watch,
} from '../../src/sync/index.ts';
import { turnsIn } from '../support/turns-in.ts';

const aborted = { signal: AbortSignal.abort(new Error('aborted')) };
const wrong = { timeout: -1 };
const value = 1;

/** Calls by name, made again and again. */
type Calls = Readonly<Record<string, () => unknown>>;

function ofChannels(): Calls {
  const [sender, receiver] = channel<number>({ capacity: 1 });
  const [closedSender, closedReceiver] = channel<number>({ capacity: 1 });
  closedReceiver.close();
  const [lastSender, orphan] = channel<number>({ capacity: 1 });
  lastSender.close();
  return {
    'a send and a receive': async () => {
      await sender.send(value);
      await receiver.receive();
    },
    'a send to a closed channel': () => closedSender.send(value),
    'a reserve of a closed channel': () => closedSender.reserve(),
    'closed of a closed channel': () => closedSender.closed(),
    'a receive at the end': () => orphan.receive(),
    'an iteration at the end': () => orphan[Symbol.asyncIterator]().next(),
    'a send with a signal that has aborted': () => sender.send(value, aborted),
    'a receive with a signal that has aborted': () => receiver.receive(aborted),
    'a receive with wrong options': () => receiver.receive(wrong),
  };
}

function ofOneValue(): Calls {
  const [sender, receiver] = oneshot<number>();
  const [without, lost] = oneshot<number>();
  lost.close();
  sender.send(value);
  const [watched, watching] = watch(value);
  const [gone, left] = watch(value);
  gone.close();
  const [, subscribed] = broadcast<number>({ capacity: 1 });
  return {
    'a receive of a oneshot': () => receiver.receive(),
    'a receive of a closed oneshot': () => lost.receive(),
    'closed of a closed oneshot': () => without.closed(),
    'changed of a value that changes': () => {
      watched.send(value);
      return watching.changed();
    },
    'changed of a value whose sender is gone': () => left.changed(),
    'waitFor of a value that is there': () => watching.waitFor(() => true),
    'waitFor whose function throws': () =>
      watching.waitFor(() => {
        throw new Error('no');
      }),
    'changed with a signal that has aborted': () => watching.changed(aborted),
    'a receive of a broadcast, with a signal that has aborted': () => subscribed.receive(aborted),
  };
}

function ofPermits(): Calls {
  const semaphore = new Semaphore(1);
  const closed = new Semaphore(1);
  closed.close();
  const mutex = new Mutex(value);
  const notify = new Notify();
  const limiter = new RateLimiter({ rate: 1, burst: 1 });
  const ticks = interval(1_000);
  return {
    'acquire and release': async () => (await semaphore.acquire()).release(),
    'acquire of a closed semaphore': () => closed.acquire(),
    'acquire with a signal that has aborted': () => semaphore.acquire(1, aborted),
    'acquire of a wrong count': () => semaphore.acquire(0.5),
    'lock and unlock': async () => (await mutex.lock()).unlock(),
    'lock with a signal that has aborted': () => mutex.lock(aborted),
    'withLock whose function throws': () =>
      mutex.withLock(() => {
        throw new Error('no');
      }),
    'notified of a kept notification': () => {
      notify.notifyOne();
      return notify.notified();
    },
    'notified with a signal that has aborted': () => notify.notified(aborted),
    'wait of the only one': () => new Barrier(1).wait(),
    'wait with a signal that has aborted': () => new Barrier(2).wait(aborted),
    'acquire of more than the limiter ever has': () => limiter.acquire(9),
    'acquire of the limiter with a signal that has aborted': () => limiter.acquire(1, aborted),
    'tick with a signal that has aborted': () => ticks.tick(aborted),
    'tick with wrong options': () => ticks.tick(wrong),
  };
}

function ofRuns(): Calls {
  const [stream, other] = memoryPair();
  const [open, peer] = memoryPair();
  stream.reset();
  other.reset();
  const broken = sharedWriter(stream);
  const writer = sharedWriter(open);
  const fail = (): never => {
    throw new Error('no');
  };
  return {
    'a retry that succeeds at once': () => retry(() => value),
    'a retry with one attempt': () => retry(fail, { attempts: 1 }),
    'a retry that is not worth it': () => retry(fail, { retryIf: () => false }),
    'a retry with a signal that has aborted': () => retry(fail, aborted),
    'a retry with wrong options': () => retry(fail, { attempts: -1 }),
    'a send to a broken stream': () => broken.send('x'),
    'a send of nothing': () => writer.send(''),
    'a send that the peer takes': async () => {
      await writer.send('x');
      await peer.readChunk();
    },
    'a send with a signal that has aborted': () => writer.send('x', aborted),
    'a send of what is no frame': () => writer.send(5 as never),
  };
}

describe.each([
  ['a channel', ofChannels],
  ['a single value', ofOneValue],
  ['permits, ticks and notifications', ofPermits],
  ['a retry and a shared writer', ofRuns],
])('a loop over calls of %s lets the event loop turn:', (_name, make) => {
  test.each(Object.entries(make()))('%s', async (_call, call) => {
    expect(await turnsIn(call)).toBe(true);
  });
});
