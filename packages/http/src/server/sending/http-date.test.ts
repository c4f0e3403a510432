import { describe, expect, test } from '@jest/globals';
import { DeadlineWheel } from '@awaitio/core/lowlevel';
import { ManualClock } from '@awaitio/core/testing';
import { HttpDate } from './http-date.ts';

const START = Date.UTC(2026, 10, 24, 8, 0, 0);

function dateAt(milliseconds: number) {
  const clock = new ManualClock();
  let set = START + milliseconds;
  let asked = 0;
  const wallTime = (): number => {
    asked += 1;
    return set + clock.now();
  };
  const date = new HttpDate(
    Object.assign(Object.create(clock), { wallTime }),
    new DeadlineWheel(clock),
  );
  return {
    clock,
    date,
    /** Sets the system date forward or back. */
    move: (by: number): void => {
      set += by;
    },
    asked: () => asked,
  };
}

describe('the Date of an answer', () => {
  test('is that of the present second, to its end', async () => {
    const { clock, date } = dateAt(250);
    expect(date.toString()).toBe('Tue, 24 Nov 2026 08:00:00 GMT');
    await clock.advance(749);
    expect(date.toString()).toBe('Tue, 24 Nov 2026 08:00:00 GMT');
    await clock.advance(1);
    expect(date.toString()).toBe('Tue, 24 Nov 2026 08:00:01 GMT');
  });

  test('is made once a second', async () => {
    const { clock, date, asked } = dateAt(0);
    for (let count = 0; count < 100; count += 1) {
      date.toString();
      await clock.advance(20);
    }
    expect(asked()).toBe(2);
  });

  test.each([-86_400_000, 86_400_000])(
    'follows a date that is set by %d ms within a second',
    async (by) => {
      const { clock, date, move } = dateAt(0);
      date.toString();
      move(by);
      await clock.advance(1_000);
      expect(date.toString()).toBe(new Date(START + by + 1_000).toUTCString());
    },
  );
});
