import { describe, expect, test } from '@jest/globals';
import { recycle, joinAdjacent, takeBuffer } from './body-buffers.ts';

const LARGE = 40_000;

describe('the memory of a large piece', () => {
  test('is used again when the piece was given back', () => {
    const first = takeBuffer(LARGE);
    expect(first).toHaveLength(LARGE);
    recycle(first);
    const second = takeBuffer(LARGE);
    expect(second).toHaveLength(LARGE);
    expect(second.buffer).toBe(first.buffer);
  });

  test('is the piece and nothing else, also when it is used again', () => {
    recycle(takeBuffer(65_536));
    expect(takeBuffer(LARGE).buffer.byteLength).toBe(LARGE);
  });

  test('is not used again before', () => {
    expect(takeBuffer(LARGE).buffer).not.toBe(takeBuffer(LARGE).buffer);
  });

  test('is given back once, and only whole', () => {
    const piece = takeBuffer(LARGE);
    recycle(piece.subarray(0, LARGE - 1));
    expect(takeBuffer(LARGE).buffer).not.toBe(piece.buffer);
    recycle(piece);
    recycle(piece);
    expect(takeBuffer(LARGE).buffer).toBe(piece.buffer);
    expect(takeBuffer(LARGE).buffer).not.toBe(piece.buffer);
  });

  test('is its own when it is small, or larger than what is kept', () => {
    for (const size of [0, 1, 32_768, 73_729]) {
      const piece = takeBuffer(size);
      expect(piece).toHaveLength(size);
      expect(piece.buffer.byteLength).toBe(size);
      recycle(piece);
      expect(takeBuffer(size).buffer).not.toBe(piece.buffer);
    }
  });

  test('that came from elsewhere is left alone', () => {
    const foreign = new Uint8Array(65_536);
    recycle(foreign);
    expect(takeBuffer(LARGE).buffer).not.toBe(foreign.buffer);
  });

  test('is kept for so many pieces only', () => {
    const pieces = Array.from({ length: 100 }, () => takeBuffer(LARGE));
    for (const piece of pieces) recycle(piece);
    const before = new Set(pieces.map(({ buffer }) => buffer));
    const again = Array.from({ length: 100 }, () => takeBuffer(LARGE));
    expect(again.filter(({ buffer }) => before.has(buffer))).toHaveLength(32);
  });
});

describe('joining adjacent pieces', () => {
  const memory = Uint8Array.from([1, 2, 3, 4, 5]);
  const join = (...pieces: readonly Uint8Array[]): number[][] =>
    joinAdjacent(pieces).map((piece) => [...piece]);

  test('joins what lies one behind the other', () => {
    expect(join(memory.subarray(0, 2), memory.subarray(2, 3), memory.subarray(3))).toEqual([
      [1, 2, 3, 4, 5],
    ]);
  });

  test('leaves apart what does not', () => {
    expect(join()).toEqual([]);
    expect(join(memory.subarray(0, 2), memory.subarray(3))).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(join(memory.subarray(2), memory.subarray(0, 2))).toEqual([
      [3, 4, 5],
      [1, 2],
    ]);
    expect(join(memory.subarray(0, 2), memory.slice(2))).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });
});
