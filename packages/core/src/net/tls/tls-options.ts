/** What TLS is told before a handshake: keys and certificates, names, protocols. */

import type { PeerCertificate, SecureContext, SecureContextOptions } from 'node:tls';
import { InvalidInputError, invalidInput } from '../../vocabulary/errors.ts';
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
   * A context of `tls.createSecureContext`, in place of all the above. Making one takes a good part of a millisecond, so
   * whoever connects often makes it once.
   */
  readonly secureContext?: SecureContext | undefined;
}

/** What both sides of a handshake may ask for. */
interface CommonOptions extends TlsCredentials {
  /** Application protocols, most wanted first (RFC 7301), such as `['h2', 'http/1.1']`. @default none is named */
  readonly alpn?: readonly string[] | undefined;
  /**
   * Whether the end of the stream must be told by TLS (`close_notify`). With it a connection that somebody cut reads as
   * `BrokenError` (`ERR_TLS_TRUNCATED`) and never as the end. Not every peer says goodbye, so it is off, which is safe for
   * protocols that tell the length of what they send. @default false
   */
  readonly requireCloseNotify?: boolean | undefined;
}

/** What a client asks for. */
export interface TlsClientOptions extends CommonOptions {
  /** The name that the server's certificate must have, and that it is told (SNI). @default the host connected to */
  readonly servername?: string | undefined;
  /**
   * Whether a server that does not prove who it is is refused. Without it anybody in between can read and change
   * everything; see then `stream.isAuthorized`. @default true
   */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Checks the name in the certificate: returns an error to refuse it. @default `tls.checkServerIdentity` */
  readonly checkServerIdentity?:
    | ((servername: string, certificate: PeerCertificate) => Error | undefined)
    | undefined;
  /** A session of an earlier connection to resume, as `onSession` gave it. @default a new one */
  readonly session?: Uint8Array | undefined;
  /** Gets sessions that a later connection can resume; over TLS 1.3 several, some time after the handshake. */
  readonly onSession?: ((session: Uint8Array) => void) | undefined;
}

/** Chooses keys and certificates for a name, or `undefined` for the listener's own. */
export type SniCallback = (
  servername: string,
) => TlsCredentials | undefined | Promise<TlsCredentials | undefined>;

/** What a server asks for. */
export interface TlsServerOptions extends CommonOptions {
  /**
   * What is done about certificates of clients: nothing; they are asked for (see then `stream.isAuthorized`); or a client
   * without one that `ca` vouches for is refused. @default 'ignore'
   */
  readonly clientCertificates?: 'ignore' | 'request' | 'require' | undefined;
  /** Chooses keys and certificates by the name that a client asks for; what it throws ends the handshake. */
  readonly sni?: SniCallback | undefined;
}

const contexts = new WeakMap<object, SecureContext>();

/** As {@link contextOf}; one object makes one context, for credentials that are used again and again. */
export function keptContextOf(credentials: TlsCredentials, operation: string): SecureContext {
  let context = contexts.get(credentials);
  if (context === undefined) {
    context = contextOf(credentials, operation);
    contexts.set(credentials, context);
  }
  return context;
}

/**
 * The context of some credentials.
 *
 * @throws `InvalidInputError` when a key or certificate cannot be read, or they do not belong together.
 */
export function contextOf(credentials: TlsCredentials, operation: string): SecureContext {
  if (credentials.secureContext !== undefined) return credentials.secureContext;
  const own = Object.entries(credentials).filter(
    ([name, value]) => CREDENTIALS.has(name) && value !== undefined,
  );
  try {
    // With client certificates a server resumes sessions only in a context of a name.
    return nodeTls().createSecureContext({
      sessionIdContext: 'awaitio',
      ...Object.fromEntries(own),
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(
      `${operation}: the keys and certificates cannot be used: ${said}`,
      operation,
      error,
    );
  }
}

/** Checks what a client asks for. */
export function checkTlsClient(operation: string, options: TlsClientOptions): void {
  checkAlpn(operation, options.alpn);
  const { servername } = options;
  if (servername !== undefined && (typeof servername !== 'string' || servername === '')) {
    throw invalidInput(operation, 'servername', 'a non-empty string', servername);
  }
}

/** Checks what a server asks for. */
export function checkTlsServer(operation: string, options: TlsServerOptions): void {
  checkAlpn(operation, options.alpn);
  const { clientCertificates = 'ignore', sni } = options;
  if (!['ignore', 'request', 'require'].includes(clientCertificates)) {
    throw invalidInput(
      operation,
      'clientCertificates',
      "'ignore', 'request' or 'require'",
      clientCertificates,
    );
  }
  if (sni !== undefined && typeof sni !== 'function') {
    throw invalidInput(operation, 'sni', 'a function', sni);
  }
}

function checkAlpn(operation: string, alpn: readonly string[] | undefined): void {
  if (alpn === undefined) return;
  const isList =
    Array.isArray(alpn) &&
    alpn.length > 0 &&
    alpn.every((name) => typeof name === 'string' && name.length > 0 && name.length < 256);
  if (!isList) throw invalidInput(operation, 'alpn', 'names of 1 to 255 bytes', alpn);
}
