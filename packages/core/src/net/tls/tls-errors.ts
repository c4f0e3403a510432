/** Translates errors of the handshake into messages that say what to do. */

import { BrokenError, CertificateError, IoError, TlsError } from '../../vocabulary/errors.ts';
import { readFailure, reasonOf, translateError } from '../../vocabulary/translate-error.ts';

/** What to do about an authority that is not known: one of a company, or of a test. */
const TRUST =
  '; to trust it, give the certificate of its authority as `ca` (`tls.ca` of an HttpClient), or, where no `ca` is given, in the file that NODE_EXTRA_CA_CERTS names';

/** OpenSSL's verification errors (X509_V_ERR_…), as Node names them, and their meaning. */
const VERIFY_ERRORS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CERT_NOT_YET_VALID', 'is not valid yet'],
  ['CERT_REVOKED', 'was revoked'],
  ['CERT_REJECTED', 'is rejected for this use'],
  ['CERT_UNTRUSTED', 'is not trusted for this use'],
  ['CERT_SIGNATURE_FAILURE', 'has a signature that its issuer did not make'],
  ['CERT_CHAIN_TOO_LONG', 'has too long a chain of issuers'],
  ['CRL_HAS_EXPIRED', 'has an issuer whose list of revoked certificates has expired'],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'is self-signed; to trust it, give it as `ca` (`tls.ca` of an HttpClient)',
  ],
  ['SELF_SIGNED_CERT_IN_CHAIN', `leads to a root that is not in \`ca\`${TRUST}`],
  ['UNABLE_TO_GET_ISSUER_CERT', `has an issuer that is not in \`ca\`${TRUST}`],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', `has an issuer that is not in \`ca\`${TRUST}`],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    `has an issuer that is neither in \`ca\` nor sent by the peer${TRUST}`,
  ],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'was issued for other names'],
  ['HOSTNAME_MISMATCH', 'was issued for other names'],
  ['INVALID_CA', 'has an issuer that may not issue certificates'],
  ['INVALID_PURPOSE', 'is not valid for this use'],
  ['PATH_LENGTH_EXCEEDED', 'exceeds the path length that its issuer allows'],
]);

const CERTIFICATE_CODES = /^(?:CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|ERR_TLS_CERT_|UNSPECIFIED$)/;

/**
 * Translates why the peer's certificate is refused.
 *
 * @param peer - The owner of the certificate, for the message.
 */
export function certificateError(
  error: unknown,
  operation: string,
  peer: string,
): CertificateError {
  const { code = 'UNSPECIFIED', message } = readFailure(error);
  const reason = VERIFY_ERRORS.get(code) ?? `is refused: ${message}`;
  return new CertificateError(`${operation}: the certificate of ${peer} ${reason}`, {
    code,
    operation,
    cause: error,
  });
}

/** The peer was asked for a certificate and sent none. */
export function noCertificate(operation: string): CertificateError {
  return new CertificateError(`${operation}: the peer sent no certificate`, {
    code: 'ERR_TLS_NO_CERTIFICATE',
    operation,
  });
}

/** Translates the error of a handshake. */
export function translateHandshake(error: unknown, operation: string, peer: string): IoError {
  if (error instanceof IoError) return error;
  const { code = '', message } = readFailure(error);
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return noCertificate(operation);
  if (VERIFY_ERRORS.has(code) || CERTIFICATE_CODES.test(code)) {
    return certificateError(error, operation, peer);
  }
  if (code === 'ECONNRESET') return handshakeAborted(operation, error);
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') {
    const advice = code === 'ERR_SSL_WRONG_VERSION_NUMBER' ? '; it may not speak TLS' : '';
    return new TlsError(
      `${operation}: the TLS handshake with ${peer} failed: ${reasonOf(message)}${advice}`,
      {
        code,
        operation,
        cause: error,
      },
    );
  }
  return translateError(error, operation);
}

/** The connection ended during the handshake. */
export function handshakeAborted(operation: string, cause?: unknown): BrokenError {
  return new BrokenError(`${operation}: the peer closed the connection during the TLS handshake`, {
    code: 'ECONNRESET',
    operation,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** EOF came without `close_notify`. */
export function truncated(): BrokenError {
  return new BrokenError('stream: it was truncated: it ended without `close_notify`', {
    code: 'ERR_TLS_TRUNCATED',
    operation: 'stream',
  });
}
