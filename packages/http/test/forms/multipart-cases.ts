/**
 * Forms on the wire and what they are: from RFC 7578 and RFC 2046, the HTML standard's way to write them, and what the suites of
 * busboy, undici, Go's mime/multipart and Python's clients ask, written anew.
 */

import type { ExpectedPart, MultipartCase } from './multipart-case.ts';

import { lines, FIELD, utf8, named, withBody, A, good, bad } from './case-parts.ts';
import { SECTION_CASES } from './section-cases.ts';

const DELIMITERS: readonly MultipartCase[] = [
  good('one field', withBody('x'), A),
  good('no CRLF behind the last delimiter', `--b\r\n${FIELD}\r\n\r\nx\r\n--b--`, A),
  good('no part', lines('--b--')),
  good('no part, and no line end', '--b--'),
  good('a preamble', `This is a form.\r\n${withBody('x')}`, A),
  good('a preamble with what looks like a boundary inside a line', `x--b\r\n${withBody('x')}`, A),
  good('an empty line first', `\r\n${withBody('x')}`, A),
  good('an epilogue', `${withBody('x')}--b\r\nnot a part\r\n--b--`, A),
  good('blanks behind boundaries', `--b \t\r\n${FIELD}\r\n\r\nx\r\n--b--  \r\n`, A),
  good('an empty body', withBody(''), { name: 'a', body: '' }),
  good('a delimiter in place of a body', `--b\r\n${FIELD}\r\n\r\n--b--\r\n`, {
    name: 'a',
    body: '',
  }),
  good(
    'two parts',
    lines(
      '--b',
      FIELD,
      '',
      'x',
      '--b',
      'Content-Disposition: form-data; name="c"',
      '',
      'y',
      '--b--',
    ),
    A,
    { name: 'c', body: 'y' },
  ),
  good('two parts of one name', lines('--b', FIELD, '', 'x', '--b', FIELD, '', 'y', '--b--'), A, {
    name: 'a',
    body: 'y',
  }),
  bad('nothing at all', 'ERR_MULTIPART_TRUNCATED', ''),
  bad('no delimiter', 'ERR_MULTIPART_TRUNCATED', 'just text'),
  bad(
    'a delimiter in the middle of a line',
    'ERR_MULTIPART_TRUNCATED',
    `x${withBody('x').replaceAll('\r\n--b--', '')}`,
  ),
  bad('another boundary', 'ERR_MULTIPART_TRUNCATED', withBody('x').replaceAll('--b', '--c')),
  bad('an end behind the first boundary', 'ERR_MULTIPART_TRUNCATED', '--b'),
  bad('an end behind a single dash', 'ERR_MULTIPART_TRUNCATED', '--b-'),
  bad('an end behind a CR', 'ERR_MULTIPART_TRUNCATED', '--b\r'),
  bad('an end behind the last CR', 'ERR_MULTIPART_TRUNCATED', '--b--\r'),
  bad('an end in a header section', 'ERR_MULTIPART_TRUNCATED', `--b\r\n${FIELD}\r\n`),
  bad('an end in a body', 'ERR_MULTIPART_TRUNCATED', `--b\r\n${FIELD}\r\n\r\nx`, {
    ...A,
    isOpen: true,
  }),
  bad(
    'an end in what may be a delimiter',
    'ERR_MULTIPART_TRUNCATED',
    `--b\r\n${FIELD}\r\n\r\nx\r\n--`,
    {
      ...A,
      isOpen: true,
    },
  ),
  bad(
    'an end without the last dash',
    'ERR_MULTIPART_TRUNCATED',
    `--b\r\n${FIELD}\r\n\r\nx\r\n--b-`,
    A,
  ),
  bad(
    'a boundary that goes on',
    'ERR_MULTIPART_DELIMITER',
    `--b\r\n${FIELD}\r\n\r\nx\r\n--bc\r\n`,
    A,
  ),
  bad(
    'a boundary that goes on in the preamble',
    'ERR_MULTIPART_DELIMITER',
    `--bc\r\n${withBody('x')}`,
  ),
  bad('LF behind a boundary', 'ERR_MULTIPART_DELIMITER', withBody('x').replace('--b\r\n', '--b\n')),
  bad(
    'CR without LF behind a boundary',
    'ERR_MULTIPART_DELIMITER',
    withBody('x').replace('--b\r\n', '--b\rx'),
  ),
  bad(
    'text behind the last delimiter',
    'ERR_MULTIPART_DELIMITER',
    `--b\r\n${FIELD}\r\n\r\nx\r\n--b--x`,
    A,
  ),
  bad('one dash', 'ERR_MULTIPART_DELIMITER', '--b-x'),
  bad('a dash behind a blank', 'ERR_MULTIPART_DELIMITER', '--b --\r\n'),
];

