import { describe, expect, test } from '@jest/globals';
import { SentBuffers } from './reused-pieces.ts';
import { takeBuffer } from '../protocol/vocabulary/body-buffers.ts';

const LARGE = 60_000;

describe('pieces that were written', () => {
  /** How many of the pieces are used again. */
  const reused = (pieces: readonly Uint8Array[]): number => {
    const known = new Set(pieces.map(({ buffer }) => buffer));
    return Array.from({ length: pieces.length }, () => takeBuffer(LARGE)).filter(({ buffer }) =>
      known.has(buffer),
    ).length;
  };

  test('are used again when the stream has released them', () => {
    const stream = { isReleased: false };
    const written = new SentBuffers(stream);
    const pieces = [takeBuffer(LARGE), takeBuffer(LARGE)];
    for (const piece of pieces) written.add(piece);
    expect(reused(pieces)).toBe(0);
    stream.isReleased = true;
    const last = takeBuffer(LARGE);
    written.add(last);
    expect(reused([...pieces, last])).toBe(3);
  });

  test('are forgotten, except for the last ones, while the stream releases nothing', () => {
    const stream = { isReleased: false };
    const written = new SentBuffers(stream);
    const pieces = Array.from({ length: 50 }, () => takeBuffer(LARGE));
    for (const piece of pieces.slice(1)) written.add(piece);
    stream.isReleased = true;
    for (const piece of pieces.slice(0, 1)) written.add(piece);
    expect(reused(pieces)).toBe(4);
  });
});
