/** What a span says of a URL: neither the credentials nor the values of its query, which often are secrets. */

/** In place of what is not shown (semantic conventions for `url.query`). */
const REDACTED = 'REDACTED';

/**
 * A query without its values, but for those of these names. A part without `=` may be a secret itself.
 *
 * @param query - Without the question mark.
 */
export function redactedQuery(query: string, shown: ReadonlySet<string>): string {
  return query
    .split('&')
    .map((part) => {
      const end = part.indexOf('=');
      if (end === -1) return part === '' ? part : REDACTED;
      const name = part.slice(0, end);
      return shown.has(name) ? part : `${name}=${REDACTED}`;
    })
    .join('&');
}

/** A path and its query, as sent, apart from each other; no fragment, which is not sent. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const start = target.indexOf('?');
  return start === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, start), query: target.slice(start + 1) };
}

/** The URL of a request without secrets. */
export function redactedUrl(origin: string, target: string, shown: ReadonlySet<string>): string {
  const { path, query } = splitTarget(target);
  const url = origin + path;
  return query === '' ? url : `${url}?${redactedQuery(query, shown)}`;
}
