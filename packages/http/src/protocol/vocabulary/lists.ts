/**
 * White space and lists as HTTP has them (RFC 9110 sections 5.6.1 and 5.6.3).
 *
 * Not by `trim`, which also removes 0xa0, a valid byte of a value; nor by a regular expression, whose time grows with the
 * square of the blanks that a peer sends.
 */

const SPACE = 32;
const TAB = 9;

/** Reports whether a character's code is white space. */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** The text without white space at its ends. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  return text.slice(start, end);
}

/** The elements of a list of case-insensitive names, in lower case; empty elements count. */
export function elementsOf(list: string): string[] {
  // One element, as nearly every `Connection` has, needs no call into the runtime.
  if (!list.includes(',')) return [trimBlanks(list.toLowerCase())];
  return list.toLowerCase().split(',').map(trimBlanks);
}
