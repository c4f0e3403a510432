/** Which fields of a message a proxy passes on. */

import type { Headers } from '@awaitio/http';

/** Fields of one connection (RFC 9110 section 7.6.1) are not passed on, nor those that `serve` sets. */
const HOP =
  /^(?:connection|keep-alive|te|trailer|transfer-.*|content-length|upgrade|expect|proxy-.*)$/i;
export function passedOn(headers: Headers): [string, string][] {
  const named = (headers.get('connection') ?? '').toLowerCase().split(/[\s,]+/);
  return [...headers].filter(([name]) => !HOP.test(name) && !named.includes(name.toLowerCase()));
}
