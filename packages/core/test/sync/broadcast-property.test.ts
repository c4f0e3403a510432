/** Any program over a broadcast: every call has the answer that the model gives, whatever is aborted or closed, and when. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WOULD_BLOCK } from '../../src/index.ts';
import { broadcast, type BroadcastReceiver, type BroadcastSender } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { BroadcastModel } from '../support/broadcast-model.ts';
import { Calls, settledNow } from '../support/calls.ts';
import { countFromEnvironment } from '../support/environment.ts';

const RUNS = countFromEnvironment('AWAITIO_MODEL_RUNS', 500);

const kinds = fc.constantFrom(
  ...(['send', 'send', 'receive', 'receive', 'tryReceive', 'abort', 'advance'] as const),
  ...(['subscribe', 'resubscribe', 'clone', 'closeSender', 'closeReceiver'] as const),
);
const step = fc.record({
  do: kinds,
  which: fc.nat({ max: 30 }),
  limit: fc.constantFrom(Infinity, Infinity, 3, 10),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Plays a program on a broadcast and on the model, and compares them after each turn of the loop. */
async function play(capacity: number, steps: readonly Step[]): Promise<void> {
  const clock = new ManualClock();
  const [first, receiver] = broadcast<number>({ capacity, clock });
  const senders: BroadcastSender<number>[] = [first];
  const receivers: BroadcastReceiver<number>[] = [receiver];
  const model = new BroadcastModel(capacity);
  const calls = new Calls();
  let value = 0;

  const same = (actual: unknown, expected: unknown): void => {
    expect(actual).toBe(expected);
  };
  const compare = async (time: number): Promise<void> => {
    await clock.advance(time);
    model.advance(time);
    expect(Object.fromEntries(calls.answers)).toEqual(Object.fromEntries(model.answers));
    expect(receivers.map(({ size }) => size)).toEqual(model.sizes);
    expect(first.size).toBe(model.size);
  };

  for (const { do: kind, which, limit } of steps) {
    const by = which % senders.length;
    const at = which % receivers.length;
    const sender = senders.at(by) as BroadcastSender<number>;
    const taker = receivers.at(at) as BroadcastReceiver<number>;
    if (kind === 'send') {
      value += 1;
      same(
        settledNow(() => sender.send(value)),
        model.send(by, value),
      );
    } else if (kind === 'receive') {
      const id = calls.make(limit, (options) => taker.receive(options));
      model.receive(id, at, clock.now() + limit);
    } else if (kind === 'tryReceive') {
      const got = settledNow(() => taker.tryReceive());
      same(got === WOULD_BLOCK ? 'empty' : got, model.tryReceive(at));
    } else if (kind === 'subscribe') {
      const made = settledNow(() => (receivers.push(sender.subscribe()), 'made'));
      same(made, model.subscribe(by));
    } else if (kind === 'resubscribe') {
      receivers.push(taker.resubscribe());
      model.resubscribe();
    } else if (kind === 'clone') {
      const made = settledNow(() => (senders.push(sender.clone()), 'made'));
      same(made, model.clone(by, senders.length - (made === 'made' ? 1 : 0)));
    } else if (kind === 'closeSender') {
      sender.close();
      model.closeSender(by);
    } else if (kind === 'closeReceiver') {
      taker.close();
      model.closeReceiver(at);
    } else if (kind === 'abort') model.abort(calls.abort(which));
    else await compare(1 + (which % 5));
  }
  for (const [by, sender] of senders.entries()) {
    sender.close();
    model.closeSender(by);
  }
  await compare(0);
  // Every call has settled, and no timer is left.
  expect(calls.answers.size).toBe(calls.count);
  expect(clock.pending).toBe(0);
}

test('a broadcast answers as its model, for any program', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { minLength: 1, maxLength: 60 }),
      play,
    ),
    { numRuns: RUNS },
  );
}, 120_000);
