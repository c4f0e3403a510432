import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DEFAULT_MULTIPART_LIMITS } from '../../src/forms/multipart-limits.ts';
import { MultipartParser } from '../../src/forms/multipart-parser.ts';
import { bytesOf, fed, outcomeOf, type Parser } from './multipart-case.ts';
import { formText, readWhole } from './multipart-reference.ts';

const makeParser = (): Parser => new MultipartParser('b', DEFAULT_MULTIPART_LIMITS);

/** The pieces between these places. */
function cutAt(wire: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.map((place) => place % (wire.length + 1)), wire.length];
  edges.sort((a, b) => a - b);
  return edges.slice(1).map((edge, at) => wire.subarray(edges[at], edge));
}

/** What of the property fails for a parser, as fast-check tells it; `undefined` when it holds. */
function complaint(make: () => Parser, options: fc.Parameters<unknown>): string | undefined {
  const property = fc.property(
    formText,
    fc.array(fc.nat(), { maxLength: 6 }),
    fc.boolean(),
    (wire, places, isSingle) => {
      const bytes = bytesOf(wire);
      const pieces = isSingle
        ? Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
        : cutAt(bytes, places);
      expect(outcomeOf(make(), pieces)).toEqual(readWhole(wire, 'b'));
    },
  );
  const { failed, seed, counterexample } = fc.check(property, options as object);
  return failed ? `seed ${seed}: ${JSON.stringify(counterexample)}` : undefined;
}

describe('a form, or nearly one, cut anywhere', () => {
  test('is what a reader of the whole text finds', () => {
    expect(complaint(makeParser, { numRuns: 4_000 })).toBeUndefined();
  });

  test('is as often a good form as a bad one', () => {
    const ends = fc
      .sample(formText, { numRuns: 1_000, seed: 1 })
      .map((wire) => readWhole(wire, 'b').end);
    const counts = new Map<string, number>();
    for (const end of ends) counts.set(end, (counts.get(end) ?? 0) + 1);
    expect(counts.get('end')).toBeGreaterThan(100);
    for (const code of ['TRUNCATED', 'DELIMITER', 'HEADERS', 'DISPOSITION', 'ENCODING']) {
      expect(counts.get(`ERR_MULTIPART_${code}`)).toBeGreaterThan(2);
    }
  });
});

const feeding =
  (change: Parameters<typeof fed>[1]): (() => Parser) =>
  () =>
    fed(makeParser(), change);

describe('a planted bug is found:', () => {
  test.each<[name: string, make: () => Parser]>([
    [
      'a CR that is lost at the end of a piece',
      feeding((piece) => (piece.at(-1) === 13 ? piece.subarray(0, -1) : piece)),
    ],
    [
      'a delimiter that is not found when it is cut behind its dashes',
      feeding((piece, before) =>
        before.at(-1) === 45 && piece[0] === 98
          ? Uint8Array.from([66, ...piece.subarray(1)])
          : piece,
      ),
    ],
    [
      'a line end that is made of LF alone',
      feeding((piece) =>
        bytesOf(
          Buffer.from(piece)
            .toString('latin1')
            .replaceAll(/(?<!\r)\n(?=Content)/g, '\r\n'),
        ),
      ),
    ],
    [
      'a boundary that may go on',
      feeding((piece) => bytesOf(Buffer.from(piece).toString('latin1').replaceAll('--bc', '--b'))),
    ],
    [
      'a part’s end that is not said',
      () => {
        const parser = makeParser();
        return {
          push: (piece) => {
            parser.push(piece);
          },
          end: () => {
            parser.end();
          },
          next: () => {
            const event = parser.next();
            return typeof event === 'object' && event.type === 'part-end' ? parser.next() : event;
          },
        };
      },
    ],
  ])('%s', (_name, make) => {
    expect(complaint(make, { numRuns: 4_000, seed: 11 })).toMatch(/^seed 11: /);
  });
});
