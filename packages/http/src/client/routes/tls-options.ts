/** Options of TLS, as a client takes them. */

import type { TlsClientOptions } from '@awaitio/core';
import { rules, type OptionRule } from '@awaitio/core/lowlevel';

/**
 * TLS for `https:` URLs. Without `ca`, `pfx` or `secureContext`, Node's roots are trusted: those it was built with, those of
 * `NODE_EXTRA_CA_CERTS`, and with `--use-system-ca` the system's. The protocol is always agreed to be `http/1.1`.
 */
export type ClientTlsOptions = Omit<TlsClientOptions, 'alpn' | 'session' | 'onSession'>;

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
] as const satisfies readonly (keyof ClientTlsOptions)[];

/** What {@link ClientTlsOptions} may be; `tls.createSecureContext` checks keys and certificates. */
export const CLIENT_TLS_OPTIONS: Readonly<Record<keyof ClientTlsOptions, OptionRule>> = {
  ...(Object.fromEntries(NAMES.map((name) => [name, rules.any])) as Record<
    (typeof NAMES)[number],
    OptionRule
  >),
  ca: rules.authorities,
  secureContext: { ...rules.object, isSecret: true },
  requireCloseNotify: rules.flag,
  servername: rules.text,
  rejectUnauthorized: rules.flag,
  checkServerIdentity: rules.function,
};
