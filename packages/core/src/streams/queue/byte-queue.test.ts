import { describe, expect, test } from '@jest/globals';
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { ByteQueue } from './byte-queue.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (view: Uint8Array | undefined): string => new TextDecoder().decode(view);

function queueOf(...pieces: string[]): ByteQueue {
  const queue = new ByteQueue();
  for (const piece of pieces) queue.push(bytes(piece));
  return queue;
}

describe('a byte queue', () => {
  test('gives bytes out in the order they came, however they were cut', () => {
    const queue = queueOf('he', 'l', 'lo');
    const target = new Uint8Array(16);
    expect(queue.readInto(target)).toBe(5);
    expect(text(target.subarray(0, 5))).toBe('hello');
    expect(queue.length).toBe(0);
  });

  test('owns its bytes: the lent view may be overwritten at once', () => {
    for (const size of [1, 100, 1_023, 1_024, 70_000]) {
      const queue = queueOf('x');
      const view = new Uint8Array(size).fill(1);
      queue.push(view);
      view.fill(2);
      queue.consume(1);
      expect(queue.peek(size)).toEqual(new Uint8Array(size).fill(1));
    }
  });

  test('never writes again to bytes that it has handed out', () => {
    const queue = queueOf('first', 'second', 'third');
    const first = queue.shift();
    const rest = queue.shift();
    for (let round = 0; round < 1_000; round += 1) queue.push(bytes('later'));
    expect([text(first), text(rest)]).toEqual(['first', 'secondthird']);
  });

  test('gathers small views, so that a byte at a time costs bytes and not objects', () => {
    const queue = new ByteQueue();
    for (let index = 0; index < 10_000; index += 1) queue.push(Uint8Array.of(index & 255));
    let pieces = 0;
    while (queue.shift() !== undefined) pieces += 1;
    expect(pieces).toBeLessThan(10);
  });

  test('keeps a single small view in memory of that size', () => {
    expect(queueOf('tiny').front().buffer.byteLength).toBe(4);
  });

  test('is empty in every way when it is empty', () => {
    const queue = new ByteQueue();
    queue.push(new Uint8Array(0));
    expect(queue.length).toBe(0);
    expect(queue.front().length).toBe(0);
    expect(queue.shift()).toBeUndefined();
    expect(queue.readInto(new Uint8Array(4))).toBe(0);
    expect(queue.peek(4).length).toBe(0);
    expect(queue.indexOf(bytes('a'), 0)).toBe(-1);
  });

  test('peeks across its pieces without taking anything', () => {
    const queue = queueOf('ab', 'cd', 'ef');
    expect(text(queue.peek(5))).toBe('abcde');
    expect(text(queue.peek(99))).toBe('abcdef');
    expect(text(queue.peek(3, 2))).toBe('cde');
    expect(text(queue.peek(99, 4))).toBe('ef');
    expect(text(queue.peek(1, 6))).toBe('');
    expect(queue.length).toBe(6);
  });

  test('takes nothing for an empty target', () => {
    const queue = queueOf('abc');
    expect(queue.readInto(new Uint8Array(0))).toBe(0);
    expect(queue.length).toBe(3);
  });

  test('finds a delimiter that lies across pieces, from a place on, and never half of one', () => {
    const big = 'x'.repeat(2_000);
    const queue = queueOf(`${big}\r`, `\n${big}\r\n`, '\r');
    expect(queue.indexOf(bytes('\r\n'), 0)).toBe(2_000);
    expect(queue.indexOf(bytes('\r\n'), 2_001)).toBe(4_002);
    expect(queue.indexOf(bytes('\r\n'), 4_003)).toBe(-1);
  });

  test('forgets everything when it is cleared, and can be used again', () => {
    const queue = queueOf('a', 'b', 'c');
    queue.clear();
    expect(queue.length).toBe(0);
    queue.push(bytes('z'));
    expect(text(queue.shift())).toBe('z');
  });
});

/** What a queue is: an array of bytes. */
class Model {
  bytes: number[] = [];

  take(count: number): number[] {
    return this.bytes.splice(0, count);
  }

