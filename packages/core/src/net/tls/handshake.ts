/**
 * The handshake: from a stream that carries bytes to a socket that carries TLS.
 *
 * TLS runs over a `TlsDuplex` and never on a handle of the operating system, though Node can do that and is faster so. On a
 * handle Node cannot tell the end that TLS announces from a cut, forgets a reset that a write met, and has no way to break a
 * connection off that is safe; over a link all three are the business of the stream below, which knows how. And any stream
 * will do.
 *
 * A server's side is made with `new TLSSocket`, which does less by itself than `tls.createServer`: it does not say what
 * became of the client's certificate, and keeps errors after the handshake to itself. So two names are used that Node does
 * not document, `ssl.verifyError` and `'_tlsError'`. Where the first is missing no client counts as authorized.
 */

import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../../waiting/system-clock.ts';
import type { ByteStream, StreamOptions } from '../../streams/byte-stream.ts';
import { UnexpectedEofError, type CertificateError } from '../../vocabulary/errors.ts';
import { ListedWaiter, type WaitOptions } from '../../waiting/waiter.ts';
import { nodeTls } from '../lazy-builtins.ts';
import {
  handshakeAborted,
  noCertificate,
  translateHandshake,
  certificateError,
} from './tls-errors.ts';
import { TlsDuplex } from './tls-duplex.ts';
import {
  contextOf,
  keptContextOf,
  type TlsClientOptions,
  type TlsServerOptions,
} from './tls-options.ts';

/** A socket whose handshake is done, and what is known by it. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly link: TlsDuplex;
  readonly authorizationError: CertificateError | undefined;
}

/** How to give a handshake up, and whose call it is. */
export interface HandshakeOptions extends WaitOptions, Pick<StreamOptions, 'clock'> {
  readonly operation: string;
}

/** The part of a TLS socket that Node does not document. */
interface Internals {
  readonly ssl?: { verifyError?: () => Error | null | undefined } | null;
}

/**
 * Shakes hands as a client.
 *
 * @param host - The name that the server's certificate must have, if `servername` is not given.
 * @throws `CertificateError`; `TlsError`; `BrokenError`; `TimeoutError`; `signal.reason`. The connection is closed then.
 */
export async function clientHandshake(
  stream: ByteStream,
  host: string,
  tls: TlsClientOptions,
  options: HandshakeOptions,
): Promise<Secured> {
  const { operation } = options;
  const secureContext = contextOf(tls, operation);
  const link = linkOver(stream, operation);
  const name = tls.servername ?? host;
  const { checkServerIdentity, connect } = nodeTls();
  const socket = connect({
    socket: link,
    secureContext,
    host: name,
    // An IP address is no name (RFC 6066 section 3).
    ...(isIP(name) === 0 ? { servername: name } : {}),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
    ...(tls.session === undefined ? {} : { session: Buffer.from(tls.session) }),
    checkServerIdentity: (servername, certificate) => {
      const error = (tls.checkServerIdentity ?? checkServerIdentity)(servername, certificate);
      return error === undefined ? undefined : certificateError(error, operation, name);
    },
  });
  link.carry(socket, tls.requireCloseNotify === true);
  const { onSession } = tls;
  if (onSession !== undefined) socket.on('session', onSession);
  await finish(socket, link, 'secureConnect', name, options);
  const verdict: unknown = socket.authorizationError;
  const authorizationError =
    verdict === null || verdict === undefined
      ? undefined
      : certificateError(verdict instanceof Error ? verdict : { code: verdict }, operation, name);
  return { socket, link, authorizationError };
}

/**
 * Shakes hands as a server.
 *
 * @throws as {@link clientHandshake}
 */