const same = (body: string): MultipartCase =>
  good(`a body that is ${JSON.stringify(body).slice(0, 40)}`, withBody(body), { name: 'a', body });

const BODIES: readonly MultipartCase[] = [
  ...['\r\n', '\r', '\n', '-', '--', '\r\n--', '\r\n-', '\r\n\r\n', '\r\r\n', '--b', '--b--'].map(
    (body) => same(`x${body}`),
  ),
  ...['\r\n\r\n-', '\r\n--a', '\n--b', '\r--b', '\r\n -- b', '\r\r\n--', '\r\n--\r\n--'].map(
    (body) => same(`x${body}y`),
  ),
  same('\r\n--B--'),
  same('\0\x01\xff\xfe'),
  same('\xef\xbb\xbfwith a mark'),
  good('a body that begins with CRLF', withBody('\r\nx'), { name: 'a', body: '\r\nx' }),
  good('a form within a form', withBody('--inner\r\n\r\ny\r\n--inner--'), {
    name: 'a',
    body: '--inner\r\n\r\ny\r\n--inner--',
  }),
];

const limited = (
  name: string,
  limits: NonNullable<MultipartCase['limits']>,
  wire: string,
  end: string,
  ...parts: readonly ExpectedPart[]
): MultipartCase => ({ name, limits, wire, end, parts });
const beyond = (limit: string): string => `ERR_MULTIPART_LIMIT ${limit}`;
const SECTION = FIELD.length + 2;

const LIMITS: readonly MultipartCase[] = [
  limited('as many parts as allowed', { parts: 1 }, withBody('x'), 'end', A),
  limited(
    'a part too many',
    { parts: 1 },
    lines('--b', FIELD, '', 'x', '--b', FIELD, '', 'y', '--b--'),
    beyond('parts'),
    A,
  ),
  limited('no part allowed', { parts: 0 }, withBody('x'), beyond('parts')),
  limited('a name as long as allowed', { nameBytes: 1 }, withBody('x'), 'end', A),
  limited('a name too long', { nameBytes: 1 }, named('name="ab"'), beyond('nameBytes')),
  limited(
    'a name too long in bytes',
    { nameBytes: 2 },
    named(utf8('name="日"')),
    beyond('nameBytes'),
  ),
  limited(
    'a file’s name too long',
    { nameBytes: 3 },
    named('name="a"; filename="long"'),
    beyond('nameBytes'),
  ),
  limited('a section as long as allowed', { headerBytes: SECTION }, withBody('x'), 'end', A),
  limited('a section too long', { headerBytes: SECTION - 1 }, withBody('x'), beyond('headerBytes')),
  limited(
    'a section without an end',
    { headerBytes: 64 },
    `--b\r\n${'x'.repeat(100)}`,
    beyond('headerBytes'),
  ),
  limited(
    'a preamble as long as allowed',
    { headerBytes: SECTION },
    `${'x'.repeat(SECTION)}\r\n${withBody('x')}`,
    'end',
    A,
  ),
  limited(
    'a preamble too long',
    { headerBytes: 64 },
    `${'x'.repeat(65)}\r\n${withBody('x')}`,
    beyond('headerBytes'),
  ),
  limited('a preamble without an end', { headerBytes: 64 }, 'x'.repeat(100), beyond('headerBytes')),
  limited(
    'too many blanks',
    { headerBytes: 64 },
    `--b${' '.repeat(65)}\r\n`,
    beyond('headerBytes'),
  ),
  limited('a part as long as allowed', { partBytes: 3 }, withBody('xyz'), 'end', {
    name: 'a',
    body: 'xyz',
  }),
  limited('a part too long', { partBytes: 2 }, withBody('xyz'), beyond('partBytes'), {
    name: 'a',
    body: 'xy',
    isOpen: true,
  }),
  limited('an empty part where none may have a byte', { partBytes: 0 }, withBody(''), 'end', {
    name: 'a',
    body: '',
  }),
  limited(
    'a part where none may have a byte',
    { partBytes: 0 },
    withBody('x'),
    beyond('partBytes'),
    { name: 'a', body: '', isOpen: true },
  ),
  limited(
    'a body as long as allowed',
    { bodyBytes: withBody('x').length },
    withBody('x'),
    'end',
    A,
  ),
  limited(
    'a body too long',
    { bodyBytes: withBody('x').length },
    `${withBody('x')}y`,
    beyond('bodyBytes'),
    A,
  ),
  limited(
    'a body too long within a part',
    { bodyBytes: SECTION + 9 },
    withBody('xyz'),
    beyond('bodyBytes'),
    { name: 'a', body: 'xy', isOpen: true },
  ),
  limited('a body that may have no byte', { bodyBytes: 0 }, withBody('x'), beyond('bodyBytes')),
];

