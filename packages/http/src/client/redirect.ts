/** The request that follows a redirect: RFC 9110 section 15.4, as the Fetch standard and Go interpret it. */

import type { RequestBody } from './options.ts';
import { parseTarget, type Target } from './target.ts';
import type { FieldList } from '../protocol/vocabulary/fields.ts';

interface Redirectable {
  readonly method: string;
  readonly fields: FieldList;
  readonly body: RequestBody | undefined;
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

/**
 * The request that a response redirects to; `undefined` when it is not a redirect that can be followed. A streamed body
 * cannot be sent again.
 */
export function redirectOf(
  response: {
    readonly status: number;
    readonly headers: { get(name: string): string | undefined };
  },
  request: Redirectable,
  target: Target,
): Redirected | undefined {
  const { status } = response;
  if (status < 301 || status > 308 || (status > 303 && status < 307)) return undefined;
  const location = response.headers.get('location');
  if (location === undefined) return undefined;
  let next: Target;
  try {
    next = parseTarget(new URL(location, target.url));
  } catch {
    return undefined;
  }
  const becomesGet =
    (status === 303 && request.method !== 'HEAD') || (status < 303 && request.method === 'POST');
  if (
    !becomesGet &&
    request.body !== undefined &&
    typeof request.body === 'object' &&
    !(request.body instanceof Uint8Array)
  ) {
    return undefined;
  }
  const isForeign = next.origin !== target.origin;
  const fields = request.fields.filter((_, index, all) => {
    const name = (all[index - (index % 2)] as string).toLowerCase();
    return !(isForeign && SECRET_FIELDS.has(name)) && !(becomesGet && BODY_FIELDS.has(name));
  });
  return {
    target: next,
    method: becomesGet ? 'GET' : request.method,
    fields,
    body: becomesGet ? undefined : request.body,
  };
}
