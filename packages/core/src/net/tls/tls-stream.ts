/**
 * TLS: a `ByteStream` whose bytes are encrypted, over any other.
 *
 * How a TLS connection ends:
 *
 * - `shutdown('write')` sends `close_notify` and FIN; reading goes on, in every version of TLS. A peer that uses another
 *   library may close at once when it receives them, as TLS 1.2 required (RFC 5246 section 7.2.1).
 * - The peer's `close_notify` reads as the end. So does a bare FIN, which anyone on the path can forge: a protocol that
 *   ends with the end of the stream must set `requireCloseNotify`.
 * - `close()` sends `close_notify` and FIN after everything that was accepted; `reset()` sends neither, but an RST where there
 *   is one.
 */

import type { TLSSocket } from 'node:tls';
import type { Address, SocketPath } from '../../vocabulary/address.ts';
import { checkIsObject, checkMethods, checkOptions, pickOptions } from '../../vocabulary/check.ts';
import { ByteStream, type StreamOptions } from '../../streams/byte-stream.ts';
import { clockOf } from '../../streams/stream-parts.ts';
import { invalidInput, type CertificateError } from '../../vocabulary/errors.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { runFrom } from '../../waiting/wait-trace.ts';
import { charged } from '../../waiting/charged.ts';
import { checkWaitOptions, type PartialWaitOptions } from '../../waiting/waiter.ts';
import type { TcpAddress } from '../tcp/tcp-options.ts';
import { TCP_CONNECT_OPTIONS, TcpStream } from '../tcp/tcp-stream.ts';
import { addressesOf, hostOf, ipOf, type StreamAddresses } from './stream-addresses.ts';
import { clientHandshake, serverHandshake, type Secured } from './handshake.ts';
import {
  START_TLS_CLIENT_OPTIONS,
  START_TLS_SERVER_OPTIONS,
  TLS_CONNECT_OPTIONS,
  type StartTlsClientOptions,
  type StartTlsServerOptions,
  type TlsConnectOptions,
  type TlsServerOptions,
} from './tls-options.ts';
import { UNIX_CONNECT_OPTIONS, UnixStream } from '../unix/unix-stream.ts';

/** A certificate: an `X509Certificate` of `node:crypto`. */
export type Certificate = NonNullable<ReturnType<TLSSocket['getPeerX509Certificate']>>;

let construct: typeof openTlsStream;

/**
 * A TLS connection, from {@link TlsStream.connect}, {@link startTls} or a listener.
 *
 * @example
 * ```ts no-run
 * import { TlsStream } from '@awaitio/core';
 *
 * await using stream = await TlsStream.connect('example.com:443', { alpn: ['http/1.1'], timeout: 5_000 });
 * console.log(stream.protocol, stream.alpnProtocol, stream.peerCertificate?.subject);
 * await stream.writeAll('GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n');
 * for await (const chunk of stream) process.stdout.write(chunk);
 * ```
 */
export class TlsStream extends ByteStream {
  /** The local address, if the stream below had one. */
  readonly localAddress: Address | undefined;
  /** The peer's address, if the stream below had one. */
  readonly remoteAddress: Address | undefined;
  /** Tells it from an unencrypted stream, where the kind of a stream is not known. */
  readonly isEncrypted: true = true;
  /** The negotiated application protocol (ALPN), if any. */
  readonly alpnProtocol: string | undefined;
  /** The name that the client asked for (SNI), if any. */
  readonly servername: string | undefined;
  /** The version of TLS, such as `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite, by its standard name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** Whether an earlier session was resumed. */
  readonly isResumed: boolean;
  /** Why the peer is not authenticated; `undefined` when it is, or was not asked for a certificate. */
  readonly authorizationError: CertificateError | undefined;
  /** Whether the peer is authenticated: by a certificate that was requested and is valid. */
  readonly isAuthorized: boolean;
  readonly #socket: TLSSocket;
  #peerCertificate: Certificate | undefined;

  static {
    construct = (secured, addresses, wasAsked, options, closed) =>
      new TlsStream(secured, addresses, wasAsked, options, closed);
  }

  private constructor(
    secured: Secured,
    addresses: StreamAddresses,
    wasAsked: boolean,
    options: StreamOptions | undefined,
    closed: (() => void) | undefined,
  ) {
    const { socket, authorizationError } = secured;
    super(secured.carriage.open(socket, closed), options);
    this.#socket = socket;
    this.localAddress = addresses.localAddress;
    this.remoteAddress = addresses.remoteAddress;
    this.alpnProtocol = typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined;
    const { servername } = socket as { servername?: unknown };
    this.servername = typeof servername === 'string' ? servername : undefined;
    this.protocol = socket.getProtocol() ?? 'unknown';
    this.cipher = socket.getCipher()?.standardName ?? 'unknown';
    this.isResumed = socket.isSessionReused();
    this.authorizationError = authorizationError;
    this.isAuthorized = wasAsked && authorizationError === undefined;
  }

  /**
   * The peer's certificate, if it sent one. It is read from the connection on first use and then kept: `undefined` when it is
   * first read after the stream is closed.
   */
  get peerCertificate(): Certificate | undefined {
    this.#peerCertificate ??= this.#socket.getPeerX509Certificate();
    return this.#peerCertificate;
  }

