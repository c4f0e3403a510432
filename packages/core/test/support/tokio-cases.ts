/** Cases of tokio's tests of channels: each has the answers that it has there. */

import { expect, test } from '@jest/globals';
import { LagError, type BroadcastReceiver } from '../../src/sync/index.ts';

type Answers = readonly unknown[];
export type Case = readonly [name: string, run: () => Promise<Answers> | Answers, answers: Answers];

/** Defines a test of each case. */
export function testCases(cases: readonly Case[]): void {
  test.each(cases as Case[])('%s', async (_name, run, answers) => {
    expect(await run()).toEqual(answers);
  });
}

/** What a receiver gives now: a value, `WOULD_BLOCK`, `null`, or how many it missed. */
export function next<T>(receiver: BroadcastReceiver<T>): unknown {
  try {
    return receiver.tryReceive();
  } catch (error) {
    return error instanceof LagError ? `missed ${error.missed}` : (error as Error).name;
  }
}

export const all = <T>(receiver: BroadcastReceiver<T>, count: number): unknown[] =>
  Array.from({ length: count }, () => next(receiver));
