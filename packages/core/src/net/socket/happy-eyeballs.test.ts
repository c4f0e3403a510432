import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../testing/index.ts';
import { candidatesOf, interleave, Race, type AttemptEvents } from './happy-eyeballs.ts';

/** A race whose attempts the test decides, and a log of their outcomes. */
function race(candidates: readonly string[], delay = 250) {
  const clock = new ManualClock();
  const attempts = new Map<string, AttemptEvents<string>>();
  const log: string[] = [];
  const running = new Race<string, string>({
    candidates,
    clock,
    delay,
    start: (candidate, events) => {
      log.push(`try ${candidate}`);
      attempts.set(candidate, events);
      return { cancel: () => log.push(`cancel ${candidate}`) };
    },
    onWon: (connection) => log.push(`won ${connection}`),
    onLost: (errors) => log.push(`lost ${errors.map(({ message }) => message).join(' ')}`),
  });
  return {
    clock,
    log,
    cancel: () => {
      running.cancel();
    },
    connect: (name: string) => {
      attempts.get(name)?.onConnected(name);
    },
    fail: (name: string) => {
      attempts.get(name)?.onFailed(new Error(name));
    },
  };
}

describe('a race of connection attempts', () => {
  test('is won by the first address when that answers in time', async () => {
    const { clock, log, connect } = race(['a', 'b']);
    await clock.advance(249);
    connect('a');
    await clock.advance(1_000);
    expect(log).toEqual(['try a', 'won a']);
    expect(clock.pending).toBe(0);
  });

  test('lets the next address join one that is silent, and cancels who did not win', async () => {
    const { clock, log, connect } = race(['a', 'b', 'c']);
    await clock.advance(250);
    expect(log).toEqual(['try a', 'try b']);
    connect('b');
    await clock.advance(1_000);
    expect(log).toEqual(['try a', 'try b', 'cancel a', 'won b']);
  });

  test('can be won by an early attempt that took its time', async () => {
    const { clock, log, connect } = race(['a', 'b', 'c']);
    await clock.advance(500);
    connect('a');
    expect(log).toEqual(['try a', 'try b', 'try c', 'cancel b', 'cancel c', 'won a']);
  });

  test('does not wait after a failure', async () => {
    const { clock, log, fail, connect } = race(['a', 'b', 'c']);
    fail('a');
    expect(log).toEqual(['try a', 'try b']);
    await clock.advance(249);
    expect(log).toHaveLength(2);
    await clock.advance(1);
    expect(log).toEqual(['try a', 'try b', 'try c']);
    connect('c');
    expect(log.slice(3)).toEqual(['cancel b', 'won c']);
  });

  test('is lost when every attempt failed, and tells of each', async () => {
    const { clock, log, fail } = race(['a', 'b']);
    await clock.advance(250);
    fail('b');
    fail('a');
    expect(log).toEqual(['try a', 'try b', 'lost b a']);
  });

  test('is notified of nothing after it is over', async () => {
    const { clock, log, connect, fail } = race(['a', 'b']);
    await clock.advance(250);
    connect('a');
    connect('b');
    fail('b');
    expect(log).toEqual(['try a', 'try b', 'cancel b', 'won a']);
  });

  test('is cancelled with all that runs, and tries no other address after that', async () => {
    const { clock, log, cancel, connect } = race(['a', 'b', 'c']);
    await clock.advance(250);
    cancel();
    connect('a');
    await clock.advance(10_000);
    expect(log).toEqual(['try a', 'try b', 'cancel a', 'cancel b']);
  });

  test('tries one at a time when the delay is infinite', async () => {
    const { clock, log, fail } = race(['a', 'b'], Infinity);
    await clock.advance(60_000);
    expect(log).toEqual(['try a']);
    fail('a');
    expect(log).toEqual(['try a', 'try b']);
  });

  test('begins all at once when the delay is 0', async () => {
    const { clock, log } = race(['a', 'b', 'c'], 0);
    await clock.advance(0);
    expect(log).toEqual(['try a', 'try b', 'try c']);
  });
});

describe('the order of addresses', () => {
  const order = (addresses: readonly string[]): string[] =>
    interleave(candidatesOf(addresses)).map(({ address }) => address);

  test.each([
    [
      ['::1', '::2', '::3', '1.1.1.1', '2.2.2.2'],
      ['::1', '1.1.1.1', '::2', '2.2.2.2', '::3'],
    ],
    [
      ['1.1.1.1', '2.2.2.2', '::1'],
      ['1.1.1.1', '::1', '2.2.2.2'],
    ],
    [
      ['1.1.1.1', '2.2.2.2'],
      ['1.1.1.1', '2.2.2.2'],
    ],
    [['::1', 'no address', ''], ['::1']],
    [[], []],
  ])('of %j is %j', (addresses, expected) => {
    expect(order(addresses)).toEqual(expected);
  });
});
