import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cuts, placesOf, requestStream, responseStream, type Written } from './arbitrary.ts';
import { byteByByte, cutAt, observeClient, observeServer, whole } from './observe.ts';

const RUNS = { numRuns: 150 };

describe.each([
  ['request', requestStream, observeServer],
  ['response', responseStream, observeClient],
] as const)('a random %s stream that is right', (_name, stream, observe) => {
  const check = (written: Written, pieces: readonly Uint8Array[]): void => {
    const { lines, left } = observe(pieces);
    expect({ lines, left }).toEqual({ lines: written.lines, left: '' });
  };

  test('means what it was written to mean', () => {
    fc.assert(
      fc.property(stream, (written) => {
        check(written, whole(written.bytes));
      }),
      RUNS,
    );
  });

  test('means the same byte by byte', () => {
    fc.assert(
      fc.property(stream, (written) => {
        check(written, byteByByte(written.bytes));
      }),
      RUNS,
    );
  });

  test('means the same wherever it is cut', () => {
    fc.assert(
      fc.property(stream, cuts, (written, fractions) => {
        check(written, cutAt(written.bytes, placesOf(fractions, written.bytes.length)));
      }),
      RUNS,
    );
  });

  test('keeps every field, with the white space around its value gone', () => {
    fc.assert(
      fc.property(stream, cuts, ({ bytes }, fractions) => {
        const { details } = observe(cutAt(bytes, placesOf(fractions, bytes.length)));
        expect(details.filter((line) => /^ {2}[^:]+: (?:[\t ]|.*[\t ]$)/.test(line))).toEqual([]);
        expect(details).toEqual(observe(whole(bytes)).details);
      }),
      RUNS,
    );
  });

  test('is framed by nothing but data when no framing at all is allowed beside it', () => {
    // With a limit of 0 every byte of a head, or of a line end, that was counted as chunk framing would be refused.
    fc.assert(
      fc.property(stream, cuts, (written, fractions) => {
        fc.pre(!written.bytes.includes('chunked'));
        const pieces = cutAt(written.bytes, placesOf(fractions, written.bytes.length));
        const { lines } = observe(pieces, { limits: { chunkOverheadBytes: 0 } });
        expect(lines).toEqual(written.lines);
      }),
      RUNS,
    );
  });
});

describe('a stream with one byte changed', () => {
  test('means the same wherever it is cut, also which refusal it is', () => {
    fc.assert(
      fc.property(
        requestStream,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 255 }),
        cuts,
        ({ bytes }, fraction, code, fractions) => {
          const place = Math.floor(fraction * bytes.length);
          const changed =
            bytes.slice(0, place) + String.fromCharCode(code) + bytes.slice(place + 1);
          const pieces = cutAt(changed, placesOf(fractions, changed.length));
          expect(observeServer(pieces)).toEqual(observeServer(whole(changed)));
        },
      ),
      { numRuns: 500 },
    );
  });
});
