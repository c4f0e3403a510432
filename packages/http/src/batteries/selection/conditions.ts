/**
 * Conditional requests (RFC 9110 section 13): decided from the request's fields and the validators of what is there, in the
 * order of section 13.2.2. Nothing here knows a file, so a table can test it.
 */

import type { Headers } from '../../protocol/vocabulary/headers.ts';
import { entityTags, isSameStrongly, isSameWeakly } from './entity-tag.ts';
import { parseHttpDate } from './http-date.ts';

/** What a representation is compared by. */
export interface Validators {
  /** The entity tag, with its quotes. */
  readonly etag?: string | undefined;
  /** Milliseconds since 1970, of which HTTP sees whole seconds. */
  readonly lastModified?: number | undefined;
}

/** `proceed`: perform the method · 304 and 412: respond with that instead. */
export type Verdict = 'proceed' | 304 | 412;

/** The fields of a request that a condition is made of. */
export interface ConditionalRequest {
  readonly method: string;
  readonly headers: Pick<Headers, 'get'>;
}

/**
 * Decides `If-Match`, `If-Unmodified-Since`, `If-None-Match` and `If-Modified-Since`.
 *
 * @param validators - Those of the selected representation; `undefined` when there is none.
 */
export function evaluateConditions(
  { method, headers }: ConditionalRequest,
  validators: Validators | undefined,
): Verdict {
  const isRead = method === 'GET' || method === 'HEAD';
  const ifMatch = headers.get('if-match');
  const ifNoneMatch = headers.get('if-none-match');
  // A date counts only where the same question is not asked with tags (sections 13.1.3 and 13.1.4).
  if (ifMatch !== null) {
    if (!matches(ifMatch, validators, isSameStrongly)) return 412;
  } else if (isAfter(validators, headers.get('if-unmodified-since')) === true) {
    return 412;
  }
  if (ifNoneMatch !== null) {
    if (matches(ifNoneMatch, validators, isSameWeakly)) return isRead ? 304 : 412;
  } else if (isRead && isAfter(validators, headers.get('if-modified-since')) === false) {
    return 304;
  }
  return 'proceed';
}

/**
 * Whether `Range` applies: without an `If-Range`, or with one that names the representation as it is (section 13.1.5).
 *
 * A tag is compared strongly. A date has to be the very `Last-Modified`: a later one says nothing of bytes that changed
 * within the same second.
 */
export function rangeApplies({ headers }: ConditionalRequest, validators: Validators): boolean {
  const condition = headers.get('if-range')?.trim();
  if (condition === undefined) return true;
  const { etag, lastModified } = validators;
  if (condition.endsWith('"')) return etag !== undefined && isSameStrongly(condition, etag);
  if (lastModified === undefined) return false;
  return parseHttpDate(condition, lastModified) === wholeSeconds(lastModified);
}

function matches(
  value: string,
  validators: Validators | undefined,
  isSame: (a: string, b: string) => boolean,
): boolean {
  const tags = entityTags(value);
  if (tags === undefined || validators === undefined) return false;
  if (tags === '*') return true;
  const { etag } = validators;
  return etag !== undefined && tags.some((tag) => isSame(tag, etag));
}

/** Whether it was modified after a date; `undefined` without a valid date, or nothing to compare it with. */
function isAfter(validators: Validators | undefined, date: string | null): boolean | undefined {
  const lastModified = validators?.lastModified;
  if (date === null || lastModified === undefined) return undefined;
  const time = parseHttpDate(date.trim(), lastModified);
  return time === undefined ? undefined : wholeSeconds(lastModified) > time;
}

function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000) * 1_000;
}
