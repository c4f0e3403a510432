/** Credentials of a request: RFC 7617 (Basic) and RFC 6750 (bearer). */

import { InvalidInputError } from '@awaitio/core';

/** Credentials, sent as `Authorization`. */
export type Auth =
  | { readonly basic: { readonly username: string; readonly password: string } }
  | { readonly bearer: string };

/** The value of `Authorization` for a name and a password, as UTF-8. */
export function basicCredentials(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

const BEARER = /^[A-Za-z0-9\-._~+/]+=*$/;
const EXPECTED = '{ basic: { username, password } } or { bearer }';

/**
 * The value of `Authorization`.
 *
 * @param operation - The call that received the credentials.
 * @throws `InvalidInputError`, which shows nothing of them, for what is neither kind, a name with a colon, a token with a
 * character that no token has.
 */
export function authorizationOf(operation: string, auth: Auth): string {
  const { basic, bearer } = (auth ?? {}) as { readonly basic?: unknown; readonly bearer?: unknown };
  if (typeof bearer === 'string' && basic === undefined) {
    if (BEARER.test(bearer)) return `Bearer ${bearer}`;
    throw refused(operation, 'auth.bearer', 'a token (RFC 6750)');
  }
  if (typeof basic === 'object' && basic !== null && bearer === undefined) {
    const { username, password } = basic as Record<string, unknown>;
    if (typeof username === 'string' && typeof password === 'string' && !username.includes(':')) {
      return basicCredentials(username, password);
    }
    const expected = '{ username, password }, two strings, no colon in the first';
    throw refused(operation, 'auth.basic', expected);
  }
  throw refused(operation, 'auth', EXPECTED);
}

/** Shows nothing of what was given. */
function refused(operation: string, name: string, expected: string): InvalidInputError {
  return new InvalidInputError(
    `${operation}: expected \`${name}\` to be ${expected}, got something else, which is not shown`,
    operation,
  );
}
