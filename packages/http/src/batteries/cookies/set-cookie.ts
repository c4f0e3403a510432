/**
 * A cookie for a client to keep: the value of a `Set-Cookie` field (RFC 6265bis section 4.1).
 *
 * Not by the package `cookie`: it writes the fields, and checks none of what browsers refuse (prefixes, `SameSite=None`, the size), which is
 * most of this file.
 */

import { InvalidInputError } from '@awaitio/core';
import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import { isToken } from '../../protocol/vocabulary/fields.ts';

/** The attributes of a cookie. Their defaults are the safe ones. */
export interface CookieOptions {
  /** The host that gets it back, with its subdomains. @default the host that sets it, alone */
  readonly domain?: string | undefined;
  /** The path below which it is sent back. @default '/' */
  readonly path?: string | undefined;
  /** How long it is kept, in whole seconds; 0 or less removes it. @default until the browser is closed */
  readonly maxAge?: number | undefined;
  /** When it is removed; `maxAge` counts more. @default until the browser is closed */
  readonly expires?: Date | undefined;
  /** Whether it is sent over TLS only. @default true */
  readonly secure?: boolean | undefined;
  /** Whether it is kept from scripts. @default true */
  readonly httpOnly?: boolean | undefined;
  /** With which requests of other sites it is sent: with none, with links, or with all. @default 'lax' */
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined;
  /** Whether there is one for each site that embeds this one (CHIPS). @default false */
  readonly partitioned?: boolean | undefined;
  /** Which cookies Chrome removes first when there are too many. @default none */
  readonly priority?: 'low' | 'medium' | 'high' | undefined;
}

