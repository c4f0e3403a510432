/**
 * TLS: a `ByteStream` whose bytes are encrypted on the way, over any other.
 *
 * The ends of a TLS connection, in the words of the stream:
 *
 * - `shutdown('write')` sends `close_notify` and FIN; reading goes on, in every version of TLS. A peer written with
 *   another library may close at once when it sees them, as TLS 1.2 told it to (RFC 5246 section 7.2.1).
 * - The peer's `close_notify` reads as the end. So does a bare FIN, which anybody on the way can forge: a protocol that
 *   ends by the end of the stream has to ask for `requireCloseNotify`.
 * - `close()` sends `close_notify` and FIN after what was accepted; `reset()` sends neither, and where there is an RST,
 *   that.
 */

import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Address, SocketPath } from '../../vocabulary/address.ts';
import { ByteStream, type StreamOptions } from '../../streams/byte-stream.ts';
import {
  invalidInput,
  TimeoutError,
  type CertificateError,
  type IoError,
} from '../../vocabulary/errors.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { checkWaitOptions, type WaitOptions } from '../../waiting/waiter.ts';
import { SocketTransport } from '../socket/socket-transport.ts';
import type { TcpAddress } from '../tcp/tcp-options.ts';
import { TcpStream, type TcpConnectOptions } from '../tcp/tcp-stream.ts';
import { truncated } from './tls-errors.ts';
import { abort, clientHandshake, serverHandshake, type Secured } from './handshake.ts';
import {
  checkTlsClient,
  checkTlsServer,
  type TlsClientOptions,
  type TlsServerOptions,
} from './tls-options.ts';
import { UnixStream } from '../unix/unix-stream.ts';

/** A certificate, as `node:crypto` has it. */
export type Certificate = NonNullable<ReturnType<TLSSocket['getPeerX509Certificate']>>;

/** Options of {@link TlsStream.connect}. */
export interface TlsConnectOptions extends TcpConnectOptions, TlsClientOptions {}

/** Options of {@link startTls} at the client's end. */
export interface StartTlsClientOptions extends WaitOptions, StreamOptions, TlsClientOptions {
  readonly role?: 'client' | undefined;
}

/** Options of {@link startTls} at the server's end. */
export interface StartTlsServerOptions extends WaitOptions, StreamOptions, TlsServerOptions {
  readonly role: 'server';
}

/** Where a TLS connection runs between, as the stream below knew it. */
export interface StreamAddresses {
  readonly localAddress?: Address;
  readonly remoteAddress?: Address;
}

/**
 * A TLS connection.
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
  /** This end's address, if the stream below had one. */
  readonly localAddress: Address | undefined;
  /** The peer's address, if the stream below had one. */
  readonly remoteAddress: Address | undefined;
  /** What tells it from a stream in the clear, for whoever has a stream of any kind. */
  readonly isEncrypted: true = true;
  /** The application protocol that was agreed on (ALPN), if one was. */
  readonly alpnProtocol: string | undefined;
  /** The name that the client asked for (SNI), if it did. */
  readonly servername: string | undefined;
  /** The version, such as `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite, by its name in the standards, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** Whether an earlier session was resumed. */
  readonly isResumed: boolean;
  /** Why the peer has not proved who it is; `undefined` when it has, or was not asked to. */
  readonly authorizationError: CertificateError | undefined;
  /** Whether the peer has proved who it is: by a certificate that was asked for and found good. */
  readonly isAuthorized: boolean;
  readonly #socket: TLSSocket;
  #peerCertificate: Certificate | undefined;

  /** @internal Streams come from {@link TlsStream.connect}, {@link startTls} and from listeners. */
  constructor(
    secured: Secured,
    ends: StreamAddresses,
    wasAsked: boolean,
    options: StreamOptions | undefined,
    gone?: () => void,
  ) {
    const { socket, authorizationError } = secured;
    super(new TlsTransport(secured, gone), options);
    this.#socket = socket;
    this.localAddress = ends.localAddress;
    this.remoteAddress = ends.remoteAddress;
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
   * The peer's certificate, if it showed one. It is asked of the connection at the first use and then kept: one that is
   * first asked for after the stream is gone is `undefined`.
   */
  get peerCertificate(): Certificate | undefined {
    this.#peerCertificate ??= this.#socket.getPeerX509Certificate();
    return this.#peerCertificate;
  }

  /**
   * Connects over TCP, or to a Unix socket, and shakes hands.
   *
   * @param address - `'host:port'`, `{ host, port }` or `{ path }`; the host is the name that the certificate must have,
   * unless `servername` says another.
   * @param options - Those of `TcpStream.connect`; `timeout` and `signal` are for all of it.
   * @throws `CertificateError` when the server does not prove who it is; `TlsError` when there is no TLS to agree on;
   * `BrokenError` when the server breaks off; else as `TcpStream.connect`. Nothing is left open then.
   */
  static async connect(
    address: TcpAddress | SocketPath,
    options: TlsConnectOptions = {},
  ): Promise<TlsStream> {
    checkTlsClient('connect', options);
    const { timeout, clock = systemClock } = options;
    const deadline = timeout === undefined ? undefined : clock.now() + timeout;
    const isPath = typeof address === 'object' && address !== null && 'path' in address;
    const stream = isPath
      ? await UnixStream.connect(address, options)
      : await TcpStream.connect(address, options);
    try {
      return await secureClient(stream, 'connect', {
        ...options,
        servername: options.servername ?? (isPath ? undefined : hostOf(address)),
        timeout: deadline === undefined ? undefined : Math.max(0, deadline - clock.now()),
      });
    } catch (error) {
      stream.reset();
      // The handshake knew only what was left of the time; the caller is told the limit it gave.
      if (error instanceof TimeoutError && timeout !== undefined) {
        throw new TimeoutError('connect', timeout);
      }
      throw error;
    }
  }
}

