/** JSON of a peer. The errors of `JSON.parse` quote its text, which may hold anything: they go nowhere. */

import { IoError } from '@awaitio/core';

/** Parses JSON. @returns `undefined` for a text that is none: no JSON has this value */
export function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Parses a body of JSON. @throws `IoError` for one that is none */
export function parseJson(text: string): unknown {
  const value = tryJson(text);
  if (value !== undefined) return value;
  throw new IoError(`json: expected a body of JSON, got ${notJson(text)}`, {
    code: 'ERR_BODY_NOT_JSON',
    operation: 'json',
  });
}

/** What was received in place of JSON, without any of it. */
export function notJson(text: string): string {
  return text === '' ? 'nothing' : `${text.length} characters that are none`;
}
