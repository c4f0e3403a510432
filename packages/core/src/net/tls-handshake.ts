/**
 * The handshake: from a stream that carries bytes to a socket that carries TLS.
 *
 * A stream on a socket gives its socket away, and TLS reads and writes the operating system's handle without passing
 * through JavaScript. Bytes that were read before the handshake began, and not taken, are the handshake's first.
 *
 * A server's side is made with `new TLSSocket`, which does less by itself than `tls.createServer`: it does not say what
 * became of the client's certificate, and keeps errors after the handshake to itself. So two names are used that Node does
 * not document, `ssl.verifyError` and `'_tlsError'`. Where the first is missing no client counts as authorized.
 */

import { isIP, type Socket } from 'node:net';
import { connect, TLSSocket } from 'node:tls';
import { systemClock } from '../clock.ts';
import { WOULD_BLOCK, type WouldBlock } from '../outcome.ts';
import type { ByteStream, StreamOptions } from '../byte-stream.ts';
import { ClosedError, UnexpectedEofError, type CertificateError } from '../errors.ts';
import { Wait, type WaitOptions } from '../waiters.ts';
import { detach, SocketStream } from './socket-stream.ts';
import { brokenOff, noCertificate, translateHandshake, translateVerdict } from './tls-errors.ts';
import { TlsLink } from './tls-link.ts';
import {
  contextOf,
  keptContextOf,
  type TlsClientOptions,
  type TlsServerOptions,
} from './tls-options.ts';

/** What TLS travels on. */
export type TlsCarrier = Socket | TlsLink;

/** A socket whose handshake is done, and what is known by it. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly carrier: TlsCarrier;
  /** Called when the connection is gone. */
  readonly gone: (() => void) | undefined;
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
export async function shakeHandsAsClient(
  stream: ByteStream,
  host: string,
  tls: TlsClientOptions,
  options: HandshakeOptions,
): Promise<Secured> {
  const { operation } = options;
  const secureContext = contextOf(tls, operation);
  const { carrier, gone } = await takeCarrier(stream, tls.requireCloseNotify === true, options);
  const name = tls.servername ?? host;
  const socket = connect({
    socket: carrier,
    secureContext,
    host: name,
    // An IP address is no name (RFC 6066 section 3).
    ...(isIP(name) === 0 ? { servername: name } : {}),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
    ...(tls.session === undefined ? {} : { session: Buffer.from(tls.session) }),
    ...(tls.checkServerIdentity === undefined
      ? {}
      : { checkServerIdentity: tls.checkServerIdentity }),
  });
  watchEnd(tls, carrier, socket);
  const { onSession } = tls;
  if (onSession !== undefined) socket.on('session', onSession);
  await finish(socket, carrier, gone, 'secureConnect', name, options);
  const verdict: unknown = socket.authorizationError;
  const authorizationError =
    verdict === null || verdict === undefined
      ? undefined
      : translateVerdict(verdict instanceof Error ? verdict : { code: verdict }, operation, name);
  return { socket, carrier, gone, authorizationError };
}

/**
 * Shakes hands as a server.
 *
 * @throws as {@link shakeHandsAsClient}
 */
export async function shakeHandsAsServer(
  stream: ByteStream,
  tls: TlsServerOptions,
  options: HandshakeOptions,
): Promise<Secured> {
  const { operation } = options;
  const { sni, clientCertificates = 'ignore' } = tls;
  const secureContext = contextOf(tls, operation);
  const { carrier, gone } = await takeCarrier(stream, tls.requireCloseNotify === true, options);
  const socket = new TLSSocket(carrier, {
    isServer: true,
    secureContext,
    requestCert: clientCertificates !== 'ignore',
    rejectUnauthorized: clientCertificates === 'require',
    ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
    ...(sni === undefined ? {} : { SNICallback: sniCallback(sni, operation) }),
  });
  watchEnd(tls, carrier, socket);
  await finish(socket, carrier, gone, 'secure', 'the client', options);
  const authorizationError =
    clientCertificates === 'ignore' ? undefined : verdictOn(socket, operation);
  if (authorizationError !== undefined && clientCertificates === 'require') {
    whenClosed(carrier, gone);
    breakOff(carrier, socket);
    throw authorizationError;
  }
  return { socket, carrier, gone, authorizationError };
}

