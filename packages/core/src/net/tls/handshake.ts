/**
 * The TLS handshake: from a byte stream to a TLS socket.
 *
 * The server side uses `new TLSSocket`, which does less than `tls.createServer`: it does not report the result of verifying
 * the client's certificate, and emits errors after the handshake only internally. So two undocumented names are used,
 * `ssl.verifyError` and `'_tlsError'`. Where the first is missing, no client counts as authorized.
 */

import { isIP } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { systemClock } from '../../waiting/system-clock.ts';
import type { ByteStream, StreamOptions } from '../../streams/byte-stream.ts';
import {
  callContained,
  containResult,
  failureOf,
  isThenable,
  stderrSink,
} from '../../vocabulary/callbacks.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import { UnexpectedEofError, type CertificateError } from '../../vocabulary/errors.ts';
import { asOwn, immediate } from '../../vocabulary/platform.ts';
import { isError } from '../../vocabulary/realms.ts';
import { recordedStreams } from '../../vocabulary/recorded.ts';
import { ListedWaiter, type PartialWaitOptions } from '../../waiting/waiter.ts';
import { nodeTls } from '../lazy-builtins.ts';
import {
  handshakeAborted,
  noCertificate,
  translateHandshake,
  certificateError,
} from './tls-errors.ts';
import { carry, type Carriage } from './carriage.ts';
import { cachedContextOf, secureContextOf } from './tls-credentials.ts';
import type { TlsClientOptions, TlsServerOptions } from './tls-options.ts';

/** A socket after its handshake. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly carriage: Carriage;
  readonly authorizationError: CertificateError | undefined;
}

/** How long a handshake may take, and the operation named in its errors. */
export interface HandshakeOptions extends PartialWaitOptions, Pick<StreamOptions, 'clock'> {
  readonly operation: string;
}

/** The undocumented part of a TLS socket. */
interface Internals {
  readonly ssl?: { verifyError?: () => Error | null | undefined } | null;
}

/**
 * Performs the handshake of a client.
 *
 * @param host - The name that the server's certificate must have, unless `servername` is given.
 * @throws `CertificateError`; `TlsError`; `BrokenError`; `TimeoutError`; `signal.reason`. The connection is closed then.
 */
export async function clientHandshake(
  stream: ByteStream,
  host: string,
  tls: TlsClientOptions,
  options: HandshakeOptions,
): Promise<Secured> {
  const { operation } = options;
  const secureContext = secureContextOf(tls, operation);
  const carriage = takeOver(stream, operation, tls.requireCloseNotify === true);
  const name = tls.servername ?? host;
  const { checkServerIdentity, connect } = nodeTls();
  const socket = asOwn(() =>
    connect({
      socket: carriage.base,
      secureContext,
      host: name,
      // An IP address is not a name (RFC 6066 section 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: tls.rejectUnauthorized ?? true,
      ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
      ...(tls.session === undefined ? {} : { session: Buffer.from(tls.session) }),
      checkServerIdentity: (servername, certificate) => {
        const check = tls.checkServerIdentity ?? checkServerIdentity;
        const error = refusalOf(check, servername, certificate);
        return error === undefined ? undefined : certificateError(error, operation, name);
      },
    }),
  );
  carriage.attach(socket);
  const { onSession } = tls;
  if (onSession !== undefined) {
    socket.on('session', (session) => {
      immediate(() => {
        callContained('onSession', onSession, session, undefined, stderrSink);
      });
    });
  }
  await complete(socket, carriage, 'secureConnect', name, options);
  const failure: unknown = socket.authorizationError;
  const authorizationError =
    failure === null || failure === undefined
      ? undefined
      : certificateError(isError(failure) ? failure : { code: failure }, operation, name);
  return { socket, carriage, authorizationError };
}

/**
 * Why a certificate is refused. An error thrown here ends the process on Node 22 and later, so it is a refusal, as on Node 20;
 * a promise, which nothing waits for, is one too.
 */
function refusalOf(
  check: NonNullable<TlsClientOptions['checkServerIdentity']>,
  servername: string,
  certificate: PeerCertificate,
): unknown {
  try {
    const returned: unknown = check(servername, certificate);
    if (!isThenable(returned)) return returned ?? undefined;
    containResult('checkServerIdentity', returned, stderrSink);
    return new TypeError('checkServerIdentity returned a promise: it has to be synchronous');
  } catch (error) {
    return failureOf(error, 'checkServerIdentity');
  }
}

