/** Queries and forms, given as values. */

import { invalidInput } from '@awaitio/core/lowlevel';

type Value = string | number | boolean | bigint | null | undefined;

/**
 * Names and values for a query or a form: a record (a list as value repeats the name, `undefined` leaves it out, `null` is
 * empty), or `URLSearchParams`, or pairs.
 */
export type Entries =
  | URLSearchParams
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, Value | readonly Value[]>>;

/**
 * Encodes as `application/x-www-form-urlencoded`.
 *
 * @param name - What it is: `query`, `form`.
 * @throws `InvalidInputError` for what are no entries, and for values that are objects.
 */
export function encodeEntries(name: string, entries: Entries): string {
  if (entries instanceof URLSearchParams) return entries.toString();
  if (typeof entries !== 'object' || entries === null) throw noEntries(name, entries);
  const params = new URLSearchParams();
  if (Symbol.iterator in entries) {
    for (const pair of entries as Iterable<unknown>) {
      if (!Array.isArray(pair) || pair.length !== 2) throw noEntries(name, entries);
      append(params, name, String(pair[0]), pair[1]);
    }
    return params.toString();
  }
  for (const key of Object.keys(entries)) {
    const value = (entries as Record<string, unknown>)[key];
    if (Array.isArray(value)) for (const each of value) append(params, name, key, each);
    else append(params, name, key, value);
  }
  return params.toString();
}

function append(params: URLSearchParams, name: string, key: string, value: unknown): void {
  if (value === undefined) return;
  if (value !== null && (typeof value === 'object' || typeof value === 'function')) {
    const expected = 'a string, number, boolean, null or a list of them';
    throw invalidInput('request', `${name}.${key.slice(0, 64)}`, expected, value);
  }
  if (typeof value === 'symbol') {
    throw invalidInput('request', `${name}.${key.slice(0, 64)}`, 'a string', value);
  }
  // oxlint-disable-next-line typescript/no-base-to-string -- objects are refused above
  params.append(key, value === null ? '' : String(value));
}

function noEntries(name: string, got: unknown): Error {
  return invalidInput('request', name, 'a record, URLSearchParams or pairs of strings', got);
}
