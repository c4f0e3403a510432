/** Cookies whose values only this program can make: HMAC with SHA-256 (RFC 2104). */

import { InvalidInputError, systemClock } from '@awaitio/core';
import {
  budgetOf,
  checkOptions,
  invalidInput,
  isBytes,
  lazy,
  type OptionTable,
} from '@awaitio/core/lowlevel';

/** Options of a {@link CookieSigner}. */
export interface CookieSignerOptions {
  /**
   * Secrets of at least 32 bytes, of `randomBytes(32)` for instance. The first signs, all of them verify: to change the secret, put the new
   * one before the old one, and remove that when its cookies have expired.
   */
  readonly keys: readonly (string | Uint8Array)[];
}

const LEAST_BYTES = 32;
type Key = string | Uint8Array;

const isKey = (key: unknown): boolean =>
  typeof key === 'string'
    ? Buffer.byteLength(key) >= LEAST_BYTES
    : isBytes(key) && key.length >= LEAST_BYTES;

const COOKIE_SIGNER_OPTIONS: OptionTable<CookieSignerOptions> = {
  keys: {
    expected: `a list of secrets, each of at least ${LEAST_BYTES} bytes`,
    accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isKey),
    isSecret: true,
  },
};

/** Loaded on first use: it takes some milliseconds. */
const crypto = lazy(() => import('node:crypto'));

/**
 * Signs the values of cookies. A signature is of the name and the value: the value of one cookie is not valid in another.
 *
 * Signed is not encrypted: the client can read it. And a signed value stays valid as long as its key: put a time into it that you check.
 *
 * @example
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { CookieSigner, setCookie } from '@awaitio/http/batteries';
 *
 * const signer = new CookieSigner({ keys: [randomBytes(32)] });
 * const field = setCookie('__Host-user', await signer.sign('__Host-user', 'ada'));
 * const sent = /=([^;]*)/.exec(field)?.[1] ?? '';
 * console.log(await signer.verify('__Host-user', sent)); // ada
 * console.log(await signer.verify('__Host-admin', sent)); // undefined
 * ```
 */
export class CookieSigner {
  readonly #keys: readonly [Key, ...Key[]];

  /** @throws `InvalidInputError` for a wrong option, such as a short secret. */
  constructor(options: CookieSignerOptions) {
    checkOptions('CookieSigner', options, COOKIE_SIGNER_OPTIONS);
    const [first, ...others] = options.keys ?? [];
    if (first === undefined) {
      throw invalidInput('CookieSigner', 'keys', COOKIE_SIGNER_OPTIONS.keys.expected, undefined);
    }
    this.#keys = [first, ...others];
  }

  /**
   * A value with its signature: `value.signature`.
   *
   * @param name - The name of the cookie.
   * @param value - Any text.
   * @throws `InvalidInputError` for what is no string.
   */
  async sign(name: string, value: string): Promise<string> {
    await checkText('sign', 'name', name);
    await checkText('sign', 'value', value);
    return `${value}.${(await macOf(this.#keys[0], name, value)).toString('base64url')}`;
  }

  /**
   * The value, if this program has signed it for this cookie. The time that it takes says nothing about the signature.
   *
   * @param name - The name of the cookie.
   * @param signed - What the client sent; `undefined` when it sent none.
   * @returns The value without its signature; `undefined` when that is missing or wrong.
   * @throws `InvalidInputError` for what is no string.
   */
  async verify(name: string, signed: string | undefined): Promise<string | undefined> {
    await checkText('verify', 'name', name);
    if (signed === undefined) return undefined;
    await checkText('verify', 'signed', signed);
    const dot = signed.lastIndexOf('.');
    const signature = signed.slice(dot + 1);
    if (dot === -1 || !/^[\w-]{43}$/.test(signature)) return undefined;
    const value = signed.slice(0, dot);
    const given = Buffer.from(signature, 'base64url');
    const { timingSafeEqual } = crypto.value ?? (await crypto.load());
    let isValid = false;
    // All keys, so that the time does not say which one it was.
    for (const key of this.#keys) {
      const mac = await macOf(key, name, value);
      // Compared as text as well: the last character of base64 has bits to spare.
      if (timingSafeEqual(mac, given) && mac.toString('base64url') === signature) isValid = true;
    }
    return isValid ? value : undefined;
  }
}

/** A name has no `=`, so no other name and value give the same text. */
async function macOf(key: Key, name: string, value: string): Promise<Buffer> {
  const { createHmac } = crypto.value ?? (await crypto.load());
  return createHmac('sha256', key).update(`${name}=${value}`).digest();
}

async function checkText(operation: string, parameter: string, value: unknown): Promise<void> {
  if (typeof value === 'string') return;
  const message = `${operation}: expected \`${parameter}\` to be a string, got a value of type ${typeof value}`;
  await budgetOf(systemClock).fail(new InvalidInputError(message, operation));
}
