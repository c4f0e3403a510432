/**
 * A second reader of requests, as strict as the RFCs and as slow as regular expressions over the whole text.
 *
 * It shares nothing with the connection or its parser. What the connection takes for a request this reader must take for
 * the same request, with the same fields and the same body: a message that two readers frame in two ways is how requests
 * are smuggled. The other way round they may differ, for the connection knows fewer methods and forms of targets; where
 * only well-known ones come, it must take them.
 */

import { trimBlanks } from '../wire/arbitrary.ts';

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const BLANK_LINES = /(?:\r\n){0,4}/y;
const REQUEST_LINE = new RegExp(`(${TOKEN}+) ([!-~]+) HTTP/1\\.([01])\\r\\n`, 'y');
const FIELD = new RegExp(`(${TOKEN}+):([\\t\\x20-\\x7e\\x80-\\xff]*)\\r\\n`, 'y');
const EMPTY_LINE = /\r\n/y;
const QUOTED =
  '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
// Of an extension only its end matters: the parser takes some without a name or a value (`;;a`, `;a=`).
const SIZE_LINE = new RegExp(
  `0*([0-9A-Fa-f]{1,16})((?:;(?:${QUOTED}|${TOKEN}|[;=])*)?)\\r\\n`,
  'y',
);
const EXTENSIONS = new RegExp(`^(?:;${TOKEN}+(?:=(?:${QUOTED}|${TOKEN}+))?)*$`);
const HOST =
  /^(?:(?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

type Pairs = (readonly [name: string, value: string])[];

/** What is there is not a request, or not the whole of one. */
class Stop extends Error {}

class Reader {
  readonly lines: string[] = [];
  /** Whether all of the text was taken, or as much as a connection takes, and nothing in it was odd. */
  isWhole = false;
  readonly #text: string;
  #at = 0;
  #isOdd = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(): void {
    try {
      while (this.#at < this.#text.length && this.#request());
      this.isWhole = !this.#isOdd;
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
  }

  /** Reads a request; whether another may follow. */
  #request(): boolean {
    this.#match(BLANK_LINES);
    const [, method, target, minor] = this.#match(REQUEST_LINE) as unknown as string[];
    const fields = this.#fields();
    const isOld = minor === '0';
    checkHost(valuesOf(fields, 'host'), isOld);
    const framing = framingOf(fields, isOld);
    const options = listOf(fields, 'connection');
    const isLast = options.includes('close') || (isOld && !options.includes('keep-alive'));
    const isUpgrade =
      method === 'CONNECT' ||
      (!isOld &&
        framing === 0 &&
        options.includes('upgrade') &&
        valuesOf(fields, 'upgrade').some((protocol) => protocol !== ''));
    const expects = !isOld && listOf(fields, 'expect').includes('100-continue');
    const length =
      framing === 'chunked' ? ' unknown-length' : framing > 0 ? ` length=${framing}` : '';
    const flags = [
      isOld ? ' (1.0)' : '',
      length,
      expects ? ' expects-continue' : '',
      isUpgrade ? ' upgrade' : '',
      isLast ? ' close' : '',
    ];
    this.lines.push(
      `${method} ${target}${flags.join('')}`,
      ...fields.map(([name, value]) => `  ${name}: ${value}`),
    );
    const trailers = framing === 'chunked' ? this.#chunks() : this.#body(framing);
    this.lines.push('end', ...trailers.map(([name, value]) => `  ${name}: ${value}`));
    return !isLast && method !== 'CONNECT';
  }

  #fields(): Pairs {
    const fields: Pairs = [];
    for (;;) {
      FIELD.lastIndex = this.#at;
      const match = FIELD.exec(this.#text);
      if (match === null) break;
      this.#at = FIELD.lastIndex;
      const [, name = '', value = ''] = match;
      fields.push([name, trimBlanks(value)]);
    }
    this.#match(EMPTY_LINE);
    return fields;
  }

  #body(length: number): Pairs {
    const data = this.#text.slice(this.#at, this.#at + length);
    this.#data(data);
    if (data.length < length) throw new Stop();
    this.#at += length;
    return [];
  }

  #chunks(): Pairs {
    let data = '';
    try {
      for (;;) {
        const [, digits, extensions] = this.#match(SIZE_LINE) as unknown as [
          string,
          string,
          string,
        ];
        this.#isOdd ||= !EXTENSIONS.test(extensions);
        const size = Number.parseInt(digits, 16);
        if (size === 0) break;
        const chunk = this.#text.slice(this.#at, this.#at + size);
        data += chunk;
        this.#at += size;
        this.#match(EMPTY_LINE);
      }
    } finally {
      this.#data(data);
    }
    const trailers = this.#fields();
    // The parser refuses framing that comes too late to frame anything.
    this.#isOdd ||= trailers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name));
    return trailers;
  }

  #data(data: string): void {
    if (data !== '') this.lines.push(`data ${JSON.stringify(data)}`);
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw new Stop();
    this.#at = pattern.lastIndex;
    return match;
  }
}

const valuesOf = (fields: Pairs, name: string): string[] =>
  fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);

const listOf = (fields: Pairs, name: string): string[] =>
  valuesOf(fields, name)
    .join(',')
    .split(',')
    .map((element) => trimBlanks(element).toLowerCase());

function checkHost(hosts: readonly string[], isOld: boolean): void {
  if (hosts.length === 0 && isOld) return;
  if (hosts.length !== 1 || !HOST.test(hosts.join(''))) throw new Stop();
}

function framingOf(fields: Pairs, isOld: boolean): 'chunked' | number {
  const codings = valuesOf(fields, 'transfer-encoding');
  const lengths = valuesOf(fields, 'content-length');
  if (codings.length > 0) {
    const isFine = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked' && !isOld;
    if (!isFine || lengths.length > 0) throw new Stop();
    return 'chunked';
  }
  if (lengths.length === 0) return 0;
  const [length] = lengths as [string];
  if (lengths.length > 1 || !/^(?:0|[1-9]\d*)$/.test(length)) throw new Stop();
  return Number(length);
}

/**
 * What is wrong with what a connection made of the text; `undefined` when the reference read the same.
 *
 * @param isLimited - Whether the connection may have refused for a limit what it could have taken.
 */
export function disagreement(
  text: string,
  observed: readonly string[],
  isLimited: boolean,
): string | undefined {
  const reader = new Reader(text);
  reader.read();
  const reference = reader.lines;
  const lines = observed.filter((line) => !line.startsWith('refused ') && line !== 'closed');
  for (const [index, line] of lines.entries()) {
    const expected = reference[index] ?? 'nothing';
    const isPartOfData =
      index === lines.length - 1 &&
      line.startsWith('data "') &&
      expected.startsWith(line.slice(0, -1));
    if (line !== expected && !isPartOfData) {
      return `the connection read ${JSON.stringify(line)}, the reference ${JSON.stringify(expected)}`;
    }
  }
  const isOwed =
    !isLimited && reader.isWhole && reference.every(isPlain) && lines.length < reference.length;
  return isOwed ? `the reference read ${JSON.stringify(reference[lines.length])} also` : undefined;
}

/** Whether a line is of a body, a harmless field, or a start line that every server knows. */
const isPlain = (line: string): boolean =>
  /^(?:end$|data ")/.test(line) ||
  /^ {2}(?!expect:)/i.test(line) ||
  /^(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH) \/[\w/?=&%]*( |$)/.test(line);
