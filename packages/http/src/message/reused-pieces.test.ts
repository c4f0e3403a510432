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

  /** A stream that has released nothing, and one that releases what it has sent. */
  const never = () => ({ isReleased: false, isClosed: false, statistics: () => ({ unsent: 0 }) });
  const sending = (unsent: number) => ({
    unsent,
    isClosed: false,
    get isReleased() {
      return this.unsent === 0 && !this.isClosed;
    },
    statistics() {
      return { unsent: this.unsent };
    },
  });

  test('are used again when the stream has released them', () => {
    const stream = never();
    const written = new SentBuffers(stream);
    const pieces = [takeBuffer(LARGE), takeBuffer(LARGE)];
    for (const piece of pieces) written.add(piece);
    expect(reused(pieces)).toBe(0);
    stream.isReleased = true;
    const last = takeBuffer(LARGE);
    written.add(last);
    expect(reused([...pieces, last])).toBe(3);
  });

  test('are used again behind a client that always has something in flight', () => {
    const stream = sending(0);
    const written = new SentBuffers(stream);
    const pieces = Array.from({ length: 4 }, () => takeBuffer(LARGE));
    stream.unsent = LARGE + 1;
    for (const piece of pieces) written.add(piece);
    // One byte of the second from the end may be in flight.
    expect(reused(pieces)).toBe(2);
    stream.unsent = LARGE;
    const last = takeBuffer(LARGE);
    written.add(last);
    expect(reused([...pieces, last])).toBe(2);
  });

  test('are not used again on a stream that is closed', () => {
    const stream = sending(0);
    const written = new SentBuffers(stream);
    stream.isClosed = true;
    const pieces = [takeBuffer(LARGE), takeBuffer(LARGE)];
    for (const piece of pieces) written.add(piece);
    expect(reused(pieces)).toBe(0);
  });

  test('are forgotten, except for the last ones, while the stream releases nothing', () => {
    const stream = never();
    const written = new SentBuffers(stream);
    const pieces = Array.from({ length: 50 }, () => takeBuffer(LARGE));
    for (const piece of pieces.slice(1)) written.add(piece);
    stream.isReleased = true;
    for (const piece of pieces.slice(0, 1)) written.add(piece);
    expect(reused(pieces)).toBe(5);
  });
});