  /**
   * Connects over TCP, or to a Unix socket, and performs the handshake.
   *
   * @param address - `'host:port'`, `{ host, port }` or `{ path }`; the host is the name that the certificate must have,
   * unless `servername` is given.
   * @param options - Those of `TcpStream.connect`; `timeout` and `signal` cover connecting and the handshake.
   * @throws `CertificateError` when the server's certificate is refused; `TlsError` when the handshake fails otherwise;
   * `BrokenError` when the server closes the connection; else as `TcpStream.connect`. Nothing is left open then.
   */
  static async connect(
    address: TcpAddress | SocketPath,
    options: TlsConnectOptions = {},
  ): Promise<TlsStream> {
    return charged(options, () => runFrom('connect', () => connectTls(address, options)));
  }
}

async function connectTls(
  address: TcpAddress | SocketPath,
  options: TlsConnectOptions,
): Promise<TlsStream> {
  checkOptions('connect', options, TLS_CONNECT_OPTIONS);
  const { timeout, clock = systemClock } = options;
  const deadline = timeout === undefined ? undefined : clock.now() + timeout;
  const isPath = typeof address === 'object' && address !== null && 'path' in address;
  const stream = isPath
    ? await UnixStream.connect(address, pickOptions(options, UNIX_CONNECT_OPTIONS))
    : await TcpStream.connect(address, pickOptions(options, TCP_CONNECT_OPTIONS));
  try {
    return await secureClient(stream, 'connect', {
      ...options,
      servername: options.servername ?? (isPath ? undefined : hostOf(address)),
      timeout: deadline === undefined ? undefined : Math.max(0, deadline - clock.now()),
      totalTimeout: timeout,
    });
  } catch (error) {
    stream.reset();
    throw error;
  }
}

/**
 * Upgrades an open stream to TLS: after `STARTTLS`, after a proxy's `CONNECT`, or over a stream in memory.
 *
 * The handshake begins with the bytes that are queued for reading. From then on the given stream carries TLS: it must not be
 * read or written any more, and closing the result closes it.
 *
 * @param stream - Any stream without a read or write in progress.
 * @param options - `role: 'server'` with key and certificate; or a client's, which needs the `servername` to check the
 * certificate against, unless the stream is connected to an IP address that the certificate names.
 * @throws `CertificateError` when the peer's certificate is refused; `TlsError` when the handshake fails otherwise;
 * `BrokenError` when the peer closes the connection; `TimeoutError`; `signal.reason`: the connection is closed then.
 * `BusyError`, `ClosedError`, `UnexpectedEofError`, `InvalidInputError`: the stream is unchanged.
 *
 * @example
 * ```ts
 * import { memoryPair, startTls } from '@awaitio/core';
 * import { TestAuthority } from '@awaitio/core/testing';
 *
 * const authority = new TestAuthority();
 * const identity = authority.issue(['example.test']);
 * const [there, here] = memoryPair();
 * const [client, served] = await Promise.all([
 *   startTls(there, { servername: 'example.test', ca: authority.cert }),
 *   startTls(here, { role: 'server', ...identity }),
 * ]);
 * await client.writeAll('secret\n');
 * console.log(await served.readLine(), client.isAuthorized); // secret true
 * await client.close();
 * await served.close();
 * ```
 */
export async function startTls(
  stream: ByteStream,
  options: StartTlsClientOptions | StartTlsServerOptions,
): Promise<TlsStream> {
  return charged(options, () => runFrom(startTls, () => start(stream, options)));
}

async function start(...[stream, options]: Parameters<typeof startTls>): Promise<TlsStream> {
  checkMethods('startTls', 'stream', stream, ['tryRead', 'tryWrite', 'observe', 'reset']);
  checkIsObject('startTls', options);
  const isServer = options.role === 'server';
  checkOptions('startTls', options, isServer ? START_TLS_SERVER_OPTIONS : START_TLS_CLIENT_OPTIONS);
  checkWaitOptions('startTls', options);
  if (options.role === 'server') return secureServer(stream, 'startTls', options);
  return secureClient(stream, 'startTls', options);
}

async function secureClient(
  stream: ByteStream,
  operation: string,
  options: StartTlsClientOptions & PartialWaitOptions,
): Promise<TlsStream> {
  const addresses = addressesOf(stream);
  const host = options.servername ?? ipOf(addresses.remoteAddress);
  if (host === undefined && options.rejectUnauthorized !== false) {
    throw invalidInput(operation, 'servername', 'the name in the certificate', host);
  }
  const { clock = clockOf(stream) } = options;
  const secured = await clientHandshake(stream, host ?? 'the server', options, {
    ...options,
    clock,
    operation,
  });
  return openTlsStream(secured, addresses, true, { ...options, clock });
}

async function secureServer(
  stream: ByteStream,
  operation: string,
  options: StartTlsServerOptions,
): Promise<TlsStream> {
  const addresses = addressesOf(stream);
  const { clock = clockOf(stream) } = options;
  const secured = await serverHandshake(stream, options, { ...options, clock, operation });
  return openServerStream(secured, addresses, { ...options, clock });
}

/** Makes the stream of a connection after its handshake. Only this file can: the constructor is private. */
function openTlsStream(
  secured: Secured,
  addresses: StreamAddresses,
  wasAsked: boolean,
  options: StreamOptions | undefined,
  closed?: () => void,
): TlsStream {
  return construct(secured, addresses, wasAsked, options, closed);
}

/** Makes the server's stream of a connection after its handshake; `closed` is called when it is closed. */
export function openServerStream(
  secured: Secured,
  addresses: StreamAddresses,
  options: TlsServerOptions & StreamOptions,
  closed?: () => void,
): TlsStream {
  const wasAsked = (options.clientCertificates ?? 'ignore') !== 'ignore';
  return openTlsStream(secured, addresses, wasAsked, options, closed);
}