/**
 * Goes over to TLS on a stream that is open: after `STARTTLS`, after a proxy's `CONNECT`, or over a stream in memory.
 *
 * The handshake begins with what is queued for reading. The stream that was given carries TLS from then on: nobody else may
 * read or write it, and closing the result closes it.
 *
 * @param stream - Any stream that nobody reads or writes.
 * @param options - `role: 'server'` with key and certificate; or a client's, which needs the `servername` to check the
 * certificate against, unless the stream was connected to an IP address that the certificate names.
 * @throws `CertificateError` when the peer does not prove who it is; `TlsError` when there is no TLS to agree on;
 * `BrokenError` when the peer breaks off; `TimeoutError`; `signal.reason`: the connection is closed then. `BusyError`,
 * `ClosedError`, `UnexpectedEofError`, `InvalidInputError`: the stream is as it was.
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
  checkWaitOptions('startTls', options);
  if (options.role === 'server') {
    checkTlsServer('startTls', options);
    return secureServer(stream, 'startTls', options);
  }
  if (options.role !== undefined && options.role !== 'client') {
    throw invalidInput('startTls', 'role', "'client' or 'server'", options.role);
  }
  checkTlsClient('startTls', options);
  return secureClient(stream, 'startTls', options);
}

async function secureClient(
  stream: ByteStream,
  operation: string,
  options: StartTlsClientOptions,
): Promise<TlsStream> {
  const ends = endpointsOf(stream);
  const host = options.servername ?? addressOf(ends.remoteAddress);
  if (host === undefined && options.rejectUnauthorized !== false) {
    throw invalidInput(operation, 'servername', 'the name in the certificate', host);
  }
  const secured = await clientHandshake(stream, host ?? 'the server', options, {
    ...options,
    operation,
  });
  return new TlsStream(secured, ends, true, options);
}

async function secureServer(
  stream: ByteStream,
  operation: string,
  options: StartTlsServerOptions,
): Promise<TlsStream> {
  const ends = endpointsOf(stream);
  const secured = await serverHandshake(stream, options, { ...options, operation });
  return openServed(secured, ends, options);
}

/** Makes the stream of a client that was shaken hands with. */
export function openServed(
  secured: Secured,
  ends: StreamAddresses,
  options: TlsServerOptions & StreamOptions,
  gone?: () => void,
): TlsStream {
  const wasAsked = (options.clientCertificates ?? 'ignore') !== 'ignore';
  return new TlsStream(secured, ends, wasAsked, options, gone);
}

/** The addresses of a stream, if it has any. */
export function endpointsOf(stream: ByteStream & StreamAddresses): StreamAddresses {
  return {
    ...(stream.localAddress === undefined ? {} : { localAddress: stream.localAddress }),
    ...(stream.remoteAddress === undefined ? {} : { remoteAddress: stream.remoteAddress }),
  };
}

function addressOf(address: Address | undefined): string | undefined {
  return address?.kind === 'inet' && isIP(address.host) !== 0 ? address.host : undefined;
}

function hostOf(address: TcpAddress): string {
  if (typeof address === 'object') return address.host ?? 'localhost';
  const host = address.slice(0, address.lastIndexOf(':'));
  return host === '' ? 'localhost' : host.replace(/^\[(.*)\]$/, '$1');
}

/** The carrier over a TLS socket. */
class TlsTransport extends SocketTransport {
  readonly #secured: Secured;

  constructor(secured: Secured, gone: (() => void) | undefined) {
    super('tls', gone);
    this.#secured = secured;
    this.attach(secured.socket, false);
  }

  override reset(): void {
    abort(this.#secured);
  }

  override setRef(ref: boolean): void {
    this.#secured.link.setRef(ref);
  }

  protected override checkEof(): IoError | undefined {
    return this.#secured.link.isTruncated ? truncated() : undefined;
  }
}
