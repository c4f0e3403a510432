import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PieceCollector } from './piece-collector.ts';

function collect(pieces: readonly Uint8Array[]): Uint8Array {
  const collector = new PieceCollector();
  for (const piece of pieces) collector.add(piece);
  expect(collector.size).toBe(pieces.reduce((size, { length }) => size + length, 0));
  return collector.join();
}

describe('collected pieces', () => {
  test('are all their bytes in order, in memory that holds nothing else, whatever their sizes', () => {
    const size = fc.oneof(fc.nat(3), fc.nat(300), fc.integer({ min: 4_000, max: 5_000 }));
    fc.assert(
      fc.property(fc.array(size, { maxLength: 200 }), (sizes) => {
        let next = 0;
        const pieces = sizes.map((length) => Uint8Array.from({ length }, () => (next += 1)));
        const whole = collect(pieces);
        expect(Buffer.concat(pieces).equals(whole)).toBe(true);
        const isFromPiece = pieces.some(({ buffer }) => buffer === whole.buffer);
        expect(isFromPiece || whole.buffer.byteLength === whole.length).toBe(true);
      }),
    );
  });

  test('are passed on without a copy where they are one, or lie one behind the other', () => {
    const memory = new Uint8Array(20_000).fill(1);
    expect(collect([memory])).toBe(memory);
    expect(collect([memory.subarray(0, 9_000), memory.subarray(9_000)]).buffer).toBe(memory.buffer);
  });

  test('take memory of the order of their bytes, also where large ones lie between small ones', () => {
    const before = process.memoryUsage().arrayBuffers;
    const collector = new PieceCollector();
    const large = new Uint8Array(4_096);
    for (let n = 0; n < 1_000; n += 1) {
      collector.add(Uint8Array.of(1));
      collector.add(large);
    }
    // The large piece is one array; what else was allocated holds a thousand bytes.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
    expect(collector.join().length).toBe(4_097_000);
  });

  test('are copied where they are small: an array for each would take a hundred times its bytes', () => {
    const collector = new PieceCollector();
    const piece = Uint8Array.of(0);
    for (let n = 0; n < 10_000; n += 1) {
      piece[0] = n & 0xff;
      collector.add(piece);
    }
    const whole = collector.join();
    expect(whole.length).toBe(10_000);
    expect(whole.every((byte, at) => byte === (at & 0xff))).toBe(true);
  });
});
