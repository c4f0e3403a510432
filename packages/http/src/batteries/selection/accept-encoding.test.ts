import { describe, expect, test } from '@jest/globals';
import { negotiateCoding, preferredCoding } from './accept-encoding.ts';

const OFFERED = ['br', 'zstd', 'gzip'] as const;
type Coding = (typeof OFFERED)[number];

/** The field; what is sent of br, zstd and gzip; whether the client takes the content as it is. */
const ROWS: readonly (readonly [
  value: string | null,
  coding: Coding | undefined,
  isIdentityAccepted: boolean,
])[] = [
  // Without a preference: as it is (section 12.5.3, first and second rule).
  [null, undefined, true],
  ['', undefined, true],
  [' ', undefined, true],
  [',', undefined, true],
  // The examples of section 12.5.3.
  ['compress, gzip', 'gzip', true],
  ['*', 'br', true],
  ['compress;q=0.5, gzip;q=1.0', 'gzip', true],
  ['gzip;q=1.0, identity; q=0.5, *;q=0', 'gzip', true],
  // What browsers and tools send.
  ['gzip, deflate, br, zstd', 'br', true],
  ['gzip, deflate, br', 'br', true],
  ['gzip, deflate', 'gzip', true],
  ['deflate, gzip, br, zstd', 'br', true],
  ['gzip', 'gzip', true],
  ['br', 'br', true],
  ['zstd', 'zstd', true],
  ['identity', undefined, true],
  ['deflate', undefined, true],
  ['compress', undefined, true],
  ['aws4fetch', undefined, true],
  // Names have no case (section 8.4.1), and x-gzip is gzip.
  ['GZIP', 'gzip', true],
  ['Br', 'br', true],
  ['x-gzip', 'gzip', true],
  ['X-GZip;q=0.7', 'gzip', true],
  ['x-br', undefined, true],
  // Weights (section 12.4.2): the highest, and among equals the server's choice.
  ['br;q=0.1, gzip;q=0.9', 'gzip', true],
  ['br;q=0.9, gzip;q=0.1', 'br', true],
  ['zstd;q=0.5, gzip;q=0.5, br;q=0.5', 'br', true],
  ['zstd;q=0.8, gzip;q=0.8', 'zstd', true],
  ['br;q=0.001', 'br', true],
  ['br;q=0.000', undefined, true],
  ['br;q=0', undefined, true],
  ['br;q=0., gzip', 'gzip', true],
  ['br;q=1., gzip', 'br', true],
  ['br;q=1.000, gzip;q=0.999', 'br', true],
  ['br;q=0.123, gzip;q=0.124', 'gzip', true],
  ['br;Q=0.2, gzip;Q=0.4', 'gzip', true],
  // Identity with a weight is a choice like others.
  ['gzip;q=0.5, identity;q=0.8', undefined, true],
  ['gzip;q=0.8, identity;q=0.5', 'gzip', true],
  ['gzip;q=0.5, identity;q=0.5', 'gzip', true],
  ['identity, gzip;q=0.9', undefined, true],
  ['identity;q=0.1', undefined, true],
  ['identity;q=0.001, br;q=0.002', 'br', true],
  // The asterisk is every coding that is not named.
  ['*;q=0.5', 'br', true],
  ['br;q=0, *', 'zstd', true],
  ['br;q=0, zstd;q=0, *', 'gzip', true],
  ['br;q=0, zstd;q=0, gzip;q=0, *', undefined, true],
  ['gzip, *;q=0.1', 'gzip', true],
  ['gzip;q=0.1, *;q=0.5', 'br', true],
  ['*;q=0.5, identity', undefined, true],
  ['deflate, *;q=0.5', 'br', true],
  // Identity is refused by name, or by an asterisk that nothing more specific overrides.
  ['identity;q=0', undefined, false],
  ['*;q=0', undefined, false],
  ['identity;q=0, *;q=0', undefined, false],
  ['gzip, identity;q=0', 'gzip', false],
  ['gzip, *;q=0', 'gzip', false],
  ['br;q=0.1, identity;q=0', 'br', false],
  ['compress, identity;q=0', undefined, false],
  ['gzip;q=0, identity;q=0', undefined, false],
  ['*, identity;q=0', 'br', false],
  ['identity;q=0.000, zstd;q=0.2', 'zstd', false],
  ['*;q=0, identity', undefined, true],
  ['*;q=0, identity;q=0.1, gzip;q=0.2', 'gzip', true],
  // White space, empty elements.
  ['gzip ; q=0.5 ,\tbr\t;\tq=0.4', 'gzip', true],
  [', ,gzip,,', 'gzip', true],
  ['\tbr ', 'br', true],
  // Elements that are none are ignored; those beside them are not.
  ['gzip;q=2', undefined, true],
  ['gzip;q=1.001', undefined, true],
  ['gzip;q=0.1234', undefined, true],
  ['gzip;q=-1', undefined, true],
  ['gzip;q=.5', undefined, true],
  ['gzip;q=', undefined, true],
  ['gzip;q=0,5', undefined, true],
  ['gzip;level=9', undefined, true],
  ['gzip br', undefined, true],
  ['"gzip"', undefined, true],
  ['gzip;q=nonsense, br', 'br', true],
  ['gzip/1, br;q=0.3', 'br', true],
  // Names that every object has.
  ['__proto__, constructor, toString', undefined, true],
];

describe('Accept-Encoding', () => {
  test.each(ROWS)('%j asks for %s', (value, coding, isIdentityAccepted) => {
    expect(negotiateCoding(value, OFFERED)).toEqual({ coding, isIdentityAccepted });
    expect(preferredCoding(value, OFFERED)).toBe(coding);
  });

  test('asks for nothing of a server that offers nothing', () => {
    expect(negotiateCoding('*', [])).toEqual({ coding: undefined, isIdentityAccepted: true });
  });

  test('takes time in proportion to its length', () => {
    // 16 KiB, the most that a head has by default: a pattern that goes back would need minutes.
    const value = `gzip;${' '.repeat(8_000)}x,${'a'.repeat(8_000)}!(`;
    expect(negotiateCoding(value, OFFERED).coding).toBeUndefined();
  });
});
