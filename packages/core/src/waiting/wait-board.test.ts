import { expect, test } from '@jest/globals';
import { boardOf, watchWaits, type WaitSource } from './wait-board.ts';
import { ManualClock } from '../testing/manual-clock.ts';

test('a clock has a board once it is watched, and one only', () => {
  const [watched, other] = [new ManualClock(), new ManualClock()];
  expect(boardOf(watched)).toBe(undefined);
  const board = watchWaits(watched);
  const source: WaitSource = { subject: 'channel', describe: () => {} };
  boardOf(watched)?.add(source);
  expect([...watchWaits(watched)]).toEqual([source]);
  expect(boardOf(watched)).toBe(board);
  expect(boardOf(other)).toBe(undefined);
});
