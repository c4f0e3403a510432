/** A second reader of forms, of the whole text at once, and the grammar of the texts that both read. */

import * as fc from 'fast-check';
import type { ExpectedPart, Outcome } from './multipart-case.ts';

const TCHAR = "[!#$%&'*+\\-.^_`|~\\dA-Za-z]";
const LINE = new RegExp(`^(${TCHAR}+):[\\t ]*([\\t\\x20-\\x7e\\x80-\\uffff]*?)[\\t ]*$`);
const VALUE = `"[^"]*"|[!#$%&'()*+,\\-./:=?^_\`|~\\dA-Za-z]+`;
const DISPOSITION = new RegExp(
  `^form-data[\\t ]*((?:;[\\t ]*(?:${TCHAR}+=(?:${VALUE})[\\t ]*)?)*)$`,
  'i',
);
const PARAMETER = new RegExp(`;[\\t ]*(${TCHAR}+)=(${VALUE})`, 'g');

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

/** The part that a section announces, or the error in it. */
function headOf(section: string): Omit<ExpectedPart, 'body'> | string {
  const fields = new Map<string, string[]>();
  for (const line of section === '' ? [] : section.split('\r\n')) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return 'ERR_MULTIPART_HEADERS';
    const key = name.toLowerCase();
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  const dispositions = fields.get('content-disposition') ?? [];
  const [, list] = DISPOSITION.exec(dispositions[0] ?? '') ?? [];
  const pairs = [...(list ?? '').matchAll(PARAMETER)].map(([, name = '', value = '']) => [
    name.toLowerCase(),
    value.replaceAll('"', ''),
  ]);
  const parameters = new Map(pairs as [string, string][]);
  const name = parameters.get('name');
  const filename = parameters.get('filename');
  const isGood =
    dispositions.length === 1 &&
    list !== undefined &&
    parameters.size === pairs.length &&
    name !== undefined &&
    (filename !== undefined || !parameters.has('filename*'));
  if (!isGood) return 'ERR_MULTIPART_DISPOSITION';
  const encoding = fields.get('content-transfer-encoding') ?? [];
  if (encoding.length > 0 && !/^(?:7bit|8bit|binary)$/i.test(encoding.join(', '))) {
    return 'ERR_MULTIPART_ENCODING';
  }
  const types = fields.get('content-type') ?? ['text/plain'];
  if (types.length > 1) return 'ERR_MULTIPART_HEADERS';
  const plain = (text: string): string =>
    text.replace(/%0d/gi, '\r').replace(/%0a/gi, '\n').replaceAll('%22', '"');
  return {
    name: plain(name),
    ...(filename === undefined
      ? {}
      : {
          filename: plain(filename)
            .replace(/^[^]*[/\\]/, '')
            .replace(/^\.{1,2}$/, ''),
        }),
    ...(types[0] === 'text/plain' ? {} : { type: types[0] }),
  };
}

/** What a form is, by its text. */
export function readWhole(wire: string, boundary: string): Outcome {
  const text = `\r\n${wire}`;
  const delimiter = `\r\n--${boundary}`;
  const parts: ExpectedPart[] = [];
  const ends = (end: string): Outcome => ({ parts, end });
  let at = text.indexOf(delimiter);
  for (;;) {
    if (at === -1) return ends('ERR_MULTIPART_TRUNCATED');
    const line = text.slice(at + delimiter.length);
    if (/^--[\t ]*(?:\r\n|$)/.test(line)) return ends('end');
    if (/^(?:--)?[\t ]*\r?$|^-$/.test(line)) return ends('ERR_MULTIPART_TRUNCATED');
    const blanks = /^[\t ]*(?=\r\n)/.exec(line);
    if (blanks === null) return ends('ERR_MULTIPART_DELIMITER');
    const start = at + delimiter.length + blanks[0].length;
    const end = text.indexOf('\r\n\r\n', start);
    if (end === -1) return ends('ERR_MULTIPART_TRUNCATED');
    const head = headOf(utf8(text.slice(start + 2, end)));
    if (typeof head === 'string') return ends(head);
    at = text.indexOf(delimiter, end + 2);
    if (at === -1) {
      const rest = text.slice(end + 4);
      parts.push({ ...head, body: withoutTail(rest, end + 2, text, delimiter), isOpen: true });
      return ends('ERR_MULTIPART_TRUNCATED');
    }
    parts.push({ ...head, body: text.slice(Math.min(end + 4, at), at) });
  }
}

/** The body without what may be the beginning of a delimiter at its end. */
function withoutTail(rest: string, from: number, text: string, delimiter: string): string {
  for (let length = delimiter.length - 1; length > 0; length -= 1) {
    const isTail = text.length - length >= from && text.endsWith(delimiter.slice(0, length));
    if (isTail) return rest.slice(0, Math.max(0, rest.length - length));
  }
  return rest;
}

const oneOf = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

/** What bodies, and what stands between parts, are made of: everything that nearly is a delimiter. */
export const NEAR_DELIMITERS = [
  '\r',
  '\n',
  '\r\n',
  '-',
  '--',
  '--b',
  '--B',
  '\r\n--',
  '\r\n--b',
  'b',
  'x',
  ' ',
  '\xff',
  '\0',
] as const;
const fragment = oneOf(...NEAR_DELIMITERS);
const text = fc.array(fragment, { maxLength: 8 }).map((all) => all.join(''));
const section = fc
  .tuple(
    oneOf('form-data', 'form-data', 'form-data', 'Form-Data ', 'attachment'),
    fc.array(
      oneOf(
        'name="a"',
        'name="a"',
        'name=c',
        ' name="%22;="',
        'filename="f"',
        'filename=""',
        'filename*=x',
        'x="\xc3\xbc"',
        'x=\xfc',
        'y',
        '',
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.array(
      oneOf(
        '\r\nContent-Type: text/html',
        '\r\nX: y',
        '\r\n folded',
        '\r\nContent-Transfer-Encoding: base64',
        '\r\nbad',
      ),
      { maxLength: 1 },
    ),
  )
  .map(
    ([type, parameters, more]) =>
      `Content-Disposition: ${type}; ${parameters.join(';')}${more.join('')}`,
  );
const end = oneOf('\r\n', '\r\n', '\r\n', '\r\n', ' \r\n', '\n', 'c\r\n', '--\r\n', '-');
const part = fc
  .tuple(end, section, oneOf('\r\n\r\n', '\r\n\r\n', '\r\n\r\n', '\r\n', ''), text)
  .map(([line, head, empty, body]) => `--b${line}${head}${empty}${body}\r\n`);

/** Texts that are forms, and texts that nearly are. The boundary is `b`. */
export const formText: fc.Arbitrary<string> = fc
  .tuple(
    oneOf('', '', '', 'preamble\r\n', '\r\n', '\r', '-'),
    fc.array(part, { maxLength: 4 }),
    oneOf('--b--\r\n', '--b--\r\n', '--b--', '--b--x', '--b-', '--b', ''),
    oneOf('', '', '--b\r\n', 'x'),
  )
  .map(([preamble, parts, last, epilogue]) => preamble + parts.join('') + last + epilogue);
