/** Any program over a watch: every call has the answer that the model gives, whatever is aborted or closed, and when. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { watch, type WatchReceiver, type WatchSender } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { settledNow } from '../support/calls.ts';
import { ChannelPlayer } from '../support/channel-player.ts';
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
  const ends = watch<number>(0, { clock });
  const model = new WatchModel(0);
  const player = new ChannelPlayer<WatchSender<number>, WatchReceiver<number>>(
    ends,
    model,
    clock,
    ({ receivers }) => {
      expect(receivers.map(({ hasChanged }) => hasChanged)).toEqual(model.changes);
      expect(ends[0].borrow()).toBe(model.value);
    },
  );
  const { calls, senders, receivers } = player;
  let value = 0;
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
      player.same(sent, model[kind](by, value));
    } else if (kind === 'changed') {
      const id = calls.make(limit, (options) => follower.changed(options));
      model.changed(id, at, clock.now() + limit);
    } else if (kind === 'markChanged' || kind === 'markUnchanged') {
      follower[kind]();
      model[kind](at);
    } else if (kind === 'cloneReceiver') {
      receivers.push(follower.clone());
      model.cloneReceiver(at);
    } else await player.take(kind, which, by, at);
  }
  await player.end();
}

test('a watch answers as its model, for any program', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), play), {
    numRuns: RUNS,
  });
}, 120_000);