/**
 * Performs the handshake of a server.
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
  const secureContext = secureContextOf(tls, operation);
  const carriage = takeOver(stream, operation, tls.requireCloseNotify === true);
  const { TLSSocket: Socket } = nodeTls();
  const socket = asOwn(
    () =>
      new Socket(carriage.base, {
        isServer: true,
        secureContext,
        requestCert: clientCertificates !== 'ignore',
        rejectUnauthorized: clientCertificates === 'require',
        ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
        ...(sni === undefined ? {} : { SNICallback: sniCallback(sni, operation) }),
      }),
  );
  carriage.attach(socket);
  await complete(socket, carriage, 'secure', 'the client', options);
  // A write waits for a renegotiation, and so for ever where the client leaves it unfinished.
  socket.disableRenegotiation();
  const authorizationError =
    clientCertificates === 'ignore' ? undefined : verifyClient(socket, operation);
  if (authorizationError !== undefined && clientCertificates === 'require') {
    abort({ socket, carriage });
    throw authorizationError;
  }
  return { socket, carriage, authorizationError };
}

/** The result of verifying the certificate that was requested of the client. */
function verifyClient(socket: TLSSocket, operation: string): CertificateError | undefined {
  if (socket.getPeerX509Certificate() === undefined) return noCertificate(operation);
  const { ssl } = socket as TLSSocket & Internals;
  if (typeof ssl?.verifyError !== 'function') {
    const error = new Error('this version of Node does not report it');
    return certificateError(error, operation, 'the client');
  }
  const error = ssl.verifyError();
  return error === null || error === undefined
    ? undefined
    : certificateError(error, operation, 'the client');
}

type NodeSniCallback = (
  servername: string,
  done: (error: Error | null, context?: ReturnType<typeof secureContextOf>) => void,
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
        else done(null, cachedContextOf(credentials, operation));
      } catch (error) {
        done(translateError(failureOf(error, 'sni'), operation));
      }
    })().catch((error: unknown) => {
      stderrSink.onCallbackFailure(error, 'sni');
    });
  };
}

/**
 * Takes over a stream.
 *
 * @throws `ClosedError`, `BrokenError`, `UnexpectedEofError` when the stream has ended; `BusyError` while a task reads or
 * writes it. The stream is unchanged then.
 */
function takeOver(stream: ByteStream, operation: string, requireCloseNotify: boolean): Carriage {
  // An empty write and an empty read detect all of these.
  stream.tryWrite('');
  if (stream.tryRead(new Uint8Array(0)) === null) {
    throw new UnexpectedEofError(`${operation}: the peer sent FIN before the handshake`, {
      code: 'ERR_UNEXPECTED_EOF',
      operation,
    });
  }
  recordedStreams.of(stream)?.();
  return carry(stream, requireCloseNotify);
}

/** Waits for a handshake; if it fails, or is cancelled, the connection is reset. */
async function complete(
  socket: TLSSocket,
  carriage: Carriage,
  event: 'secure' | 'secureConnect',
  peer: string,
  options: HandshakeOptions,
): Promise<void> {
  const { operation, clock = systemClock } = options;
  const wait = new ListedWaiter<void>(operation, clock, options);
  const onDone = (): void => {
    carriage.complete(socket);
    // The peer may end in the segment that completes the handshake: that end is for the reader.
    socket.off('end', onEnd);
    socket.off('close', onEnd);
    // In another phase: the caller must not go on within the call of OpenSSL that emits this event.
    immediate(() => {
      wait.resolve();
    });
  };
  const onError = (error: Error): void => {
    wait.reject(translateHandshake(error, operation, peer));
  };
  const onEnd = (): void => {
    wait.reject(handshakeAborted(operation));
  };
  // Errors after the handshake: a server's TLS socket emits them only internally.
  socket.on('_tlsError', (error: Error) => {
    socket.destroy(error);
  });
  // Stays: until the stream is accepted, an error must not reach the process as an uncaught exception.
  socket.on('error', onError);
  socket.once(event, onDone);
  socket.once('end', onEnd);
  socket.once('close', onEnd);
  try {
    await wait.promise;
  } catch (error) {
    // A socket that TLS destroyed has sent its alert, and ends with FIN so that the peer can read it.
    if (socket.destroyed) carriage.close();
    else abort({ socket, carriage });
    throw error;
  } finally {
    socket.off(event, onDone);
    socket.off('end', onEnd);
    socket.off('close', onEnd);
  }
}

/** Resets the connection below, so that the peer notices. */
export function abort({ socket, carriage }: Pick<Secured, 'socket' | 'carriage'>): void {
  carriage.reset(socket);
}
