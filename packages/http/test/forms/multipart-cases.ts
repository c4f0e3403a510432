/**
 * Forms on the wire and what they are: from RFC 7578 and RFC 2046, the HTML standard's way to write them, and what the suites of
 * busboy, undici, Go's mime/multipart and Python's clients ask, written anew.
 */

import type { ExpectedPart, MultipartCase } from './multipart-case.ts';

/** Lines, each ended by CRLF. */
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');
const FIELD = 'Content-Disposition: form-data; name="a"';
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

/** A form with one field `a`, in which this section stands. */
const withSection = (...section: readonly string[]): string =>
  lines('--b', ...section, '', 'x', '--b--');
/** A form with one field, whose disposition has these parameters. */
const named = (parameters: string): string =>
  withSection(`Content-Disposition: form-data; ${parameters}`);
/** A form with one field `a`, with this body. */
const withBody = (body: string): string => `--b\r\n${FIELD}\r\n\r\n${body}\r\n--b--\r\n`;
const A: ExpectedPart = { name: 'a', body: 'x' };

const good = (name: string, wire: string, ...parts: readonly ExpectedPart[]): MultipartCase => ({
  name,
  wire,
  parts,
});
const bad = (
  name: string,
  end: string,
  wire: string,
  ...parts: readonly ExpectedPart[]
): MultipartCase => ({ name, wire, parts, end });

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

const SECTIONS: readonly MultipartCase[] = [
  good('a file', withSection(`${FIELD}; filename="f.txt"`, 'Content-Type: text/html'), {
    ...A,
    filename: 'f.txt',
    type: 'text/html',
  }),
  good('a file without a type', withSection(`${FIELD}; filename="f.txt"`), {
    ...A,
    filename: 'f.txt',
  }),
  good(
    'no file chosen',
    withSection(`${FIELD}; filename=""`, 'Content-Type: application/octet-stream'),
    {
      ...A,
      filename: '',
      type: 'application/octet-stream',
    },
  ),
  good('names in any case', withSection('CONTENT-disposition: FORM-data; NAME="a"'), A),
  good('no blank behind the colon', withSection('Content-Disposition:form-data;name="a"'), A),
  good(
    'blanks around everything',
    withSection('Content-Disposition: \t form-data ;  name="a" ; '),
    A,
  ),
  good(
    'names without quotes',
    withSection('Content-Disposition: form-data; name=a; filename=f.txt'),
    {
      ...A,
      filename: 'f.txt',
    },
  ),
  good('a type with parameters', withSection(FIELD, 'Content-Type: text/plain; charset=utf-8'), {
    ...A,
    type: 'text/plain; charset=utf-8',
  }),
  good('other fields', withSection('X-One: 1', FIELD, 'Content-Length: 1'), A),
  good('an encoding that is none', withSection(FIELD, 'Content-Transfer-Encoding: Binary'), A),
  good('an unknown parameter', named('size=5; name="a"'), A),
  good('UTF-8', named(utf8('name="ключ"; filename="日本.txt"')), {
    name: 'ключ',
    filename: '日本.txt',
    body: 'x',
  }),
  good('bytes that are no UTF-8', named('name="\xff"'), { name: '\ufffd', body: 'x' }),
  good('an empty name', named('name=""'), { name: '', body: 'x' }),
  good('quotes and line ends as browsers write them', named('name="%22a%22%0D%0Ab%0d"'), {
    name: '"a"\r\nb\r',
    body: 'x',
  }),
  good('other percent signs', named('name="100%25 %zz %"'), { name: '100%25 %zz %', body: 'x' }),
  good('a semicolon and an equals sign in quotes', named('name="a;b=c"'), {
    name: 'a;b=c',
    body: 'x',
  }),
  good('a backslash', named(String.raw`name="a\b"`), { name: String.raw`a\b`, body: 'x' }),
  good('a backslash at the end', named(String.raw`name="a\"`), { name: 'a\\', body: 'x' }),
  good('a path of Windows', named(String.raw`name="a"; filename="C:\Users\f.txt"`), {
    ...A,
    filename: 'f.txt',
  }),
  good('a path upwards', named('name="a"; filename="../../etc/passwd"'), {
    ...A,
    filename: 'passwd',
  }),
  good('a folder’s file', named('name="a"; filename="folder/f.txt"'), { ...A, filename: 'f.txt' }),
  good('filename* beside filename', named(`name="a"; filename="f.txt"; filename*=utf-8''evil`), {
    ...A,
    filename: 'f.txt',
  }),
  good('names of the prototype', named('name="__proto__"; constructor=x'), {
    name: '__proto__',
    body: 'x',
  }),
];

const BAD_SECTIONS: readonly MultipartCase[] = [
  ['no header', '\r\n--b--'],
  ['another disposition', withSection('Content-Disposition: attachment; name="a"')],
  ['no name', withSection('Content-Disposition: form-data')],
  ['two dispositions', withSection(FIELD, FIELD)],
  ['no disposition', withSection('Content-Type: text/plain')],
  ['a name twice', named('name="a"; name="c"')],
  ['a name in two cases', named('name="a"; NAME="c"')],
  ['a file’s name twice', named('name="a"; filename="f"; filename="g"')],
  ['filename* alone', named(`name="a"; filename*=utf-8''f`)],
  ['a quote that is not closed', named('name="a')],
  ['a quote within quotes', named(String.raw`name="a\"b"`)],
  ['text behind a quote', named('name="a"b')],
  ['a parameter without a value', named('name')],
  ['a blank before the equals sign', named('name ="a"')],
  ['an empty value', named('name=')],
  ['a character that needs quotes', named('name=\xfc')],
].map(([name = '', wire = '']) =>
  bad(name, 'ERR_MULTIPART_DISPOSITION', wire.startsWith('--b') ? wire : `--b\r\n${wire}`),
);

const BAD_LINES: readonly MultipartCase[] = [
  ['a line without a colon', withSection(FIELD, 'x')],
  ['a name with a blank', withSection('Content-Disposition : form-data; name="a"')],
  ['an empty name of a field', withSection(FIELD, ': x')],
  ['a folded line', withSection('Content-Disposition: form-data;', ' name="a"')],
  ['a NUL', withSection(FIELD, 'X: \0')],
  ['LF within a line', withSection(`X: y\n${FIELD}`)],
  ['CR within a line', withSection(`X: y\rz`, FIELD)],
  ['LF in a name', named('name="a\nb"')],
  ['two types', withSection(FIELD, 'Content-Type: text/plain', 'Content-Type: text/html')],
  ['a delimiter in place of the empty line', `--b\r\n${FIELD}\r\n--b--\r\n\r\n`],
].map(([name = '', wire = '']) => bad(name, 'ERR_MULTIPART_HEADERS', wire));

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
  ...SECTIONS,
  ...BAD_SECTIONS,
  ...BAD_LINES,
  bad(
    'an encoding',
    'ERR_MULTIPART_ENCODING',
    withSection(FIELD, 'Content-Transfer-Encoding: base64'),
  ),
  ...LIMITS,
  ...TYPES,
];
