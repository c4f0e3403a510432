/** Options of a TLS handshake: keys and certificates, names, protocols. */

import type { PeerCertificate } from 'node:tls';
import { rules, type OptionTable } from '../../vocabulary/check.ts';
import { STREAM_OPTIONS, type StreamOptions } from '../../streams/byte-stream.ts';
import { isBytes } from '../../vocabulary/realms.ts';
import { WAIT_OPTIONS, type WaitOptions } from '../../waiting/waiter.ts';
import { TCP_CONNECT_OPTIONS, type TcpConnectOptions } from '../tcp/tcp-stream.ts';
import { TLS_CREDENTIALS, type TlsCredentials } from './tls-credentials.ts';

/** Options of both sides. */
interface CommonOptions extends TlsCredentials {
  /** Application protocols, in order of preference (RFC 7301), such as `['h2', 'http/1.1']`. @default none */
  readonly alpn?: readonly string[] | undefined;
  /**
   * Whether the end of the stream must be announced with `close_notify`. A truncated connection then reads as `BrokenError`
   * (`ERR_TLS_TRUNCATED`) and never as the end. Not every peer sends `close_notify`, so this is off by default, which is safe
   * for protocols that announce the length of each message. @default false
   */
  readonly requireCloseNotify?: boolean | undefined;
}

/** Options of a client. */
export interface TlsClientOptions extends CommonOptions {
  /** The name that the server's certificate must have, also sent to the server (SNI). @default the host connected to */
  readonly servername?: string | undefined;
  /**
   * Whether a server without a valid certificate is refused. If not, anyone on the path can read and change everything;
   * check `stream.isAuthorized` then. @default true
   */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Checks the name in the certificate; returns an error to refuse it. @default `tls.checkServerIdentity` */
  readonly checkServerIdentity?:
    | ((servername: string, certificate: PeerCertificate) => Error | undefined)
    | undefined;
  /** A session of an earlier connection to resume, from `onSession`. @default a new session */
  readonly session?: Uint8Array | undefined;
  /** Receives sessions that a later connection can resume; over TLS 1.3 several, some time after the handshake. */
  readonly onSession?: ((session: Uint8Array) => void) | undefined;
}

/** Chooses keys and certificates for a name; `undefined` for the listener's own. */
export type SniCallback = (
  servername: string,
) => TlsCredentials | undefined | Promise<TlsCredentials | undefined>;

/** Options of a server. */
export interface TlsServerOptions extends CommonOptions {
  /**
   * Certificates of clients: not requested; requested (check `stream.isAuthorized` then); or required, and a client without
   * one that `ca` has issued is refused. @default 'ignore'
   */
  readonly clientCertificates?: 'ignore' | 'request' | 'require' | undefined;
  /** Chooses keys and certificates by the name that a client asks for; an error that it throws fails the handshake. */
  readonly sni?: SniCallback | undefined;
}

/** Options of {@link TlsStream.connect}. */
export interface TlsConnectOptions extends TcpConnectOptions, TlsClientOptions {}

/** Options of {@link startTls} on the client side. */
export interface StartTlsClientOptions extends WaitOptions, StreamOptions, TlsClientOptions {
  readonly role?: 'client' | undefined;
}

/** Options of {@link startTls} on the server side. */
export interface StartTlsServerOptions extends WaitOptions, StreamOptions, TlsServerOptions {
  readonly role: 'server';
}

const COMMON: OptionTable<CommonOptions> = {
  ...TLS_CREDENTIALS,
  alpn: {
    expected: 'names of 1 to 255 bytes',
    accepts: (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((name) => typeof name === 'string' && name.length > 0 && name.length < 256),
  },
  requireCloseNotify: rules.flag,
};

const TLS_CLIENT_OPTIONS: OptionTable<TlsClientOptions> = {
  ...COMMON,
  servername: rules.text,
  rejectUnauthorized: rules.flag,
  checkServerIdentity: rules.function,
  session: {
    expected: 'the bytes of a session',
    accepts: isBytes,
    isSecret: true,
  },
  onSession: rules.function,
};

/** What {@link TlsServerOptions} may be. */
export const TLS_SERVER_OPTIONS: OptionTable<TlsServerOptions> = {
  ...COMMON,
  clientCertificates: {
    expected: "'ignore', 'request' or 'require'",
    accepts: rules.oneOf('ignore', 'request', 'require').accepts,
  },
  sni: rules.function,
};

/** What {@link TlsConnectOptions} may be. */
export const TLS_CONNECT_OPTIONS: OptionTable<TlsConnectOptions> = {
  ...TCP_CONNECT_OPTIONS,
  ...TLS_CLIENT_OPTIONS,
};

const role = rules.oneOf('client', 'server');

/** What {@link StartTlsClientOptions} may be. */
export const START_TLS_CLIENT_OPTIONS: OptionTable<StartTlsClientOptions> = {
  ...WAIT_OPTIONS,
  ...STREAM_OPTIONS,
  ...TLS_CLIENT_OPTIONS,
  role,
};

/** What {@link StartTlsServerOptions} may be. */
export const START_TLS_SERVER_OPTIONS: OptionTable<StartTlsServerOptions> = {
  ...WAIT_OPTIONS,
  ...STREAM_OPTIONS,
  ...TLS_SERVER_OPTIONS,
  role,
};
