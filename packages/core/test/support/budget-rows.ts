/**
 * Every asynchronous call that settles without waiting lets the event loop turn, whether it succeeds or fails.
 *
 * Each row is a call that can be made again and again. A loop over it must let an immediate of the event loop run.
 */

import { afterEach, expect, test } from '@jest/globals';
import { memoryPair, type ByteStream } from '../../src/index.ts';
import { turnsIn } from './turns-in.ts';

export const aborted = { signal: AbortSignal.abort(new Error('aborted')) };
export const wrong = { timeout: -1 };

/** Calls by name; those of an object are made on the one that `make` gives. */
export type Calls<T> = Readonly<Record<string, (made: T) => unknown>>;

export function rows<T>(make: () => Promise<T> | T, calls: Calls<T>): void {
  test.each(Object.entries(calls))('%s', async (_name, call) => {
    const made = await make();
    expect(await turnsIn(() => call(made))).toBe(true);
  });
}

/** What is called after the test. */
export const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

export function pair(): [ByteStream, ByteStream] {
  const streams = memoryPair();
  for (const stream of streams) {
    cleanups.push(() => {
      stream.reset();
    });
  }
  return streams;
}
