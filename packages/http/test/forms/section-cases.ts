/** Header sections of parts: what is read from them, and what is refused. */

import { FIELD, utf8, withSection, named, A, good, bad } from './case-parts.ts';
import type { MultipartCase } from './multipart-case.ts';

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
  good('a path that ends upwards', named('name="a"; filename="x/.."'), { ...A, filename: '' }),
  good('two dots', named('name="a"; filename=".."'), { ...A, filename: '' }),
  good('three dots', named('name="a"; filename="..."'), { ...A, filename: '...' }),
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

export const SECTION_CASES: readonly MultipartCase[] = [
  ...SECTIONS,
  ...BAD_SECTIONS,
  ...BAD_LINES,
  bad(
    'an encoding',
    'ERR_MULTIPART_ENCODING',
    withSection(FIELD, 'Content-Transfer-Encoding: base64'),
  ),
];
