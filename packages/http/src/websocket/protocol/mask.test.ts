import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copyMasked } from './mask.ts';

/** RFC 6455 section 5.3, word for word. */
const masked = (bytes: Uint8Array, mask: number, phase: number): number[] => {
  const key = [24, 16, 8, 0].map((bits) => (mask >>> bits) & 0xff);
  return [...bytes].map((byte, at) => byte ^ (key[(at + phase) % 4] ?? 0));
};

test('a copy is masked as the RFC has it, at every place of a buffer, and nothing beside it is touched', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.nat({ max: 9 }),
      fc.nat({ max: 9 }),
      fc.nat({ max: 9 }),
      (bytes, mask, phase, offset, at) => {
        const buffer = new Uint8Array(bytes.length + 40).fill(7);
        const to = new Uint8Array(buffer.buffer, offset, bytes.length + at + 5);
        const expected = [...buffer];
        expected.splice(offset + at, bytes.length, ...masked(bytes, mask, phase));
        copyMasked(bytes, to, at, mask | 0, phase);
        expect([...buffer]).toEqual(expected);
        const place = to.subarray(at, at + bytes.length);
        copyMasked(place, place, 0, mask, phase);
        expect([...place]).toEqual([...bytes]);
      },
    ),
  );
});
