/** Entity tags (RFC 9110 section 8.8.3): what a representation is compared by. */

/** The lists of `If-Match` and `If-None-Match`, as `*` or as single tags. */
export type EntityTags = '*' | readonly string[];

/** An entity tag, anywhere in a list: opaque text in quotes, `W/` before it where it is weak. */
const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/y;
const SEPARATOR = /[\t ]*(?:,[\t ]*)*/y;

/** Whether a text is an entity tag. */
export function isEntityTag(text: string): boolean {
  return /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(text);
}

/**
 * Reads the value of `If-Match` or `If-None-Match`.
 *
 * @returns `undefined` for a value that is no list of tags: it matches nothing.
 */
export function entityTags(value: string): EntityTags | undefined {
  if (value.trim() === '*') return '*';
  const tags: string[] = [];
  let at = skip(SEPARATOR, value, 0);
  while (at < value.length) {
    const end = skip(TAG, value, at);
    if (end === at) return undefined;
    tags.push(value.slice(at, end));
    const next = skip(SEPARATOR, value, end);
    if (next < value.length && !value.slice(end, next).includes(',')) return undefined;
    at = next;
  }
  return tags.length === 0 ? undefined : tags;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

/** The strong comparison (RFC 9110 section 8.8.3.2): both are strong, and the same. */
export function isSameStrongly(a: string, b: string): boolean {
  return a === b && !a.startsWith('W/');
}

/** The weak comparison: the same, whether they are weak or not. */
export function isSameWeakly(a: string, b: string): boolean {
  return opaqueOf(a) === opaqueOf(b);
}

function opaqueOf(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
