import { describe, expect, test } from '@jest/globals';
import { evaluateConditions, rangeApplies, type Validators, type Verdict } from './conditions.ts';
import { entityTags } from './entity-tag.ts';
import { httpDate, parseHttpDate } from './http-date.ts';

const MODIFIED = Date.UTC(1994, 9, 29, 19, 43, 31, 250);
const THEN = 'Sat, 29 Oct 1994 19:43:31 GMT';
const BEFORE = 'Sat, 29 Oct 1994 19:43:30 GMT';
const AFTER = 'Sat, 29 Oct 1994 19:43:32 GMT';
const STRONG: Validators = { etag: '"xyzzy"', lastModified: MODIFIED };
const WEAK: Validators = { etag: 'W/"xyzzy"', lastModified: MODIFIED };
const DATED: Validators = { lastModified: MODIFIED };
const NOTHING = undefined;

const request = (method: string, fields: Readonly<Record<string, string>>) => ({
  method,
  headers: { get: (name: string) => fields[name] ?? null },
});

describe('a conditional request (RFC 9110 section 13)', () => {
  type Row = [method: string, fields: Record<string, string>, Validators | undefined, Verdict];
  const rows: Row[] = [
    ['GET', {}, STRONG, 'proceed'],
    // 13.1.1 If-Match: the strong comparison.
    ['PUT', { 'if-match': '"xyzzy"' }, STRONG, 'proceed'],
    ['PUT', { 'if-match': '"xyzzy", "r2d2xxxx", "c3piozzzz"' }, STRONG, 'proceed'],
    ['PUT', { 'if-match': '"r2d2xxxx","xyzzy"' }, STRONG, 'proceed'],
    ['PUT', { 'if-match': '*' }, STRONG, 'proceed'],
    ['PUT', { 'if-match': ' * ' }, DATED, 'proceed'],
    ['PUT', { 'if-match': '*' }, NOTHING, 412],
    ['PUT', { 'if-match': '"other"' }, STRONG, 412],
    ['PUT', { 'if-match': 'W/"xyzzy"' }, STRONG, 412],
    ['PUT', { 'if-match': '"xyzzy"' }, WEAK, 412],
    ['PUT', { 'if-match': 'W/"xyzzy"' }, WEAK, 412],
    ['PUT', { 'if-match': '"xyzzy"' }, DATED, 412],
    ['PUT', { 'if-match': '"XYZZY"' }, STRONG, 412],
    ['GET', { 'if-match': '"other"' }, STRONG, 412],
    ['GET', { 'if-match': '"xyzzy"' }, STRONG, 'proceed'],
    ['PUT', { 'if-match': 'xyzzy' }, STRONG, 412],
    ['PUT', { 'if-match': '' }, STRONG, 412],
    ['PUT', { 'if-match': '"xyzzy' }, STRONG, 412],
    ['PUT', { 'if-match': '"xyzzy" "xyzzy"' }, STRONG, 412],
    // 13.1.4 If-Unmodified-Since.
    ['PUT', { 'if-unmodified-since': THEN }, STRONG, 'proceed'],
    ['PUT', { 'if-unmodified-since': AFTER }, STRONG, 'proceed'],
    ['PUT', { 'if-unmodified-since': BEFORE }, STRONG, 412],
    ['GET', { 'if-unmodified-since': BEFORE }, STRONG, 412],
    ['PUT', { 'if-unmodified-since': 'yesterday' }, STRONG, 'proceed'],
    ['PUT', { 'if-unmodified-since': BEFORE }, { etag: '"a"' }, 'proceed'],
    ['PUT', { 'if-unmodified-since': BEFORE }, NOTHING, 'proceed'],
    ['PUT', { 'if-match': '"xyzzy"', 'if-unmodified-since': BEFORE }, STRONG, 'proceed'],
    ['PUT', { 'if-match': '"other"', 'if-unmodified-since': AFTER }, STRONG, 412],
    // 13.1.2 If-None-Match: the weak comparison.
    ['GET', { 'if-none-match': '"xyzzy"' }, STRONG, 304],
    ['HEAD', { 'if-none-match': '"xyzzy"' }, STRONG, 304],
    ['GET', { 'if-none-match': 'W/"xyzzy"' }, STRONG, 304],
    ['GET', { 'if-none-match': '"xyzzy"' }, WEAK, 304],
    ['GET', { 'if-none-match': 'W/"xyzzy"' }, WEAK, 304],
    ['GET', { 'if-none-match': '"a", W/"xyzzy" , "b"' }, STRONG, 304],
    ['GET', { 'if-none-match': ', ,"a",,"xyzzy",' }, STRONG, 304],
    ['GET', { 'if-none-match': '"other"' }, STRONG, 'proceed'],
    ['GET', { 'if-none-match': '*' }, STRONG, 304],
    ['GET', { 'if-none-match': '*' }, NOTHING, 'proceed'],
    ['PUT', { 'if-none-match': '*' }, NOTHING, 'proceed'],
    ['PUT', { 'if-none-match': '*' }, STRONG, 412],
    ['PUT', { 'if-none-match': '"xyzzy"' }, STRONG, 412],
    ['DELETE', { 'if-none-match': '"xyzzy"' }, WEAK, 412],
    ['POST', { 'if-none-match': '"other"' }, STRONG, 'proceed'],
    ['GET', { 'if-none-match': 'xyzzy' }, STRONG, 'proceed'],
    ['GET', { 'if-none-match': '"a,b"' }, { etag: '"a,b"' }, 304],
    ['GET', { 'if-none-match': '"b"' }, { etag: '"a,b"' }, 'proceed'],
    ['GET', { 'if-none-match': 'w/"xyzzy"' }, STRONG, 'proceed'],
    // 13.1.3 If-Modified-Since.
    ['GET', { 'if-modified-since': THEN }, STRONG, 304],
    ['HEAD', { 'if-modified-since': THEN }, STRONG, 304],
    ['GET', { 'if-modified-since': AFTER }, STRONG, 304],
    ['GET', { 'if-modified-since': BEFORE }, STRONG, 'proceed'],
    ['GET', { 'if-modified-since': 'Saturday, 29-Oct-94 19:43:31 GMT' }, STRONG, 304],
    ['GET', { 'if-modified-since': 'Sat Oct 29 19:43:31 1994' }, STRONG, 304],
    ['GET', { 'if-modified-since': '783459811' }, STRONG, 'proceed'],
    ['GET', { 'if-modified-since': 'Sat, 29 Oct 1994 19:43:31 UTC' }, STRONG, 'proceed'],
    ['GET', { 'if-modified-since': '1994-10-29T19:43:31Z' }, STRONG, 'proceed'],
    ['GET', { 'if-modified-since': '' }, STRONG, 'proceed'],
    ['PUT', { 'if-modified-since': AFTER }, STRONG, 'proceed'],
    ['GET', { 'if-modified-since': AFTER }, { etag: '"a"' }, 'proceed'],
    ['GET', { 'if-none-match': '"other"', 'if-modified-since': AFTER }, STRONG, 'proceed'],
    ['GET', { 'if-none-match': '"xyzzy"', 'if-modified-since': BEFORE }, STRONG, 304],
    // 13.2.2: the order.
    ['GET', { 'if-match': '"xyzzy"', 'if-none-match': '"xyzzy"' }, STRONG, 304],
    ['GET', { 'if-match': '"other"', 'if-none-match': '"xyzzy"' }, STRONG, 412],
    ['GET', { 'if-unmodified-since': BEFORE, 'if-none-match': '"xyzzy"' }, STRONG, 412],
    ['GET', { 'if-unmodified-since': AFTER, 'if-modified-since': AFTER }, STRONG, 304],
  ];
  test.each(rows)('%s with %j', (method, fields, validators, verdict) => {
    expect(evaluateConditions(request(method, fields), validators)).toBe(verdict);
  });
});

