/**
 * Parameters behind a media type or a disposition: `; name=value; name="value"`.
 *
 * Read strictly, and each name once: two readers that disagree on a boundary or a name are a way past the first of them.
 */

import { trimBlanks } from '../protocol/vocabulary/lists.ts';

const NAME = /[!#$%&'*+\-.^_`|~\dA-Za-z]+/y;
/** More than a token has: `=`, `/` and `:` stand in boundaries of mail libraries, unquoted against RFC 2045. */
const VALUE = /[!#$%&'()*+,\-./:=?^_`|~\dA-Za-z]+/y;
const BLANKS = /[\t ]*/y;

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** The text between two quotes, and where it ends; `undefined` when it does not. */
type ReadQuoted = (
  text: string,
  start: number,
) => readonly [value: string, end: number] | undefined;

/**
 * A `quoted-string` of RFC 9110 section 5.6.4, in which a backslash stands before the character that is meant.
 *
 * @param start - Behind the first quote.
 */
export const readEscaped: ReadQuoted = (text, start) => {
  let value = '';
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return [value, at + 1];
    if (character === '\\') at += 1;
    value += text.charAt(at);
  }
  return undefined;
};

/** As browsers write names of fields and files: to the next quote; a backslash is a character like others. */
export const readToQuote: ReadQuoted = (text, start) => {
  const end = text.indexOf('"', start);
  return end === -1 ? undefined : [text.slice(start, end), end + 1];
};

/**
 * Reads a value with parameters.
 *
 * @returns The value before them and the parameters, with names in lower case; `undefined` when it is malformed, or has a
 * parameter twice.
 */
export function parseParameters(
  text: string,
  readQuoted: ReadQuoted,
): readonly [value: string, parameters: ReadonlyMap<string, string>] | undefined {
  const semicolon = text.indexOf(';');
  const value = trimBlanks(semicolon === -1 ? text : text.slice(0, semicolon));
  const parameters = new Map<string, string>();
  let at = semicolon === -1 ? text.length : semicolon;
  while (at < text.length) {
    at += 1;
    at += match(BLANKS, text, at).length;
    // An empty parameter, such as a semicolon at the end.
    if (at === text.length || text.charAt(at) === ';') continue;
    const name = match(NAME, text, at);
    at += name.length;
    if (name === '' || text.charAt(at) !== '=') return undefined;
    at += 1;
    let read: string;
    if (text.charAt(at) === '"') {
      const quoted = readQuoted(text, at + 1);
      if (quoted === undefined) return undefined;
      [read, at] = quoted;
    } else {
      read = match(VALUE, text, at);
      if (read === '') return undefined;
      at += read.length;
    }
    at += match(BLANKS, text, at).length;
    if (at < text.length && text.charAt(at) !== ';') return undefined;
    const key = name.toLowerCase();
    if (parameters.has(key)) return undefined;
    parameters.set(key, read);
  }
  return [value.toLowerCase(), parameters];
}
