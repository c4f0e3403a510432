/** How a connection to an origin is opened: over TCP or a Unix socket, then TLS; each phase with a deadline. */

import {
  startTls,
  TcpStream,
  TimeoutError,
  UnixStream,
  type ByteStream,
  type SocketPath,
  type WaitOptions,
} from '@awaitio/core';
import type { ClientTlsOptions } from './tls-options.ts';
import type { Target } from './target.ts';

/** Connects to `host:port`; `TcpStream.connect` and a simulated host's `connect` both fit. */
export type Connect = (address: string, options: WaitOptions) => Promise<ByteStream>;

/** How to open a connection. */
export interface Route {
  /** Opens the stream, as the program's `connect` does: it may ignore what it is given. */
  readonly connect: (options: WaitOptions) => Promise<ByteStream>;
  /** Secures it: the phase `tls`. */
  readonly secure: ((stream: ByteStream, options: WaitOptions) => Promise<ByteStream>) | undefined;
}

/** What a client was given to connect with. */
export interface Dialing {
  readonly connect?: Connect | undefined;
  readonly connectTls?: Connect | undefined;
  readonly tls?: ClientTlsOptions | undefined;
}

const ALPN = Object.freeze(['http/1.1']);

/** The direct way to a target. */
export function directRoute(target: Target, dialing: Dialing): Route {
  const { address } = target;
  if (typeof address !== 'string') return { connect: toSocket(address), secure: undefined };
  const { connect = connectTcp, connectTls } = dialing;
  if (!target.isSecure)
    return { connect: (options) => connect(address, options), secure: undefined };
  if (connectTls !== undefined) {
    return { connect: (options) => connectTls(address, options), secure: undefined };
  }
  return {
    connect: (options) => connect(address, options),
    secure: (stream, options) => secured(stream, hostOf(address), dialing.tls, options),
  };
}

/**
 * Secures a stream for HTTP.
 *
 * A body that ends with the connection must not be cut short by a forged FIN, so the end of the stream has to be announced,
 * unless the options say otherwise.
 *
 * @param host - The name that the certificate must have, unless the options name another.
 * @throws `CertificateError`, `TlsError`, `BrokenError`, `TimeoutError` of `tls`, the signal's reason. The stream is closed then.
 */
export async function secured(
  stream: ByteStream,
  host: string,
  tls: ClientTlsOptions | undefined,
  { signal, timeout }: WaitOptions,
): Promise<ByteStream> {
  const options = { requireCloseNotify: true, servername: host, ...defined(tls) };
  try {
    return await startTls(stream, { ...options, alpn: ALPN, signal, timeout });
  } catch (error) {
    stream.reset();
    if (error instanceof TimeoutError && error.operation === 'startTls') {
      throw new TimeoutError('tls', error.timeout);
    }
    throw error;
  }
}

/** An option that is `undefined` has its default. */
function defined(tls: ClientTlsOptions | undefined): ClientTlsOptions {
  if (tls === undefined) return {};
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

const connectTcp: Connect = (address, options) => TcpStream.connect(address, options);

function toSocket(path: SocketPath): Route['connect'] {
  return (options) => UnixStream.connect(path, options);
}

/** The host of `host:port`; an IPv6 address without brackets. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replaceAll(/[[\]]/g, '');
}
