/** What tokio's and trio's tests do not ask of a channel; their cases are in test/sync. */
import { describe, expect, test } from '@jest/globals';
import { PENDING, poll, pollAll } from '../../test/support/poll.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { WOULD_BLOCK } from '../vocabulary/would-block.ts';
import { broadcast } from './broadcast.ts';
import { channel } from './channel.ts';
import { interval } from './interval.ts';
import { watch } from './watch.ts';
import { Ring } from './ring.ts';

describe('a channel', () => {
  test('gives room in the order of the calls, to sends and reservations alike', async () => {
    const [sender, receiver] = channel<string>({ capacity: 1 });
    await sender.send('a');
    const b = sender.send('b');
    const permit = sender.reserve();
    const d = sender.send('d');
    expect(await receiver.receive()).toBe('a');
    expect(await pollAll(b, permit, d)).toEqual([undefined, PENDING, PENDING]);
    expect(await receiver.receive()).toBe('b');
    (await permit).send('c');
    expect(await poll(d)).toBe(PENDING);
    expect([await receiver.receive(), await receiver.receive()]).toEqual(['c', 'd']);
  });

  test('gives values to receiving tasks in the order of their calls', async () => {
    const [sender, receiver] = channel<number>({ capacity: 8 });
    const waits = [1, 2, 3].map(() => receiver.receive());
    for (const n of [1, 2, 3, 4]) await sender.send(n);
    expect(await Promise.all(waits)).toEqual([1, 2, 3]);
    expect(receiver.size).toBe(1);
  });

  test('keeps a value whose receiver was cancelled in the moment of the send', async () => {
    const [sender, receiver] = channel<number>({ capacity: 1 });
    const stop = new AbortController();
    const first = receiver.receive({ signal: stop.signal });
    const second = receiver.receive();
    sender.trySend(1);
    stop.abort('stop');
    expect(await pollAll(first, second)).toEqual(['stop', 1]);
  });

  test('does not take a value back that a receiver has, whatever its signal does then', async () => {
    const [sender, receiver] = channel<number>({ capacity: 1 });
    const stop = new AbortController();
    const first = receiver.receive({ signal: stop.signal });
    sender.trySend(1);
    await Promise.resolve();
    stop.abort('too late');
    expect(await first).toBe(1);
  });

  test('sends nothing of a cancelled send, and goes on with the next', async () => {
    const clock = new ManualClock();
    const [sender, receiver] = channel<string>({ capacity: 1, clock });
    sender.trySend('a');
    const late = sender.send('never', { timeout: 10 });
    const next = sender.send('b');
    const outcome = late.catch((error: Error) => error.name);
    await clock.advance(10);
    expect(await outcome).toBe('TimeoutError');
    sender.close();
    expect([await receiver.receive(), await receiver.receive()]).toEqual(['a', null]);
    expect(await poll(next)).toBe('ClosedError');
  });

  test('iterates over values that are null, and ends with the channel', async () => {
    const [sender, receiver] = channel<number | null>({ capacity: 4 });
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const value of receiver) got.push(value);
    })();
    await sender.send(null);
    await sender.send(1);
    await sender.send(null);
    sender.close();
    await reading;
    expect(got).toEqual([null, 1, null]);
  });

  test('keeps everything after a loop that was left', async () => {
    const [sender, receiver] = channel<number>({ capacity: 4 });
    for (const n of [1, 2, 3]) sender.trySend(n);
    for await (const value of receiver) if (value === 2) break;
    expect(receiver.tryReceive()).toBe(3);
    expect(receiver.tryReceive()).toBe(WOULD_BLOCK);
    sender.trySend(4);
    expect(await receiver.receive()).toBe(4);
  });

  test('takes nothing for a step whose loop was left meanwhile, and neither do a broadcast and an interval', async () => {
    const clock = new ManualClock();
    const [sender, receiver] = channel<number>({ capacity: 4 });
    const [news, reader] = broadcast<number>({ capacity: 4 });
    const [state, follower] = watch(0);
    const ticks = interval(10, { clock, start: 10 });
    for (const source of [receiver, reader, follower, ticks]) {
      const steps = (source as AsyncIterable<number>)[Symbol.asyncIterator]();
      const step = steps.next();
      expect(await poll(step)).toBe(PENDING);
      expect(await steps.return?.()).toEqual({ value: undefined, done: true });
      expect(await step).toEqual({ value: undefined, done: true });
      expect(await steps.next()).toEqual({ value: undefined, done: true });
    }
    expect(clock.pending).toBe(0);
    await sender.send(1);
    news.send(2);
    state.send(3);
    await clock.advance(10);
    expect([await receiver.receive(), await reader.receive(), await ticks.tick()]).toEqual([
      1, 2, 10,
    ]);
    expect(follower.hasChanged).toBe(true);
  });

  test('drops its values with its receiver, also those of permits that are used later', async () => {
    const [sender, receiver] = channel<number>({ capacity: 2 });
    const permit = await sender.reserve();
    sender.trySend(1);
    receiver[Symbol.dispose]();
    permit.send(2);
    expect([receiver.size, await receiver.receive()]).toEqual([0, null]);
    expect(() => {
      permit.send(3);
    }).toThrow(/this permit was closed/);
  });

  test('says who closed what', async () => {
    const [sender, receiver] = channel<number>({ capacity: 1 });
    const other = sender.clone();
    sender.close();
    await expect(sender.send(1)).rejects.toThrow('send: this sender was closed by this side');
    receiver.close();
    await expect(other.send(1)).rejects.toThrow(
      'send: the receiving side of this channel was closed',
    );
  });
});

test('a ring keeps its order while it grows and wraps', () => {
  const ring = new Ring<number>();
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 50; round += 1) {
    for (let n = 0; n < 7; n += 1) ring.push(next++);
    for (let n = 0; n < 5; n += 1) expect(ring.shift()).toBe(expected++);
  }
  expect(ring.size).toBe(100);
  while (ring.size > 0) expect(ring.shift()).toBe(expected++);
  expect(expected).toBe(next);
});
