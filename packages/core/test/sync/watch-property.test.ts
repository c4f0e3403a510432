/** Any program over a watch: every call has the answer that the model gives, whatever is aborted or closed, and when. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { watch, type WatchReceiver, type WatchSender } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { Calls, settledNow } from '../support/calls.ts';
import { countFromEnvironment } from '../support/environment.ts';
import { WatchModel } from '../support/watch-model.ts';

const RUNS = countFromEnvironment('AWAITIO_MODEL_RUNS', 500);

const kinds = fc.constantFrom(
  ...(['send', 'send', 'changed', 'changed', 'abort', 'advance', 'replace'] as const),
  ...(['markChanged', 'markUnchanged', 'subscribe', 'cloneReceiver', 'clone'] as const),
  ...(['closeSender', 'closeReceiver'] as const),
);
const step = fc.record({
  do: kinds,
  which: fc.nat({ max: 30 }),
  limit: fc.constantFrom(Infinity, Infinity, 3, 10),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Plays a program on a watch and on the model, and compares them after each turn of the loop. */
async function play(steps: readonly Step[]): Promise<void> {
  const clock = new ManualClock();
  const [first, receiver] = watch<number>(0, { clock });
  const senders: WatchSender<number>[] = [first];
  const receivers: WatchReceiver<number>[] = [receiver];
  const model = new WatchModel(0);
  const calls = new Calls();
  let value = 0;

  const same = (actual: unknown, expected: unknown): void => {
    expect(actual).toBe(expected);
  };
  const compare = async (time: number): Promise<void> => {
    await clock.advance(time);
    model.advance(time);
    expect(Object.fromEntries(calls.answers)).toEqual(Object.fromEntries(model.answers));
    expect(receivers.map(({ hasChanged }) => hasChanged)).toEqual(model.changes);
    expect(first.borrow()).toBe(model.value);
  };

  for (const { do: kind, which, limit } of steps) {
    const by = which % senders.length;
    const at = which % receivers.length;
    const sender = senders.at(by) as WatchSender<number>;
    const follower = receivers.at(at) as WatchReceiver<number>;
    if (kind === 'send' || kind === 'replace') {
      value += 1;
      const sent = settledNow(() =>
        kind === 'send' ? sender.send(value) : sender.sendReplace(value),
      );
      same(sent, model[kind](by, value));
    } else if (kind === 'changed') {
      const id = calls.make(limit, (options) => follower.changed(options));
      model.changed(id, at, clock.now() + limit);
    } else if (kind === 'markChanged' || kind === 'markUnchanged') {
      follower[kind]();
      model[kind](at);
    } else if (kind === 'subscribe') {
      const made = settledNow(() => (receivers.push(sender.subscribe()), 'made'));
      same(made, model.subscribe(by));
    } else if (kind === 'cloneReceiver') {
      receivers.push(follower.clone());
      model.cloneReceiver(at);
    } else if (kind === 'clone') {
      const made = settledNow(() => (senders.push(sender.clone()), 'made'));
      same(made, model.clone(by, senders.length - (made === 'made' ? 1 : 0)));
    } else if (kind === 'closeSender') {
      sender.close();
      model.closeSender(by);
    } else if (kind === 'closeReceiver') {
      follower.close();
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

test('a watch answers as its model, for any program', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), play), {
    numRuns: RUNS,
  });
}, 120_000);
