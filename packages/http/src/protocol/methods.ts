/** Method names as llhttp numbers them (`llhttp_get_method`), and what HTTP says of some of them. */

/** llhttp's number of QUERY; the numbers between SOURCE and it belong to other protocols that llhttp knows. */
const QUERY = 46;

/** llhttp's HTTP methods by number. */
const METHODS: readonly string[] = [
  'DELETE',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'COPY',
  'LOCK',
  'MKCOL',
  'MOVE',
  'PROPFIND',
  'PROPPATCH',
  'SEARCH',
  'UNLOCK',
  'BIND',
  'REBIND',
  'UNBIND',
  'ACL',
  'REPORT',
  'MKACTIVITY',
  'CHECKOUT',
  'MERGE',
  'M-SEARCH',
  'NOTIFY',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'PATCH',
  'PURGE',
  'MKCALENDAR',
  'LINK',
  'UNLINK',
  'SOURCE',
];

/** The name of llhttp's method number; `undefined` for one that is not HTTP's. */
export function methodOf(number: number): string | undefined {
  return number === QUERY ? 'QUERY' : METHODS[number];
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
