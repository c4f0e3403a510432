/** The last events in the message of a failure. */

import { expect, test } from '@jest/globals';
import { tellLastEvents } from './last-events.ts';
import type { Pending } from './run.ts';
import type { TraceEntry } from './wire/trace.ts';

const NOTHING: Pending = {
  main: true,
  tasks: [],
  waits: [],
  timers: 0,
  nextTimer: undefined,
  crashed: [],
};

/** Entries of one millisecond each: `event`, `event subject`, or `event subject count`, with ` | ` between them. */
function traceOf(...lines: readonly string[]): readonly TraceEntry[] {
  return lines.map((line, at) => {
    const [event = '', subject = '', count = '0'] = line.split(' | ');
    return { time: at + 1, event, subject, count: Number(count) };
  });
}

function told(...lines: readonly string[]): readonly string[] {
  return tellLastEvents(traceOf(...lines), NOTHING)
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '));
}

const times = (count: number, line: string): readonly string[] =>
  Array.from({ length: count }, () => line);

test('events that are alike and follow each other are one line and their number', () => {
  expect(told('connect | a → b', ...times(18, 'data | a → b | 7'), 'fin | a → b')).toEqual([
    '1.000 ms connect a → b',
    '2.000 ms data a → b 7',
    '… 17 more, the last at 19.000 ms',
    '20.000 ms fin a → b',
  ]);
});

test('two events that are alike are two lines, and events of other bytes or ways are not alike', () => {
  const lines = ['data | a → b | 7', 'data | a → b | 7', 'data | a → b | 8', 'data | b → a | 8'];
  expect(told(...lines)).toEqual([
    '1.000 ms data a → b 7',
    '2.000 ms data a → b 7',
    '3.000 ms data a → b 8',
    '4.000 ms data b → a 8',
  ]);
});

test('timers are alike, whatever their numbers are', () => {
  expect(told('timer |  | 1', 'timer |  | 2', 'timer |  | 3')).toEqual([
    '1.000 ms timer 1',
    '… 2 more, the last at 3.000 ms',
  ]);
});

test('events that are alike leave room for those before them', () => {
  const lines = told('log | begun', ...times(500, 'data | a → b | 7'));
  expect(lines).toEqual([
    '1.000 ms log begun',
    '2.000 ms data a → b 7',
    '… 499 more, the last at 501.000 ms',
  ]);
});

/** More than are shown, and no two of them alike. */
const busy = Array.from({ length: 100 }, (_, at) => `data | a → b | ${at + 1}`);

test.each(['crash', 'restart', 'partition', 'partition!', 'cut', 'heal', 'heal!', 'quiet'])(
  'a %s is shown, however long before the last events it was',
  (event) => {
    const lines = told('listen | b', 'connect | a → b', `${event} | db`, ...busy);
    expect(lines[0]).toBe(`3.000 ms ${event} db`);
    expect(lines[1]).toMatch(/^8\d\.000 ms data a → b 8\d$/);
    expect(lines.at(-1)).toBe('103.000 ms data a → b 100');
  },
);

test('of many crashes and restarts before the last events, ten are shown and the others counted', () => {
  const faults = Array.from({ length: 12 }, (_, at) => [`crash | ${at}`, `restart | ${at}`]);
  const lines = told(...faults.flat(), ...busy);
  expect(lines[0]).toBe('… 14 crashes, restarts, partitions and heals');
  expect(lines.slice(1, 11)).toEqual(
    Array.from({ length: 10 }, (_, at) => {
      const event = at % 2 === 0 ? 'crash' : 'restart';
      return `${at + 15}.000 ms ${event} ${7 + Math.floor(at / 2)}`;
    }),
  );
  expect(lines[11]).toMatch(/data a → b/);
});

test('a crash among the last events is shown once', () => {
  const lines = told(...busy, 'crash | db', 'data | a → b | 1');
  expect(lines.filter((line) => line.includes('crash'))).toHaveLength(1);
});