export async function serverHandshake(
  stream: ByteStream,
  tls: TlsServerOptions,
  options: HandshakeOptions,
): Promise<Secured> {
  const { operation } = options;
  const { sni, clientCertificates = 'ignore' } = tls;
  const secureContext = contextOf(tls, operation);
  const link = linkOver(stream, operation);
  const { TLSSocket: Socket } = nodeTls();
  const socket = new Socket(link, {
    isServer: true,
    secureContext,
    requestCert: clientCertificates !== 'ignore',
    rejectUnauthorized: clientCertificates === 'require',
    ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
    ...(sni === undefined ? {} : { SNICallback: sniCallback(sni, operation) }),
  });
  link.carry(socket, tls.requireCloseNotify === true);
  await finish(socket, link, 'secure', 'the client', options);
  const authorizationError =
    clientCertificates === 'ignore' ? undefined : verifyClient(socket, operation);
  if (authorizationError !== undefined && clientCertificates === 'require') {
    abort({ socket, link });
    throw authorizationError;
  }
  return { socket, link, authorizationError };
}

/** What became of the certificate that the client was asked for. */
function verifyClient(socket: TLSSocket, operation: string): CertificateError | undefined {
  if (socket.getPeerX509Certificate() === undefined) return noCertificate(operation);
  const { ssl } = socket as TLSSocket & Internals;
  if (typeof ssl?.verifyError !== 'function') {
    const error = new Error('this version of Node does not tell');
    return certificateError(error, operation, 'the client');
  }
  const error = ssl.verifyError();
  return error === null || error === undefined
    ? undefined
    : certificateError(error, operation, 'the client');
}

type NodeSniCallback = (
  servername: string,
  done: (error: Error | null, context?: ReturnType<typeof contextOf>) => void,
) => void;

function sniCallback(
  sni: NonNullable<TlsServerOptions['sni']>,
  operation: string,
): NodeSniCallback {
  return (servername, done) => {
    void (async () => {
      try {
        const credentials = await sni(servername);
        if (credentials === undefined) done(null);
        else done(null, keptContextOf(credentials, operation));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    })();
  };
}

/**
 * Takes a stream over.
 *
 * @throws `ClosedError`, `BrokenError`, `UnexpectedEofError` when the stream has ended; `BusyError` while somebody reads
 * or writes it. The stream is as it was then.
 */
function linkOver(stream: ByteStream, operation: string): TlsDuplex {
  // Trying to write nothing, and to read nothing, finds all of these out.
  stream.tryWrite('');
  if (stream.tryRead(new Uint8Array(0)) === null) {
    throw new UnexpectedEofError(`${operation}: the peer finished before the handshake`, {
      code: 'ERR_UNEXPECTED_EOF',
      operation,
    });
  }
  return new TlsDuplex(stream);
}

/** Waits for the end of a handshake; one that fails, or is given up, takes the connection with it. */
async function finish(
  socket: TLSSocket,
  link: TlsDuplex,
  event: 'secure' | 'secureConnect',
  peer: string,
  options: HandshakeOptions,
): Promise<void> {
  const { operation, clock = systemClock } = options;
  const wait = new ListedWaiter<void>(operation, clock, options);
  const onDone = (): void => {
    wait.resolve();
  };
  const onError = (error: Error): void => {
    wait.reject(translateHandshake(error, operation, peer));
  };
  const onEnd = (): void => {
    wait.reject(handshakeAborted(operation));
  };
  // Errors after the handshake: a server's TLS socket tells them to itself only.
  socket.on('_tlsError', (error: Error) => {
    socket.destroy(error);
  });
  // It stays: until somebody claims the stream an error must not reach the process.
  socket.on('error', onError);
  link.on('error', ignore);
  socket.once(event, onDone);
  socket.once('end', onEnd);
  socket.once('close', onEnd);
  try {
    await wait.promise;
  } catch (error) {
    // A failure of TLS has sent its alert, and ends with FIN so that the peer can read it.
    if (!socket.destroyed) abort({ socket, link });
    throw error;
  } finally {
    socket.off(event, onDone);
    socket.off('end', onEnd);
    socket.off('close', onEnd);
  }
}

const ignore = (): void => {};

/** Breaks the connection off so that the peer notices. */
export function abort({ socket, link }: Pick<Secured, 'socket' | 'link'>): void {
  link.reset();
  socket.destroy();
}