/** What became of the certificate that the client was asked for. */
function verdictOn(socket: TLSSocket, operation: string): CertificateError | undefined {
  if (socket.getPeerX509Certificate() === undefined) return noCertificate(operation);
  const { ssl } = socket as TLSSocket & Internals;
  if (typeof ssl?.verifyError !== 'function') {
    const error = new Error('this version of Node does not tell');
    return translateVerdict(error, operation, 'the client');
  }
  const error = ssl.verifyError();
  return error === null || error === undefined
    ? undefined
    : translateVerdict(error, operation, 'the client');
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
 * Takes what TLS will travel on out of a stream.
 *
 * @throws `ClosedError`, `BrokenError`, `UnexpectedEofError` when the stream has ended; `BusyError` while somebody reads
 * or writes it; `TimeoutError`; `signal.reason`. The stream is as it was then.
 */
async function takeCarrier(
  stream: ByteStream,
  needsLink: boolean,
  options: HandshakeOptions,
): Promise<{ readonly carrier: TlsCarrier; readonly gone: (() => void) | undefined }> {
  const { operation } = options;
  await stream.flush(options);
  if (stream.isDisposed) {
    throw new ClosedError(`${operation}: this stream was closed by this side`, {
      code: 'ERR_STREAM_CLOSED',
      operation,
    });
  }
  // Throws when somebody else writes.
  stream.tryWrite('');
  if (needsLink || !(stream instanceof SocketStream)) {
    take(stream, new Uint8Array(0), operation);
    return { carrier: new TlsLink(stream), gone: undefined };
  }
  const early = takeBuffered(stream, operation);
  const { socket, gone } = detach(stream);
  // From here on nobody else listens.
  socket.on('error', ignore);
  void stream.close();
  for (const piece of early.toReversed()) socket.unshift(piece);
  return { carrier: socket, gone };
}

/** Takes what was read before the handshake. */
function takeBuffered(stream: ByteStream, operation: string): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(16_384);
    const count = take(stream, buffer, operation);
    if (count === WOULD_BLOCK) return pieces;
    pieces.push(buffer.subarray(0, count));
  }
}

/** A read without waiting, of a stream that must not have ended. */
function take(stream: ByteStream, buffer: Uint8Array, operation: string): number | WouldBlock {
  const count = stream.tryRead(buffer);
  if (count !== null) return count;
  throw new UnexpectedEofError(`${operation}: the peer finished before the handshake`, {
    code: 'ERR_UNEXPECTED_EOF',
    operation,
  });
}

/** Waits for the end of a handshake; one that fails, or is given up, takes the connection with it. */
async function finish(
  socket: TLSSocket,
  carrier: TlsCarrier,
  gone: (() => void) | undefined,
  event: 'secure' | 'secureConnect',
  peer: string,
  options: HandshakeOptions,
): Promise<void> {
  const { operation, clock = systemClock } = options;
  const wait = new Wait<void>(operation, clock, options);
  const onDone = (): void => {
    wait.resolve();
  };
  const onError = (error: Error): void => {
    wait.reject(translateHandshake(error, operation, peer));
  };
  const onEnd = (): void => {
    wait.reject(brokenOff(operation));
  };
  // Errors after the handshake: a server's TLS socket tells them to itself only.
  socket.on('_tlsError', (error: Error) => {
    socket.destroy(error);
  });
  // It stays: until somebody claims the stream an error must not reach the process.
  socket.on('error', onError);
  carrier.on('error', ignore);
  socket.once(event, onDone);
  socket.once('end', onEnd);
  socket.once('close', onEnd);
  try {
    await wait.promise;
  } catch (error) {
    whenClosed(carrier, gone);
    // A failure of TLS has sent its alert, and ends with FIN so that the peer can read it.
    if (!socket.destroyed) breakOff(carrier, socket);
    throw error;
  } finally {
    socket.off(event, onDone);
    socket.off('end', onEnd);
    socket.off('close', onEnd);
  }
}

const ignore = (): void => {};

function watchEnd(
  { requireCloseNotify }: TlsClientOptions | TlsServerOptions,
  carrier: TlsCarrier,
  socket: TLSSocket,
): void {
  if (requireCloseNotify === true && carrier instanceof TlsLink) carrier.watchEnd(socket);
}

function whenClosed(carrier: TlsCarrier, gone: (() => void) | undefined): void {
  if (gone === undefined) return;
  if (carrier.closed) gone();
  else carrier.once('close', gone);
}

/** Breaks the connection off so that the peer notices, where there is a way to. */
export function breakOff(carrier: TlsCarrier, socket: TLSSocket): void {
  if (carrier instanceof TlsLink) carrier.reset();
  else if (!carrier.destroyed) {
    try {
      // Throws for a socket that has no RST to send.
      carrier.resetAndDestroy();
    } catch {
      carrier.destroy();
    }
  }
  socket.destroy();
}
