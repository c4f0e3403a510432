/** Fuzzing of forms and ranges: what is found in them, and that planted bugs are found. */

import { describe, expect, test } from '@jest/globals';
import { multipartRanges, selectRanges } from '../../src/batteries/selection/ranges.ts';
import { limitsOf } from '../../src/forms/multipart-limits.ts';
import { MORE, MultipartParser } from '../../src/forms/multipart-parser.ts';
import { bytesOf, fed, type Parser } from '../forms/multipart-case.ts';
import { formTarget, type MakeParser } from './form-target.ts';
import { fuzz } from './fuzz.ts';
import { rangeTarget, type Ranges } from './range-target.ts';
import { allTargets, readAllSeeds } from './targets.ts';

describe('fuzzing forms and ranges', () => {
  test('finds nothing, in the texts of the cases and in new ones', () => {
    const corpus = { form: readAllSeeds()['form'] ?? [] };
    expect(corpus.form.length).toBeGreaterThan(50);
    const targets = [formTarget(), rangeTarget()];
    const report = fuzz({ seed: 20_251_130, targets, iterations: 3_000, corpus });
    expect(report.failure).toBeUndefined();
    expect(report.kept['form']?.length).toBeGreaterThan(30);
    expect(report.kept['range']?.length).toBeGreaterThan(5);
  });

  test('gives each target its share of the texts', () => {
    const judged = new Map<string, number>();
    const targets = allTargets().map((target) => ({
      ...target,
      judge: () => {
        judged.set(target.name, (judged.get(target.name) ?? 0) + 1);
        return { complaint: undefined, steps: [] };
      },
    }));
    fuzz({ seed: 1, targets, iterations: 2_800 });
    const names = ['client', 'form', 'range', 'server', 'websocket'];
    expect([...judged.keys()].toSorted()).toEqual(names);
    for (const count of judged.values()) expect(count).toBeGreaterThan(200);
  });
});

const real: MakeParser = (limits) => new MultipartParser('b', limitsOf(limits));

const feeding =
  (change: Parameters<typeof fed>[1]): MakeParser =>
  (limits) =>
    fed(real(limits), change);
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** A parser whose events go through something. */
const telling =
  (change: (event: ReturnType<Parser['next']>) => ReturnType<Parser['next']>): MakeParser =>
  (limits) => {
    const parser = real(limits);
    return {
      push: (piece) => {
        parser.push(piece);
      },
      end: () => {
        parser.end();
      },
      next: () => change(parser.next()),
    };
  };

describe('a bug that is planted in the parser of forms is found:', () => {
  test.each<[name: string, make: MakeParser, longest: number]>([
    [
      'a CR that is lost at the end of a piece',
      feeding((piece) => (piece.at(-1) === 13 ? piece.subarray(0, -1) : piece)),
      80,
    ],
    [
      'a delimiter that is not found when it is cut behind its dashes',
      feeding((piece, before) =>
        before.at(-1) === 45 && piece[0] === 98
          ? Uint8Array.from([66, ...piece.subarray(1)])
          : piece,
      ),
      20,
    ],
    [
      'a boundary that may go on',
      feeding((piece) => bytesOf(latin1(piece).replaceAll('--bc', '--b'))),
      60,
    ],
    [
      'a blank that ends a name',
      feeding((piece) => bytesOf(latin1(piece).replaceAll('form-data; name', 'form-data;  name='))),
      100,
    ],
    [
      'a folder in the name of a file',
      telling((event) =>
        event !== MORE && event.type === 'part' && event.head.filename === 'f'
          ? { ...event, head: { ...event.head, filename: '../f' } }
          : event,
      ),
      100,
    ],
    ['limits that are not kept', () => real({}), 150],
    [
      'a limit of parts that comes one too late',
      (limits) => real({ ...limits, parts: (limits.parts ?? 1_000) + 1 }),
      250,
    ],
    [
      'a part’s end that is not said',
      (limits) => {
        const parser = real(limits);
        const next = (): ReturnType<Parser['next']> => {
          const event = parser.next();
          return event !== MORE && event.type === 'part-end' ? next() : event;
        };
        return {
          push: (piece) => {
            parser.push(piece);
          },
          end: () => {
            parser.end();
          },
          next,
        };
      },
      100,
    ],
    [
      'an error that is not the form’s',
      telling((event) => {
        if (event !== MORE && event.type === 'data') throw new TypeError('a bug');
        return event;
      }),
      100,
    ],
  ])('%s', (_name, make, longest) => {
    const { failure } = fuzz({ seed: 1, targets: [formTarget(make)], iterations: 4_000 });
    expect(failure?.target).toBe('form');
    expect(failure?.text.length).toBeLessThan(longest);
  });
});

describe('a bug that is planted in the reader of ranges is found:', () => {
  const withBug = (bug: Partial<Ranges>): Ranges => ({ selectRanges, multipartRanges, ...bug });
  test.each<[name: string, by: Ranges]>([
    [
      'a last byte that is counted out',
      withBug({
        selectRanges: (value, size, max) =>
          selectRanges(
            value.replace(/-(\d)$/, (_, n: string) => `-${Number(n) - 1}`),
            size,
            max,
          ),
      }),
    ],
    [
      'a range that ends behind the last byte',
      withBug({
        selectRanges: (value, size, max) => {
          const found = selectRanges(value, size, max);
          return typeof found === 'string'
            ? found
            : found.map((range) => (range.end === size ? { ...range, end: size + 1 } : range));
        },
      }),
    ],
    [
      'ranges that touch and are not joined',
      withBug({
        selectRanges: (value, size, max) => {
          const parts = /^bytes=(\d)-(\d), ?(\d)-(\d)$/i.exec(value)?.slice(1).map(Number);
          const [a = 0, b = 0, c = 0, d = 0] = parts ?? [];
          const isTouching = parts !== undefined && a <= b && c === b + 1 && c <= d && d < size;
          return isTouching
            ? [
                { start: a, end: b + 1 },
                { start: c, end: d + 1 },
              ]
            : selectRanges(value, size, max);
        },
      }),
    ],
    [
      'a space that HTTP does not know',
      withBug({
        selectRanges: (value, size, max) => selectRanges(value.replaceAll('\xa0', ''), size, max),
      }),
    ],
    [
      'numbers that are read as floats',
      withBug({
        selectRanges: (value, size, max) =>
          selectRanges(
            value.replaceAll(/\d{15,}/g, (digits) => String(BigInt(Number(digits)))),
            size,
            max,
          ),
      }),
    ],
    [
      'a limit on ranges that is not kept',
      withBug({ selectRanges: (value, size) => selectRanges(value, size, Infinity) }),
    ],
    [
      'a part that is named wrongly',
      withBug({
        multipartRanges: (ranges, size, boundary, type) => {
          const written = multipartRanges(ranges, size, boundary, type);
          return {
            ...written,
            heads: written.heads.map((head) => head.replace(/-(\d+)\//, '-1$1/')),
          };
        },
      }),
    ],
    [
      'a length that leaves the end out',
      withBug({
        multipartRanges: (...given) => {
          const written = multipartRanges(...given);
          return { ...written, length: written.length - written.tail.length };
        },
      }),
    ],
  ])('%s', (_name, by) => {
    const { failure } = fuzz({ seed: 1, targets: [rangeTarget(by)], iterations: 20_000 });
    expect(failure?.target).toBe('range');
    expect(failure?.text.length).toBeLessThan(60);
  });
});