const COOKIE_OPTIONS: OptionTable<CookieOptions> = {
  domain: {
    expected: 'the name of a host',
    accepts: (value) =>
      typeof value === 'string' &&
      value.length <= 253 &&
      /^\.?[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i.test(value),
  },
  path: {
    expected:
      'a path of at most 1024 visible ASCII characters and spaces that begins with / and has no ;',
    accepts: (value) =>
      typeof value === 'string' &&
      value.length <= 1_024 &&
      /^\/[\x20-\x3a\x3c-\x7e]*$/.test(value) &&
      !value.endsWith(' '),
  },
  maxAge: {
    expected: 'a whole number of seconds',
    accepts: (value) => Number.isSafeInteger(value),
  },
  expires: {
    expected: 'a valid Date from 1601 to 9999',
    accepts: (value) => {
      if (!(value instanceof Date)) return false;
      const year = value.getUTCFullYear();
      return year >= 1_601 && year <= 9_999;
    },
  },
  secure: rules.flag,
  httpOnly: rules.flag,
  sameSite: rules.oneOf('strict', 'lax', 'none'),
  partitioned: rules.flag,
  priority: rules.oneOf('low', 'medium', 'high'),
};

/** The most bytes of a name and a value that clients keep (section 5.6). */
const MOST_BYTES = 4_096;
/** Not a `cookie-octet`, or the percent sign that stands for one. */
const ENCODED = /[^\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+/g;

/**
 * The value of a `Set-Cookie` field.
 *
 * The value is percent-encoded where a cookie cannot hold a character, so nothing in it can end it. The prefixes of names hold what they
 * promise: `__Secure-` has to be `secure`, `__Host-` also needs the path `/` and no domain, `__Http-` and `__Host-Http-` also `httpOnly`.
 *
 * @param name - A token, case-sensitive.
 * @param value - Any text; name and encoded value have at most 4096 bytes.
 * @param options - See {@link CookieOptions}.
 * @throws `InvalidInputError` for a wrong argument, a cookie that is too large, and one that browsers would refuse: a prefix whose promise is not
 * kept, `sameSite: 'none'` or `partitioned` without `secure`.
 *
 * @example
 * ```ts
 * import { setCookie } from '@awaitio/http/batteries';
 *
 * console.log(setCookie('__Host-session', 'a b', { maxAge: 3600 }));
 * // __Host-session=a%20b; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax
 * ```
 */
export function setCookie(name: string, value: string, options?: CookieOptions): string {
  return cookie('setCookie', name, value, options);
}

/**
 * The value of a `Set-Cookie` field that removes a cookie.
 *
 * @param name - Its name.
 * @param options - Those with which it was set: `domain` and `path` name it as well.
 * @throws as {@link setCookie}
 */
export function clearCookie(name: string, options?: CookieOptions): string {
  if (options !== undefined) checkOptions('clearCookie', options, COOKIE_OPTIONS);
  const { domain, path, secure, httpOnly, sameSite, partitioned } = options ?? {};
  const kept = { domain, path, secure, httpOnly, sameSite, partitioned };
  return cookie('clearCookie', name, '', { ...kept, maxAge: 0, expires: new Date(0) });
}

function cookie(
  operation: string,
  name: string,
  value: string,
  given: CookieOptions | undefined,
): string {
  if (typeof name !== 'string' || !isToken(name)) {
    throw invalidInput(operation, 'name', 'a token', name);
  }
  if (typeof value !== 'string') {
    const message = `${operation}: expected \`value\` to be a string, got a value of type ${typeof value}`;
    throw new InvalidInputError(message, operation);
  }
  if (given !== undefined) checkOptions(operation, given, COOKIE_OPTIONS);
  const options = given ?? {};
  const { path = '/', secure = true, httpOnly = true, sameSite = 'lax' } = options;
  checkPromises(operation, name, { ...options, domain: options.domain, path, secure, httpOnly });
  if (!secure && (sameSite === 'none' || options.partitioned === true)) {
    throw refused(operation, "`secure` for a cookie with `sameSite: 'none'` or `partitioned`");
  }
  const pair = `${name}=${encode(operation, value)}`;
  if (pair.length > MOST_BYTES) {
    throw refused(operation, `a name and an encoded value of at most ${MOST_BYTES} bytes`);
  }
  const { domain, maxAge, expires, partitioned, priority } = options;
  return [
    pair,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    `Path=${path}`,
    ...(maxAge === undefined ? [] : [`Max-Age=${Math.max(0, maxAge)}`]),
    ...(expires === undefined ? [] : [`Expires=${expires.toUTCString()}`]),
    ...(secure ? ['Secure'] : []),
    ...(httpOnly ? ['HttpOnly'] : []),
    `SameSite=${capital(sameSite)}`,
    ...(partitioned === true ? ['Partitioned'] : []),
    ...(priority === undefined ? [] : [`Priority=${capital(priority)}`]),
  ].join('; ');
}

/** Section 4.1.3. Clients compare the prefixes without case. */
function checkPromises(operation: string, name: string, options: CookieOptions): void {
  const prefix = /^__(?:host-http|host|secure|http)-/i.exec(name)?.[0].toLowerCase();
  if (prefix === undefined) return;
  if (options.secure !== true) throw refused(operation, `\`secure\` for a name with ${prefix}`);
  if (prefix.startsWith('__host-') && (options.domain !== undefined || options.path !== '/')) {
    throw refused(operation, `the path / and no \`domain\` for a name with ${prefix}`);
  }
  if (prefix.endsWith('http-') && options.httpOnly !== true) {
    throw refused(operation, `\`httpOnly\` for a name with ${prefix}`);
  }
}

function encode(operation: string, value: string): string {
  try {
    return value.replace(ENCODED, encodeURIComponent);
  } catch (cause) {
    // Half of a surrogate pair.
    throw new InvalidInputError(
      `${operation}: expected \`value\` to be well-formed text`,
      operation,
      cause,
    );
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function refused(operation: string, expected: string): InvalidInputError {
  return new InvalidInputError(
    `${operation}: expected ${expected}; browsers refuse it otherwise`,
    operation,
  );
}
