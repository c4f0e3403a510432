/** Any program over a broadcast: every call has the answer that the model gives, whatever is aborted or closed, and when. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WOULD_BLOCK } from '../../src/index.ts';
import { broadcast, type BroadcastReceiver, type BroadcastSender } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { BroadcastModel } from '../support/broadcast-model.ts';
import { settledNow } from '../support/calls.ts';
import { ChannelPlayer } from '../support/channel-player.ts';
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
  const ends = broadcast<number>({ capacity, clock });
  const model = new BroadcastModel(capacity);
  const player = new ChannelPlayer<BroadcastSender<number>, BroadcastReceiver<number>>(
    ends,
    model,
    clock,
    ({ receivers }) => {
      expect(receivers.map(({ size }) => size)).toEqual(model.sizes);
      expect(ends[0].size).toBe(model.size);
    },
  );
  const { calls, senders, receivers } = player;
  let value = 0;
  for (const { do: kind, which, limit } of steps) {
    const by = which % senders.length;
    const at = which % receivers.length;
    const taker = receivers.at(at) as BroadcastReceiver<number>;
    if (kind === 'send') {
      value += 1;
      const sent = settledNow(() => senders.at(by)?.send(value));
      player.same(sent, model.send(by, value));
    } else if (kind === 'receive') {
      const id = calls.make(limit, (options) => taker.receive(options));
      model.receive(id, at, clock.now() + limit);
    } else if (kind === 'tryReceive') {
      const got = settledNow(() => taker.tryReceive());
      player.same(got === WOULD_BLOCK ? 'empty' : got, model.tryReceive(at));
    } else if (kind === 'resubscribe') {
      receivers.push(taker.resubscribe());
      model.resubscribe();
    } else await player.take(kind, which, by, at);
  }
  await player.end();
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
