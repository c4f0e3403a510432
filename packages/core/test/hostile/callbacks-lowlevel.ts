/** The callbacks of `@awaitio/core/lowlevel`. */

import { expect } from '@jest/globals';
import { Interest, MemoryListener, Poll, systemClock } from '../../src/index.ts';
import {
  acceptOwned,
  Deadline,
  DeadlineWheel,
  runUntil,
  watchAbort,
  type Source,
} from '../../src/lowlevel.ts';
import { ManualClock } from '../../src/testing/index.ts';
import type { Scenario } from '../support/hostile-callbacks.ts';
import { pair, executorOf, context } from './callback-stages.ts';

const observed: Scenario = async (onReadiness, stage) => {
  const [a, b] = pair(stage);
  const seen: string[] = [];
  a.observe({ onReadiness });
  a.observe({ onReadiness: () => seen.push('the next observer') });
  await b.writeAll('x');
  await a.readChunk();
  await stage.turns();
  expect(seen).not.toEqual([]);
  return stage.stderr;
};

const source = (part: Partial<Source>): Source => ({
  readiness: 0,
  failure: undefined,
  isDisposed: false,
  observe: () => {},
  unobserve: () => {},
  ...part,
});

const trusted =
  'a carrier is part of the stream: what it throws is thrown by the call that it fails';

export const passed = 'the caller gets what it throws, as its own';

export const LOWLEVEL: Readonly<Record<string, Scenario | string>> = {
  'new PerClock(make)': passed,
  'asOwn(call)': passed,
  'outsideScopes(body)': passed,
  'runUntil(body)': passed,
  'ScopeEnd.applies': async (applies, stage) => {
    const abort = new AbortController();
    runUntil({ name: 'a scope', clock: systemClock, signal: abort.signal, applies }, () => {});
    abort.abort();
    await stage.turns();
    return stage.stderr;
  },
  'AbortWatcher.onAbort': async (onAbort, stage) => {
    const abort = new AbortController();
    watchAbort(abort.signal, { onAbort });
    abort.abort();
    await stage.turns();
    return stage.stderr;
  },
  'AsyncScope.run(body)': passed,
  'Roster.add(view)': passed,
  'traceAs(body)': passed,
  'charged(call)': passed,
  'lazy(load)': passed,
  'printLossy(print)': passed,
  'callContained(callback)': 'every scenario tests it',
  'Deferred.resolve': context,
  'Deferred.reject': context,
  'OptionRule.accepts':
    'for code that builds on this package: what it throws is thrown by checkOptions',
  'Transport.end(finished)': trusted,
  'SourceObserver.onReadiness': observed,
  'DeadlineOwner.onDeadline': async (onDeadline, stage) => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const seen: string[] = [];
    const owners = [{ onDeadline }, { onDeadline: () => seen.push('the other owner') }];
    for (const owner of owners) new Deadline(wheel, owner).set(100);
    await clock.advance(1_000);
    expect(seen).toEqual(['the other owner']);
    return stage.stderr;
  },
  'Source.observe': async (observe, stage) => {
    const poll = new Poll<number>();
    stage.defer(() => {
      poll.close();
    });
    try {
      poll.register(source({ observe }), 1, Interest.READABLE);
    } catch (error) {
      expect(poll.size).toBe(0);
      return [{ error }];
    }
    await stage.turns();
    return stage.stderr;
  },
  'Source.unobserve': async (unobserve, stage) => {
    const poll = new Poll<number>();
    poll.register(source({ unobserve }), 1, Interest.READABLE);
    poll.register(source({}), 2, Interest.READABLE);
    poll.close();
    expect(poll.size).toBe(0);
    await stage.turns();
    return stage.stderr;
  },
  'acceptOwned(serve)': async (serve, stage) => {
    const listener = new MemoryListener();
    const executor = executorOf(stage);
    const accepting = acceptOwned(listener, serve, { executor });
    const client = await listener.connect();
    await listener.close();
    await accepting;
    stage.defer(() => {
      client.reset();
    });
    await executor.idle();
    return stage.reported;
  },
};