const typed = (name: string, type: string, boundary: string): MultipartCase => ({
  name,
  type,
  wire: withBody('x').replaceAll('--b', `--${boundary}`),
  parts: [A],
});
const untyped = (name: string, type: string, end: string): MultipartCase => ({
  name,
  type,
  wire: withBody('x'),
  parts: [],
  end,
});

const TYPES: readonly MultipartCase[] = [
  typed('a boundary in quotes', 'multipart/form-data; boundary="b"', 'b'),
  typed(
    'a boundary with an escaped character',
    String.raw`multipart/form-data; boundary="a\b"`,
    'ab',
  ),
  typed('a boundary with blanks inside', 'multipart/form-data; boundary="a b"', 'a b'),
  typed(
    'a boundary of a mail library',
    'multipart/form-data; boundary=----=_Part_1.2/3:4',
    '----=_Part_1.2/3:4',
  ),
  typed('other parameters', 'multipart/form-data; charset=utf-8; boundary=b; x="y"', 'b'),
  typed('another case', 'Multipart/Form-Data; Boundary=b', 'b'),
  typed(
    'a boundary of 70 characters',
    `multipart/form-data; boundary=${'z'.repeat(70)}`,
    'z'.repeat(70),
  ),
  typed('dashes', 'multipart/form-data; boundary=--', '--'),
  untyped('no type', '', 'ERR_FORM_TYPE'),
  untyped('another type', 'text/plain', 'ERR_FORM_TYPE'),
  untyped('another multipart', 'multipart/mixed; boundary=b', 'ERR_FORM_TYPE'),
  untyped('no boundary', 'multipart/form-data', 'ERR_MULTIPART_BOUNDARY'),
  untyped('an empty boundary', 'multipart/form-data; boundary=""', 'ERR_MULTIPART_BOUNDARY'),
  untyped(
    'a boundary that is too long',
    `multipart/form-data; boundary=${'z'.repeat(71)}`,
    'ERR_MULTIPART_BOUNDARY',
  ),
  untyped(
    'a blank at the end of a boundary',
    'multipart/form-data; boundary="b "',
    'ERR_MULTIPART_BOUNDARY',
  ),
  untyped(
    'two boundaries',
    'multipart/form-data; boundary=b; boundary=c',
    'ERR_MULTIPART_BOUNDARY',
  ),
  untyped('malformed parameters', 'multipart/form-data; boundary=b c', 'ERR_MULTIPART_BOUNDARY'),
  untyped(
    'a form of another kind',
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded',
  ),
];

export const MULTIPART_CASES: readonly MultipartCase[] = [
  ...DELIMITERS,
  ...BODIES,
  ...SECTION_CASES,
  ...LIMITS,
  ...TYPES,
];
