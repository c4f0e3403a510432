/** Keys and certificates, and the contexts that are made of them. */

import type { SecureContext, SecureContextOptions } from 'node:tls';
import { rules, type OptionTable } from '../../vocabulary/check.ts';
import { invalidInput, InvalidInputError } from '../../vocabulary/errors.ts';
import { platform } from '../../vocabulary/platform.ts';
import { isError } from '../../vocabulary/realms.ts';
import { nodeTls } from '../lazy-builtins.ts';

const NAMES = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'crl',
  'ciphers',
  'sigalgs',
  'ecdhCurve',
  'dhparam',
  'honorCipherOrder',
  'minVersion',
  'maxVersion',
  'sessionTimeout',
  'ticketKeys',
] as const;

const CREDENTIALS: ReadonlySet<string> = new Set(NAMES);

/** Keys, certificates and the versions of the protocol: the options of `tls.createSecureContext` that go by these names. */
export interface TlsCredentials extends Pick<SecureContextOptions, (typeof NAMES)[number]> {
  /**
   * A context of `tls.createSecureContext`, in place of all the above. Making one takes most of a millisecond: a client that
   * connects often should make it once.
   */
  readonly secureContext?: SecureContext | undefined;
}

/** `tls.createSecureContext` checks their values. */
export const TLS_CREDENTIALS: OptionTable<TlsCredentials> = {
  ...(Object.fromEntries(NAMES.map((name) => [name, rules.any])) as Pick<
    OptionTable<TlsCredentials>,
    (typeof NAMES)[number]
  >),
  ca: rules.authorities,
  secureContext: { ...rules.object, isSecret: true },
};

/** `SSL_OP_NO_TICKET` of OpenSSL. */
const SSL_OP_NO_TICKET = 0x4000;

const contexts = new WeakMap<object, SecureContext>();

/** As {@link secureContextOf}, cached by the credentials object, for credentials that are used repeatedly. */
export function cachedContextOf(credentials: TlsCredentials, operation: string): SecureContext {
  if (typeof credentials !== 'object' || credentials === null) {
    throw invalidInput(operation, 'sni(servername)', 'credentials, or undefined', credentials);
  }
  let context = contexts.get(credentials);
  if (context === undefined) {
    context = secureContextOf(credentials, operation);
    contexts.set(credentials, context);
  }
  return context;
}

/**
 * The secure context of credentials, for {@link TlsCredentials.secureContext}: for what connects often.
 *
 * @param operation - The public call that received the credentials.
 * @throws `InvalidInputError` when a key or certificate cannot be read, or they do not match.
 */
export function secureContextOf(credentials: TlsCredentials, operation: string): SecureContext {
  if (credentials.secureContext !== undefined) return credentials.secureContext;
  const given = Object.entries(credentials).filter(
    ([name, value]) => CREDENTIALS.has(name) && value !== undefined,
  );
  try {
    // With client certificates, a server resumes sessions only in a context that has an id.
    return nodeTls().createSecureContext({
      sessionIdContext: 'awaitio',
      ...(platform.hasSessionTickets ? {} : { secureOptions: SSL_OP_NO_TICKET }),
      ...Object.fromEntries(given),
    });
  } catch (error) {
    const reason = isError(error) ? error.message : String(error);
    throw new InvalidInputError(
      `${operation}: the keys and certificates cannot be used: ${reason}`,
      operation,
      error,
    );
  }
}