describe('If-Range (RFC 9110 section 13.1.5)', () => {
  test.each<[string | undefined, Validators, boolean]>([
    [undefined, STRONG, true],
    ['"xyzzy"', STRONG, true],
    [' "xyzzy" ', STRONG, true],
    ['"other"', STRONG, false],
    ['W/"xyzzy"', STRONG, false],
    ['"xyzzy"', WEAK, false],
    ['W/"xyzzy"', WEAK, false],
    ['"xyzzy"', DATED, false],
    [THEN, STRONG, true],
    [THEN, DATED, true],
    [BEFORE, STRONG, false],
    [AFTER, STRONG, false],
    ['Saturday, 29-Oct-94 19:43:31 GMT', STRONG, true],
    [THEN, { etag: '"xyzzy"' }, false],
    ['xyzzy', STRONG, false],
    ['', STRONG, false],
    ['*', STRONG, false],
  ])('%j', (value, validators, applies) => {
    const fields = value === undefined ? {} : { 'if-range': value };
    expect(rangeApplies(request('GET', fields), validators)).toBe(applies);
  });
});

describe('an HTTP date (RFC 9110 section 5.6.7)', () => {
  const NOW = Date.UTC(2026, 10, 30);
  test.each<[string, number | undefined]>([
    ['Sun, 06 Nov 1994 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sunday, 06-Nov-94 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sun Nov  6 08:49:37 1994', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Tuesday, 06-Nov-75 08:49:37 GMT', Date.UTC(2075, 10, 6, 8, 49, 37)],
    ['Tuesday, 06-Nov-77 08:49:37 GMT', Date.UTC(1977, 10, 6, 8, 49, 37)],
    ['Thu, 31 Dec 1998 23:59:60 GMT', Date.UTC(1999, 0, 1)],
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Wed, 29 Feb 2023 00:00:00 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:37 UTC', undefined],
    ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
    ['sun, 06 nov 1994 08:49:37 gmt', undefined],
    ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:37 GMT ', undefined],
    ['1994-11-06T08:49:37Z', undefined],
    ['', undefined],
  ])('%j', (text, time) => {
    expect(parseHttpDate(text, NOW)).toBe(time);
  });

  test('is written in the preferred form', () => {
    expect(httpDate(Date.UTC(1994, 10, 6, 8, 49, 37, 999))).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  });
});

test('a list of entity tags takes time that grows with its length', () => {
  const list = `${'"a" ,\t'.repeat(20_000)}"b"`;
  expect(entityTags(list)?.length).toBe(20_001);
  expect(entityTags(`${list}x`)).toBeUndefined();
  expect(entityTags(`"a"${' '.repeat(100_000)}"b"`)).toBeUndefined();
});
