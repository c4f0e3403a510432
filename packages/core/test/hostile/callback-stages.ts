/** What callbacks are given to. */

import { Executor, memoryPair, startTls, type ByteStream } from '../../src/index.ts';
import { ManualClock, TestAuthority } from '../../src/testing/index.ts';
import {
  rejectionOf,
  type Callback,
  type Scenario,
  type Stage,
} from '../support/hostile-callbacks.ts';

export const authority = new TestAuthority();

export const identity = authority.issue(['a.test']);

export function pair(stage: Stage): [ByteStream, ByteStream] {
  const made = memoryPair();
  stage.defer(() => {
    for (const stream of made) stream.reset();
  });
  return made;
}

export function executorOf(stage: Stage): Executor {
  // A clock that stands still: a body that does not end would be reported after the test.
  const clock = new ManualClock();
  const executor = new Executor({ clock, onTaskError: (error) => stage.reported.push(error) });
  stage.defer(() => executor.shutdown({ grace: 0 }));
  return executor;
}

/** The call's own rejection. */
export const reading =
  (read: (stream: ByteStream, callback: Callback) => Promise<unknown>): Scenario =>
  async (callback, stage) => {
    const [a, b] = pair(stage);
    const outcome = rejectionOf(read(a, callback));
    await b.writeAll('bytes');
    return outcome;
  };

/** The executor's `onTaskError`. */
export const spawning =
  (spawn: (executor: Executor, callback: Callback, stage: Stage) => unknown): Scenario =>
  async (callback, stage) => {
    const executor = executorOf(stage);
    spawn(executor, callback, stage);
    await executor.idle();
    return stage.reported;
  };

export const handshake =
  (client: (callback: Callback) => object, server: (callback: Callback) => object): Scenario =>
  async (callback, stage) => {
    const [a, b] = pair(stage);
    const abort = new AbortController();
    stage.defer(() => {
      abort.abort(new Error('the end'));
    });
    const { signal } = abort;
    const outcomes = await Promise.allSettled([
      startTls(a, { servername: 'a.test', ca: authority.cert, signal, ...client(callback) }),
      startTls(b, { role: 'server', ...identity, signal, ...server(callback) }),
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') outcome.value.reset();
    }
    return outcomes.filter((outcome) => outcome.status === 'rejected');
  };

export const promises =
  'as of a promise: what it throws is the rejection of the promise that it returns';

export const context = 'awaitio makes it, programs call it';
