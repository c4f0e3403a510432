import { describe, expect, test } from '@jest/globals';
import { EventQueue } from './event-queue.ts';
import { CLOSED, Data, END, ResponseHead, type ConnectionEvent } from '../vocabulary/events.ts';
import { NO_HEADERS } from '../vocabulary/headers.ts';
import { DEFAULT_LIMITS } from '../vocabulary/limits.ts';

const limits = { ...DEFAULT_LIMITS, readAheadMessages: 2, readAheadBytes: 200 };
const data = (size: number): Data => new Data(new Uint8Array(size));
const hint = new ResponseHead(103, '', '1.1', NO_HEADERS, 0, true, false);

function queueOf(...events: readonly ConnectionEvent[]): EventQueue {
  const queue = new EventQueue(limits);
  for (const event of events) add(queue, event);
  return queue;
}

function add(queue: EventQueue, event: ConnectionEvent): void {
  if (event.type === 'data') queue.pushData(event);
  else if (event.type === 'end' || event === hint) queue.pushLast(event);
  else queue.push(event);
}

describe('a queue of events', () => {
  test('gives them back in order, however many there were', () => {
    for (const count of [0, 1, 4, 5, 200]) {
      const events = Array.from({ length: count }, (_, size) => data(size));
      const queue = queueOf(...events);
      expect(queue.isEmpty).toBe(count === 0);
      for (let round = 0; round < 2; round += 1) {
        expect(events.map(() => queue.shift())).toEqual(events);
        expect(queue.shift()).toBeUndefined();
        expect(queue.isEmpty).toBe(true);
        for (const event of events) add(queue, event);
      }
    }
  });

  test.each<[string, readonly ConnectionEvent[]]>([
    ['messages', [END, END]],
    ['informational responses, which are messages', [hint, hint]],
    ['bytes', [data(136)]],
    ['pieces, however small', [data(0), data(0), data(0), data(0)]],
  ])('has room for so many %s, and again when one was taken', (_what, events) => {
    const [first, ...rest] = events as [ConnectionEvent];
    const queue = queueOf(CLOSED, ...rest);
    expect(queue.hasRoom).toBe(true);
    add(queue, first);
    expect(queue.hasRoom).toBe(false);
    expect(queue.shift()).toBe(CLOSED);
    expect(queue.hasRoom).toBe(false);
    queue.shift();
    expect(queue.hasRoom).toBe(true);
  });
});
