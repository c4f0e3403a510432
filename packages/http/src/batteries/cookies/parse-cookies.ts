/** The cookies that a client sends (RFC 6265bis section 4.2). */

import { invalidInput } from '@awaitio/core/lowlevel';
import { trimBlanks } from '../../protocol/vocabulary/lists.ts';

/**
 * Reads a `Cookie` field.
 *
 * A value is percent-decoded, as {@link setCookie} writes it; one that cannot be decoded is kept as it came. Of several cookies of one name the
 * first counts: clients send that with the longest path first. What has no name is left out. Names are case-sensitive.
 *
 * Clients, and hosts of the same site, may set any cookie: only a name with the prefix `__Host-` is this host's own, and only a signed value
 * ({@link CookieSigner}) is the program's own.
 *
 * @param header - `request.headers.get('cookie')`; `null` gives an empty map.
 * @throws `InvalidInputError` for something else.
 *
 * @example
 * ```ts
 * import { parseCookies } from '@awaitio/http/batteries';
 *
 * console.log(parseCookies('theme=dark; name=J%C3%BCrgen').get('name')); // Jürgen
 * ```
 */
export function parseCookies(header: string | null | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  if (header === undefined || header === null) return cookies;
  if (typeof header !== 'string') {
    throw invalidInput('parseCookies', 'header', 'a string, null or undefined', header);
  }
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = trimBlanks(pair.slice(0, equals));
    if (name === '' || cookies.has(name)) continue;
    cookies.set(name, decode(trimBlanks(pair.slice(equals + 1))));
  }
  return cookies;
}

function decode(value: string): string {
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  const bare = isQuoted ? value.slice(1, -1) : value;
  if (!bare.includes('%')) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
