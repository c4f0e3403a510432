/** Method names as llhttp numbers them (`llhttp_get_method`), and which of them are idempotent. */

/** llhttp's HTTP methods by number; those between SOURCE and QUERY belong to other protocols. */
const METHODS: Readonly<Record<number, string>> = {
  0: 'DELETE',
  1: 'GET',
  2: 'HEAD',
  3: 'POST',
  4: 'PUT',
  5: 'CONNECT',
  6: 'OPTIONS',
  7: 'TRACE',
  8: 'COPY',
  9: 'LOCK',
  10: 'MKCOL',
  11: 'MOVE',
  12: 'PROPFIND',
  13: 'PROPPATCH',
  14: 'SEARCH',
  15: 'UNLOCK',
  16: 'BIND',
  17: 'REBIND',
  18: 'UNBIND',
  19: 'ACL',
  20: 'REPORT',
  21: 'MKACTIVITY',
  22: 'CHECKOUT',
  23: 'MERGE',
  24: 'M-SEARCH',
  25: 'NOTIFY',
  26: 'SUBSCRIBE',
  27: 'UNSUBSCRIBE',
  28: 'PATCH',
  29: 'PURGE',
  30: 'MKCALENDAR',
  31: 'LINK',
  32: 'UNLINK',
  33: 'SOURCE',
  46: 'QUERY',
};

/** The name for llhttp's method number; `undefined` for one of another protocol. */
export function methodOf(number: number): string | undefined {
  return METHODS[number];
}

const IDEMPOTENT: ReadonlySet<string> = new Set([
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'QUERY',
  'TRACE',
]);

/** Reports whether sending the request twice means the same as once (RFC 9110 section 9.2.2). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
