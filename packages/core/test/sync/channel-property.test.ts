/** Any program over a channel: every call has the answer that the model gives, whatever is aborted or closed, and when. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WOULD_BLOCK } from '../../src/index.ts';
import { channel, type ChannelPermit, type ChannelSender } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { ChannelModel, type Answer } from '../support/channel-model.ts';
import { countFromEnvironment } from '../support/environment.ts';

const RUNS = countFromEnvironment('AWAITIO_MODEL_RUNS', 1_500);

const limit = fc.constantFrom(Infinity, Infinity, 3, 10);
const index = fc.nat({ max: 30 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), by: index, limit }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('receive' as const), limit }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reserve' as const), by: index, limit }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('use' as const), which: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), which: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trySend' as const), by: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tryReceive' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), which: index }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('react' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), time: fc.constantFrom(1, 5) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clone' as const), by: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('closeSender' as const), by: index }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Plays a program on a channel and on the model, and compares them after each turn of the loop. */
async function play(capacity: number, steps: readonly Step[], ending: 'sender' | 'receiver') {
  const clock = new ManualClock();
  const [first, receiver] = channel<number>({ capacity, clock });
  const senders: ChannelSender<number>[] = [first];
  const model = new ChannelModel(capacity);
  const answers = new Map<number, Answer>();
  const aborts: AbortController[] = [];
  /** Permits that were granted, by the call that asked for them. */
  const permits: ChannelPermit<number>[] = [];
  let value = 0;

  const call = (promise: Promise<unknown>): void => {
    const id = aborts.length - 1;
    void promise.then(
      (result) => {
        if (typeof result === 'object' && result !== null) {
          permits.push(result as ChannelPermit<number>);
          answers.set(id, 'permit');
        } else answers.set(id, result as Answer);
      },
      (error: unknown) => {
        answers.set(id, error instanceof Error ? error.name : (error as string));
      },
    );
  };
  const options = (timeout: number) => {
    const controller = new AbortController();
    aborts.push(controller);
    return { signal: controller.signal, timeout };
  };
  const caught = (run: () => Answer): Answer => {
    try {
      return run();
    } catch (error) {
      return (error as Error).name;
    }
  };
  /** A call that settles at once. */
  const same = (actual: Answer, expected: Answer): void => {
    expect(actual).toBe(expected);
  };
  const compare = (): void => {
    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(model.answers));
    expect(receiver.size).toBe(model.size);
    expect(receiver.statistics().waits).toHaveLength(model.pending);
  };

  for (const each of steps) {
    const by = 'by' in each ? each.by % senders.length : 0;
    const sender = senders.at(by) as ChannelSender<number>;
    if (each.do === 'send') {
      value += 1;
      call(sender.send(value, options(each.limit)));
      model.take(aborts.length - 1, by, value, clock.now() + each.limit);
    } else if (each.do === 'reserve') {
      call(sender.reserve(options(each.limit)));
      model.take(aborts.length - 1, by, undefined, clock.now() + each.limit);
    } else if (each.do === 'receive') {
      call(receiver.receive(options(each.limit)));
      model.receive(aborts.length - 1, clock.now() + each.limit);
    } else if (each.do === 'trySend') {
      value += 1;
      const sent = caught(() => (sender.trySend(value) ? 'sent' : 'full'));
      same(sent, model.trySend(by, value));
    } else if (each.do === 'tryReceive') {
      const got = receiver.tryReceive();
      same(got === WOULD_BLOCK ? 'empty' : got, model.tryReceive());
    } else if (each.do === 'use' || each.do === 'release') {
      const [permit] = permits.splice(each.which % Math.max(1, permits.length), 1);
      if (permit === undefined) continue;
      value += 1;
      if (each.do === 'use') permit.send(value);
      else permit.release();
      model.usePermit(each.do === 'use' ? value : undefined);
      if (each.do === 'release') model.deliver();
    } else if (each.do === 'abort') {
      const id = each.which % Math.max(1, aborts.length);
      aborts[id]?.abort('aborted');
      model.abort(id);
    } else if (each.do === 'clone') {
      const made = caught(() => (senders.push(sender.clone()), 'cloned'));
      same(made, model.clone(by, senders.length - 1));
    } else if (each.do === 'closeSender') {
      sender.close();
      model.closeSender(by);
    } else if (each.do === 'react') {
      await Promise.resolve();
      model.deliver();
    } else {
      await clock.advance(each.time);
      model.advance(each.time);
      compare();
    }
  }
  await clock.advance(0);
  model.advance(0);
  for (const permit of permits.splice(0)) {
    permit.release();
    model.usePermit(undefined);
    await clock.advance(0);
    model.advance(0);
  }
  if (ending === 'receiver') {
    receiver.close();
    model.closeReceiver();
  } else {
    for (const [at, sender] of senders.entries()) {
      sender.close();
      model.closeSender(at);
    }
  }
  for (;;) {
    await clock.advance(0);
    model.advance(0);
    // A reservation may have been granted meanwhile.
    const permit = permits.pop();
    if (permit === undefined) break;
    permit.release();
    model.usePermit(undefined);
  }
  compare();
  // Every call has settled, and no timer is left.
  expect(answers.size).toBe(aborts.length);
  expect(clock.pending).toBe(0);
}

test('a channel answers as its model, for any program', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { minLength: 1, maxLength: 60 }),
      fc.constantFrom('sender', 'receiver'),
      play,
    ),
    { numRuns: RUNS },
  );
}, 120_000);
