/** Options of TLS, as a client takes them. */

import type { TlsClientOptions } from '@awaitio/core';
import { rules, TLS_CREDENTIALS, type OptionTable } from '@awaitio/core/lowlevel';

/**
 * TLS for `https:` URLs. Without `ca`, `pfx` or `secureContext`, Node's roots are trusted: those it was built with, those of
 * `NODE_EXTRA_CA_CERTS`, and with `--use-system-ca` the system's. The protocol is always agreed to be `http/1.1`.
 */
export interface ClientTlsOptions extends Omit<TlsClientOptions, 'alpn' | 'session' | 'onSession'> {
  /**
   * Whether a connection resumes the TLS session of an earlier one to the same origin, which saves half of the handshake; the
   * server's certificate is then not sent and not checked again. Each client has its own sessions. @default true
   */
  readonly resumeSessions?: boolean | undefined;
}

/** What {@link ClientTlsOptions} may be; `tls.createSecureContext` checks keys and certificates. */
export const CLIENT_TLS_OPTIONS: OptionTable<ClientTlsOptions> = {
  ...TLS_CREDENTIALS,
  requireCloseNotify: rules.flag,
  servername: rules.text,
  rejectUnauthorized: rules.flag,
  checkServerIdentity: rules.function,
  resumeSessions: rules.flag,
};
