/** The Basic scheme: a name and a password with every request (RFC 7617). */

import { InvalidInputError } from '@awaitio/core';
import {
  checkFunction,
  checkOptions,
  invalidInput,
  lazy,
  rules,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Handler } from '../../message/handler.ts';
import { HttpProblem } from '../../message/problem.ts';
import { HttpRequest } from '../../message/request.ts';

/** Options of {@link basicAuth}: `users` or `check`. */
export interface BasicAuthOptions {
  /** Passwords by name. They are compared in a time that says nothing about them. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Whether a name and a password are right. Compare secrets with `timingSafeEqual` of `node:crypto`. */
  readonly check?:
    | ((username: string, password: string, request: HttpRequest) => boolean | Promise<boolean>)
    | undefined;
  /** What the browser's dialog names. @default 'Restricted' */
  readonly realm?: string | undefined;
}

const BASIC_AUTH_OPTIONS: OptionTable<BasicAuthOptions> = {
  users: {
    expected: 'passwords by name: no name has a colon, and no password is empty',
    accepts: (value) =>
      rules.object.accepts(value) &&
      Object.entries(value as object).every(
        ([name, password]) =>
          !name.includes(':') && typeof password === 'string' && password !== '',
      ),
    isSecret: true,
  },
  check: rules.function,
  realm: {
    expected: 'a string of visible ASCII characters and spaces',
    accepts: (value) => typeof value === 'string' && /^[\x20-\x7e]*$/.test(value),
  },
};

const crypto = lazy(() => import('node:crypto'));
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const names = new WeakMap<HttpRequest, string>();

/** The name with which the client of a request has proved itself to {@link basicAuth}; `undefined` when it has not. */
export function basicAuthUser(request: HttpRequest): string | undefined {
  if (request instanceof HttpRequest) return names.get(request);
  throw invalidInput('basicAuthUser', 'request', 'the HttpRequest of the handler', request);
}

/**
 * Lets only requests with a right name and password through (RFC 7617). Any other is answered with 401 and a challenge, and its body is
 * not read.
 *
 * Name and password are UTF-8, in normal form C. They travel readable: use it over TLS only. It slows no one down who guesses: put
 * `rateLimit` around it.
 *
 * @param handler - Answers the requests that are let through; `basicAuthUser(request)` is the name.
 * @param options - `users` or `check`, and `realm`.
 * @throws `InvalidInputError` for a wrong option, and unless there is one of `users` and `check`. What `check` throws fails the request.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { basicAuth, basicAuthUser } from '@awaitio/http/batteries';
 *
 * const handler = basicAuth((request) => HttpResponse.text(`hi ${basicAuthUser(request)}`), {
 *   users: { ada: 'correct horse' },
 * });
 * const server = await serve(handler, { port: 0 });
 * const headers = { Authorization: `Basic ${btoa('ada:correct horse')}` };
 * console.log((await fetch(server.url)).status, await (await fetch(server.url, { headers })).text()); // 401 hi ada
 * await server.shutdown();
 * ```
 */
export function basicAuth(handler: Handler, options: BasicAuthOptions): Handler {
  checkFunction('basicAuth', 'handler', handler);
  checkOptions('basicAuth', options, BASIC_AUTH_OPTIONS);
  const { users, check, realm = 'Restricted' } = options;
  if ((users === undefined) === (check === undefined)) {
    throw new InvalidInputError('basicAuth: expected one of `users` and `check`', 'basicAuth');
  }
  const isRight = check ?? checkOf(users ?? {});
  const challenge = `Basic realm="${realm.replaceAll(/["\\]/g, '\\$&')}", charset="UTF-8"`;
  return async (request, context) => {
    const given = credentialsOf(request.headers.getAll('authorization'));
    if (given !== undefined) {
      const [name, password] = given;
      const right: unknown = await isRight(name, password, request);
      if (right === true) {
        names.set(request, name);
        return handler(request, context);
      }
    }
    throw new HttpProblem(401, {
      detail: 'a name and a password are needed',
      headers: { 'WWW-Authenticate': challenge },
    });
  };
}

/** The name and the password of a request; `undefined` without them, or when they are malformed. */
function credentialsOf(
  fields: readonly string[],
): readonly [name: string, password: string] | undefined {
  const [, encoded] = /^basic +([A-Za-z\d+/]+={0,2})$/i.exec(fields[0] ?? '') ?? [];
  if (encoded === undefined || fields.length !== 1) return undefined;
  let text;
  try {
    text = utf8.decode(Buffer.from(encoded, 'base64')).normalize('NFC');
  } catch {
    return undefined;
  }
  const colon = text.indexOf(':');
  // oxlint-disable-next-line no-control-regex -- RFC 7617 section 2 forbids them
  if (colon === -1 || /[\0-\x1f\x7f]/.test(text)) return undefined;
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Compares digests, which are of one length: neither the length nor the beginning of a password shows in the time. */
function checkOf(
  users: Readonly<Record<string, string>>,
): (name: string, password: string) => Promise<boolean> {
  const passwords = new Map(
    Object.entries(users).map(([name, password]) => [
      name.normalize('NFC'),
      password.normalize('NFC'),
    ]),
  );
  return async (name, password) => {
    const { createHash, timingSafeEqual } = crypto.value ?? (await crypto.load());
    const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();
    const expected = passwords.get(name);
    // An unknown name takes as long.
    const isEqual = timingSafeEqual(digest(password), digest(expected ?? ''));
    return isEqual && expected !== undefined;
  };
}
