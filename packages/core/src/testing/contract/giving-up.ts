/** The contracts of cancellation: a wait that is aborted or times out is removed, and changes nothing else. */

import { getEventListeners, setMaxListeners } from 'node:events';
import { TimeoutError } from '../../vocabulary/errors.ts';
import type { Contract } from './contract.ts';
import { pattern, type Trial } from './trial.ts';
import {
  COLLECTING_READS,
  READ_CLOSED,
  READ_READINESS,
  READ_WAITS,
  READY_FOR_BOTH,
  SHUTDOWN,
  WRITE_READINESS,
  WRITE_WAITS,
  WRITES,
  type WaitingCall,
} from './waits.ts';

/** The number of waits on one signal: far above Node's limit of listeners. */
const MANY_WAITS = 200;

/** Expects that no wait is pending on either stream. */
function noPendingWaits(trial: Trial, [a, b]: Awaited<ReturnType<Trial['pair']>>): void {
  const waits = [...a.statistics().waits, ...b.statistics().waits];
  trial.equal(
    waits.map(({ operation }) => operation),
    [],
    'the waits that are left',
  );
}

/** The bytes that a collecting read finds before it is cancelled: too few. */
const partOf = (call: WaitingCall): string => (COLLECTING_READS.includes(call) ? 'abc' : '');