  indexOf(delimiter: readonly number[], from: number): number {
    const last = this.bytes.length - delimiter.length;
    for (let at = Math.max(0, from); at <= last; at += 1) {
      if (delimiter.every((byte, index) => this.bytes[at + index] === byte)) return at;
    }
    return -1;
  }
}

interface Real {
  readonly queue: ByteQueue;
  /** Chunks that were handed out, with what was in them then. */
  readonly taken: { readonly chunk: Uint8Array; readonly copy: readonly number[] }[];
}

type Command = fc.Command<Model, Real>;

function command(name: string, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run: (model, real) => {
      run(model, real);
      equal(real.queue.length, model.bytes.length);
    },
    toString: () => name,
  };
}

/** Few different bytes, so that delimiters are found; sizes around the border between small and large views. */
const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_000, max: 1_050 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3_000, max: 6_000 }) },
);
const commands = [
  fc.tuple(sizes, fc.integer({ min: 0, max: 255 })).map(([size, salt]) =>
    command(`push(${size}, salt ${salt})`, (model, { queue }) => {
      const view = Uint8Array.from({ length: size }, (_, at) => ((at * 7 + salt) >> 2) % 5);
      model.bytes.push(...view);
      queue.push(view);
      view.fill(99);
    }),
  ),
  sizes.map((size) =>
    command(`readInto(${size})`, (model, { queue }) => {
      const target = new Uint8Array(size);
      const count = queue.readInto(target);
      deepEqual([...target.subarray(0, count)], model.take(size));
    }),
  ),
  sizes.map((size) =>
    command(`consume(${size})`, (model, { queue }) => {
      const count = Math.min(size, queue.length);
      queue.consume(count);
      model.take(count);
    }),
  ),
  fc.constant(
    command('shift()', (model, { queue, taken }) => {
      const chunk = queue.shift();
      equal(chunk === undefined, model.bytes.length === 0);
      if (chunk === undefined) return;
      notEqual(chunk.length, 0);
      const copy = model.take(chunk.length);
      deepEqual([...chunk], copy);
      taken.push({ chunk, copy });
    }),
  ),
  fc.constant(
    command('front()', (model, { queue }) => {
      const front = queue.front();
      equal(front.length === 0, model.bytes.length === 0);
      deepEqual([...front], model.bytes.slice(0, front.length));
    }),
  ),
  sizes.map((size) =>
    command(`peek(${size})`, (model, { queue }) => {
      deepEqual([...queue.peek(size)], model.bytes.slice(0, size));
    }),
  ),
  fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
      fc.oneof(fc.constant(0), sizes),
    )
    .map(([delimiter, from]) =>
      command(`indexOf([${delimiter.join()}], ${from})`, (model, { queue }) => {
        const found = queue.indexOf(Uint8Array.from(delimiter), from);
        equal(found, model.indexOf(delimiter, from));
      }),
    ),
  fc.constant(
    command('clear()', (model, { queue }) => {
      queue.clear();
      model.take(Infinity);
    }),
  ),
];

test('a byte queue does what an array of bytes does, whatever is asked of it', () => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (sequence) => {
      const taken: Real['taken'] = [];
      fc.modelRun(
        () => ({ model: new Model(), real: { queue: new ByteQueue(), taken } }),
        sequence,
      );
      for (const { chunk, copy } of taken) expect([...chunk]).toEqual(copy);
    }),
    { numRuns: 300 },
  );
});

test('a queue that is filled and drained for long keeps no trace of what has gone', () => {
  const queue = new ByteQueue();
  const target = new Uint8Array(2_000);
  // Two chunks stay behind each round, so that the front is dropped again and again without the queue running empty.
  for (let round = 0; round < 2_000; round += 1) {
    queue.push(new Uint8Array(2_000).fill(round));
    if (round < 2) continue;
    expect(queue.readInto(target)).toBe(2_000);
    expect(target[0]).toBe((round - 2) & 255);
    expect(target[1_999]).toBe((round - 2) & 255);
  }
  expect(queue.length).toBe(4_000);
});
