/** The request that follows a redirect: RFC 9110 section 15.4, as the Fetch standard and Go interpret it. */

import type { SentBody } from './connections/failure.ts';
import { isReplayable, type BodyFunction } from './content/request-body.ts';
import { parseTarget, type Target } from './routes/target.ts';
import type { FieldList } from '../protocol/vocabulary/fields.ts';

/** What is repeated at another place. */
export interface Redirectable {
  readonly method: string;
  readonly fields: FieldList;
  readonly body: SentBody | BodyFunction | undefined;
  /** The length of a streamed body, when it is known. */
  readonly length: number | undefined;
}

export interface Redirected extends Redirectable {
  readonly target: Target;
}

/** Fields that describe a body: dropped together with it. */
const BODY_FIELDS: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
]);
/** Fields that must not be sent to another origin. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'proxy-authorization',
]);

/** Why a redirect is not followed: for people. */
export type NotFollowed = string;

/** What a redirect is read from. */
interface Redirecting {
  readonly status: number;
  readonly headers: { getAll(name: string): string[] };
}

/**
 * The request that a response redirects to; a text that says why it is not followed; `undefined` when the response is no
 * redirect. A streamed body cannot be sent again.
 */
export function redirectOf(
  response: Redirecting,
  request: Redirectable,
  target: Target,
): Redirected | NotFollowed | undefined {
  const { status } = response;
  if (status < 301 || status > 308 || (status > 303 && status < 307)) return undefined;
  const locations = new Set(response.headers.getAll('location'));
  const [location] = locations;
  if (location === undefined) return undefined;
  if (locations.size > 1) return 'it has two Location fields that differ';
  const next = followed(location, target);
  if (typeof next === 'string') return next;
  const becomesGet =
    (status === 303 && request.method !== 'HEAD') || (status < 303 && request.method === 'POST');
  if (!becomesGet && !isReplayable(request.body)) {
    return 'the body of the request is a stream, which cannot be sent again; give a function that makes it';
  }
  const isForeign = next.origin !== target.origin;
  const { authorization } = next;
  const fields = request.fields.filter((_, index, all) => {
    const name = (all[index - (index % 2)] as string).toLowerCase();
    if (authorization !== undefined && name === 'authorization') return false;
    return !(isForeign && SECRET_FIELDS.has(name)) && !(becomesGet && BODY_FIELDS.has(name));
  });
  return {
    target: next,
    method: becomesGet ? 'GET' : request.method,
    fields: authorization === undefined ? fields : [...fields, 'Authorization', authorization],
    body: becomesGet ? undefined : request.body,
    length: becomesGet ? undefined : request.length,
  };
}

/** The target that a `Location` names; or why it is none. */
function followed(location: string, from: Target): Target | NotFollowed {
  let url: URL;
  try {
    url = new URL(utf8Of(location), from.url);
  } catch {
    return 'its Location is no URL';
  }
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
  const isSocket = url.protocol === 'http+unix:' && from.origin === `http+unix://${url.host}`;
  // A server must not be able to reach the files and sockets of its client.
  if (!isWeb && !isSocket) return 'its Location has another scheme than http: or https:';
  // RFC 9110 section 10.2.2.
  if (url.hash === '') url.hash = new URL(from.url).hash;
  return parseTarget(url);
}

/** A `Location` is read as latin1; servers send UTF-8, as browsers take it. */
function utf8Of(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}