export const GIVING_UP: readonly Contract[] = [
  {
    name: 'a reading wait given up by its signal rejects with the reason and takes nothing',
    body: async (trial) => {
      for (const call of READ_WAITS) {
        const [a, b] = await trial.pair();
        const controller = new AbortController();
        const waiting = trial.start(call.start(b, { signal: controller.signal }));
        trial.feed(a, partOf(call));
        await trial.pending(waiting, `${call.name} without enough to read`);
        const reason = { because: call.name };
        controller.abort(reason);
        const got = await trial.rejection(waiting, `${call.name}, aborted`);
        trial.ok(got === reason, `${call.name}, aborted: the reason is not the signal's`);
        noPendingWaits(trial, [a, b]);
        trial.feed(a, 'def\n');
        await trial.takes(b, `${partOf(call)}def\n`, `what is read after ${call.name}`);
      }
    },
  },
  {
    name: 'a reading wait given up by its timeout gives TimeoutError and takes nothing',
    body: async (trial) => {
      for (const call of READ_WAITS) {
        const [a, b] = await trial.pair();
        const timeout = trial.quiet;
        const waiting = trial.start(call.start(b, { timeout }));
        trial.feed(a, partOf(call));
        const error = await trial.rejection(waiting, `${call.name}, timed out`);
        const { operation } = call;
        trial.isError(error, call.name, { type: TimeoutError, code: 'ETIMEDOUT', operation });
        trial.equal((error as TimeoutError).timeout, timeout, `the error's timeout`);
        noPendingWaits(trial, [a, b]);
        trial.feed(a, 'def\n');
        await trial.takes(b, `${partOf(call)}def\n`, `what is read after ${call.name}`);
      }
    },
  },
  {
    name: 'a read given up leaves its buffer as it was',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const controller = new AbortController();
      const buffer = new Uint8Array(4).fill(46);
      const waiting = trial.start(b.read(buffer, { signal: controller.signal }));
      controller.abort();
      const reason = await trial.rejection(waiting, 'read, aborted');
      trial.equal((reason as Error).name, 'AbortError', 'the reason of a plain abort()');
      trial.feed(a, 'late');
      await trial.settle(b.readable(), 'readable');
      trial.equal(buffer, new Uint8Array(4).fill(46), 'the buffer');
      await trial.takes(b, 'late', 'what came later');
    },
  },
  {
    name: 'a signal that has aborted stops every call before it does anything',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.feed(a, 'there\n');
      await trial.settle(b.readable(), 'readable');
      const signal = AbortSignal.abort('no');
      const calls = [...READ_WAITS, ...WRITE_WAITS, READY_FOR_BOTH, SHUTDOWN];
      for (const { name, start } of calls) {
        const reason = await trial.rejection(start(b, { signal }), `${name}, aborted before`);
        trial.equal(reason, 'no', `the reason of ${name}`);
      }
      await trial.takes(b, 'there\n', 'what was there');
      trial.feed(b, 'writing goes on');
      await trial.takes(a, 'writing goes on', 'what the peer gets');
    },
  },
  {
    name: 'a writing wait given up says what it accepted, and that arrives, and no more',
    body: async (trial) => {
      for (const { name, operation, start } of WRITE_WAITS) {
        const [a, b] = await trial.pair();
        const accepted = await trial.fill(a);
        const progress = { accepted: 0 };
        const controller = new AbortController();
        const aborted = trial.start(start(a, { signal: controller.signal, progress }));
        await trial.pending(aborted, `${name} on a full stream`);
        controller.abort('enough');
        const reason = await trial.rejection(aborted, `${name}, aborted`);
        trial.equal(reason, 'enough', `the reason of ${name}`);
        const late = await trial.rejection(
          start(a, { timeout: trial.quiet, progress }),
          `${name}, timed out`,
        );
        trial.isError(late, name, { type: TimeoutError, code: 'ETIMEDOUT', operation });
        trial.equal((late as TimeoutError).timeout, trial.quiet, "the error's timeout");
        noPendingWaits(trial, [a, b]);
        trial.equal(progress.accepted, 0, `what ${name} accepted on a full stream`);
        await trial.drain(b, 0, accepted);
        trial.feed(a, 'next');
        await trial.takes(b, 'next', `what is written after ${name}`);
      }
    },
  },
  {
    name: 'a writeAll given up halfway tells how many bytes will arrive',
    body: async (trial) => {
      const capacity = await trial.fill((await trial.pair())[0]);
      const data = new Uint8Array(Math.ceil((2 * capacity) / 1_024 + 64) * 1_024);
      for (let at = 0; at < data.length; at += 1_024) data.set(pattern(at, 1_024), at);
      const [a, b] = await trial.pair();
      const progress = { accepted: 0 };
      const controller = new AbortController();
      const waiting = trial.start(a.writeAll(data, { signal: controller.signal, progress }));
      await trial.pending(waiting, 'writeAll of more than the carrier holds');
      controller.abort('enough');
      trial.equal(await trial.rejection(waiting, 'writeAll, aborted'), 'enough', 'its reason');
      const { accepted } = progress;
      const isPart = accepted > 0 && accepted < data.length;
      trial.ok(isPart, `progress tells of ${accepted} bytes of ${data.length}`);
      trial.equal(a.statistics().bytesWritten, accepted, 'bytesWritten');
      trial.feed(a, '|');
      await trial.drain(b, 0, accepted);
      await trial.takes(b, '|', 'what was written next');
    },
  },
  {
    name: 'a shutdown given up still sends FIN',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const accepted = await trial.fill(a);
      const controller = new AbortController();
      const waiting = trial.start(SHUTDOWN.start(a, { signal: controller.signal }));
      await trial.pending(waiting, "shutdown('write') on a full stream");
      controller.abort('enough');
      trial.equal(await trial.rejection(waiting, 'shutdown, aborted'), 'enough', 'its reason');
      await trial.drain(b, 0, accepted);
      await trial.ends(b, 'the end');
    },
  },
  {
    name: 'however many waits a signal has, it has one listener',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      await trial.fill(a);
      const controller = new AbortController();
      const { signal } = controller;
      setMaxListeners(0, signal);
      const shared = [...READ_READINESS, READ_CLOSED, READY_FOR_BOTH, ...WRITE_READINESS];
      const waits: Promise<unknown>[] = [];
      const [reading, writing] = [COLLECTING_READS[0], WRITES[0]] as [WaitingCall, WaitingCall];
      waits.push(
        trial.start(reading.start(a, { signal })),
        trial.start(writing.start(a, { signal })),
      );
      for (let count = 0; count < MANY_WAITS; count += 1) {
        for (const { start } of shared) waits.push(trial.start(start(a, { signal })));
      }
      await trial.clock.sleep(trial.quiet);
      const listeners = getEventListeners(signal, 'abort').length;
      trial.equal(listeners, 1, `listeners of a signal that ${waits.length} waits share`);
      controller.abort('all');
      for (const wait of waits) trial.equal(await trial.rejection(wait, 'a wait'), 'all', 'reason');
      noPendingWaits(trial, [a, b]);
    },
  },
  {
    name: 'waits that settle leave nothing on their signal',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const controller = new AbortController();
      const { signal } = controller;
      setMaxListeners(0, signal);
      for (let count = 0; count < MANY_WAITS; count += 1) {
        const standing = trial.start(b.readable({ signal, timeout: 60_000 }));
        trial.feed(a, 'x');
        await trial.settle(standing, 'readable');
        await trial.settle(b.readChunk({ signal }), 'readChunk');
        const waiting = trial.start(b.readChunk({ signal, timeout: 60_000 }));
        trial.feed(a, 'y');
        await trial.settle(waiting, 'readChunk');
      }
      const listeners = getEventListeners(signal, 'abort').length;
      trial.ok(listeners <= 1, `${listeners} listeners after ${3 * MANY_WAITS} waits`);
      controller.abort();
      noPendingWaits(trial, [a, b]);
      trial.feed(a, 'y');
      await trial.takes(b, 'y', 'what is read after the abort');
    },
  },
];
