import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { contentRange, multipartRanges, selectRanges, type ByteRange } from './ranges.ts';

const range = (start: number, end: number): ByteRange => ({ start, end });

describe('a Range of 10,000 bytes (RFC 9110 section 14.1.2)', () => {
  test.each<[string, ReturnType<typeof selectRanges>]>([
    ['bytes=0-499', [range(0, 500)]],
    ['bytes=500-999', [range(500, 1_000)]],
    ['bytes=-500', [range(9_500, 10_000)]],
    ['bytes=9500-', [range(9_500, 10_000)]],
    ['bytes=0-0', [range(0, 1)]],
    ['bytes=-1', [range(9_999, 10_000)]],
    ['bytes=0-0,-1', [range(0, 1), range(9_999, 10_000)]],
    [
      'bytes= 0-999, 4500-5499, -1000',
      [range(0, 1_000), range(4_500, 5_500), range(9_000, 10_000)],
    ],
    // Parts that overlap or touch are one; without such the client's order stays.
    ['bytes=500-600,601-999', [range(500, 1_000)]],
    ['bytes=500-700,601-999', [range(500, 1_000)]],
    ['bytes=601-999,500-600', [range(500, 1_000)]],
    ['bytes=9000-9001,0-1', [range(9_000, 9_002), range(0, 2)]],
    ['bytes=0-1,0-1,0-1', [range(0, 2)]],
    // What is beyond the end is cut, or is not there.
    ['bytes=0-', [range(0, 10_000)]],
    ['bytes=0-9999', [range(0, 10_000)]],
    ['bytes=0-10000', [range(0, 10_000)]],
    ['bytes=9999-99999999999999999999', [range(9_999, 10_000)]],
    ['bytes=-10000', [range(0, 10_000)]],
    ['bytes=-99999999999999999999', [range(0, 10_000)]],
    ['bytes=10000-', 'unsatisfiable'],
    ['bytes=10000-10001', 'unsatisfiable'],
    ['bytes=99999999999999999999-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=20000-,-0', 'unsatisfiable'],
    ['bytes=20000-,0-4', [range(0, 5)]],
    // White space and empty elements of the list.
    ['bytes=\t0-4 ,\t5-9', [range(0, 10)]],
    ['bytes=,0-4,,', [range(0, 5)]],
    ['BYTES=0-4', [range(0, 5)]],
    // Malformed, or another unit: ignored.
    ['bytes=', 'whole'],
    ['bytes=,', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=5-4', 'whole'],
    ['bytes=0-4,5-4', 'whole'],
    ['bytes=0 -4', 'whole'],
    ['bytes=0- 4', 'whole'],
    ['bytes=0-4-8', 'whole'],
    ['bytes=--4', 'whole'],
    ['bytes=+0-4', 'whole'],
    ['bytes=0x0-4', 'whole'],
    ['bytes=1.5-4', 'whole'],
    ['bytes=\xa00-4', 'whole'],
    ['bytes=0-4\x0b', 'whole'],
    ['bytes=99999999999999999999-99999999999999999998', 'whole'],
    ['bytes=0099999999999999999999-99999999999999999999', 'unsatisfiable'],
    ['bytes=009-9', [range(9, 10)]],
    ['bytes =0-4', 'whole'],
    ['bytes:0-4', 'whole'],
    ['0-4', 'whole'],
    ['lines=0-4', 'whole'],
    ['', 'whole'],
    // More than there is, or too many parts: the whole is cheaper.
    ['bytes=0-4999,5001-9999,0-9999', [range(0, 10_000)]],
    [`bytes=${Array.from({ length: 17 }, (_, n) => `${n * 2}-${n * 2}`).join()}`, 'whole'],
    [
      `bytes=${Array.from({ length: 16 }, (_, n) => `${n * 2}-${n * 2}`).join()}`,
      Array.from({ length: 16 }, (_, n) => range(n * 2, n * 2 + 1)),
    ],
    [`bytes=${'0-1,'.repeat(10_000)}`, [range(0, 2)]],
  ])('%s', (value, expected) => {
    expect(selectRanges(value, 10_000, 16)).toEqual(expected);
  });

  test.each(['bytes=0-', 'bytes=-1', 'bytes=5-9'])('of nothing is all of it: %s', (value) => {
    expect(selectRanges(value, 0, 16)).toBe('whole');
  });
});

test('what is selected is there, in parts that do not meet, and holds every byte that was asked for', () => {
  const spec = fc
    .tuple(fc.nat(40), fc.nat(40))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const specs = fc.array(
    fc.oneof(
      spec,
      fc.nat(40).map((n) => `${n}-`),
      fc.nat(40).map((n) => `-${n}`),
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(specs, fc.integer({ min: 1, max: 30 }), (list, size) => {
      const asked = new Set<number>();
      for (const text of list) {
        const [first = '', last = ''] = text.split('-');
        const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
        const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
        for (let at = start; at < end; at += 1) asked.add(at);
      }
      const selected = selectRanges(`bytes=${list.join()}`, size, 16);
      if (selected === 'unsatisfiable') return asked.size === 0;
      const ranges = selected === 'whole' ? [range(0, size)] : selected;
      const given = ranges.flatMap(({ start, end }) =>
        Array.from({ length: end - start }, (_, at) => start + at),
      );
      const isOnce = new Set(given).size === given.length;
      return (
        isOnce &&
        (selected === 'whole' || given.length === asked.size) &&
        [...asked].every((at) => given.includes(at))
      );
    }),
  );
});

test('several parts are framed as section 14.6 has it, and the length is that of all of it', () => {
  const parts = [range(500, 1_000), range(7_000, 8_000)];
  const sizes = [500, 1_000];
  const { type, heads, tail, length } = multipartRanges(
    parts,
    8_000,
    'THIS_STRING_SEPARATES',
    'application/pdf',
  );
  expect(type).toBe('multipart/byteranges; boundary=THIS_STRING_SEPARATES');
  const body = heads.map((head, at) => head + 'x'.repeat(sizes[at] ?? 0)).join('') + tail;
  expect(body.length).toBe(length);
  expect(body.replaceAll(/x+/g, '…').split('\r\n')).toEqual([
    '--THIS_STRING_SEPARATES',
    'Content-Type: application/pdf',
    'Content-Range: bytes 500-999/8000',
    '',
    '…',
    '--THIS_STRING_SEPARATES',
    'Content-Type: application/pdf',
    'Content-Range: bytes 7000-7999/8000',
    '',
    '…',
    '--THIS_STRING_SEPARATES--',
    '',
  ]);
  expect(contentRange(range(42, 1_234), 1_234)).toBe('bytes 42-1233/1234');
});
