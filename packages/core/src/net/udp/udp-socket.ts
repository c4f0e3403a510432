/**
 * UDP sockets: datagrams in, datagrams out, with the waits of a stream.
 *
 * What a stream promises holds where it can: waits are level-triggered and always settle, giving one up loses no
 * datagram that was kept, would-block is a value, buffers have bounds. What cannot hold is that nothing is lost: a
 * datagram may be dropped by the network, by the kernel, or here when nobody takes it (`statistics().dropped`).
 *
 * What comes in is kept by `datagram-queue.ts`, what goes out by `datagram-sends.ts`. This file owns the socket and its
 * listeners, and is long because the documentation of every call is here.
 */

import type { Socket, SocketOptions } from 'node:dgram';
import { isIP, type LookupFunction } from 'node:net';
import { checkCounts } from '../../vocabulary/check.ts';
import { InetAddress, parseAddress } from '../../vocabulary/address.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { ClosedError, invalidInput } from '../../vocabulary/errors.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import { ReadyBits } from '../../vocabulary/interest.ts';
import { WOULD_BLOCK, type WouldBlock } from '../../vocabulary/would-block.ts';
import type { Source, SourceObserver } from '../../vocabulary/source.ts';
import { checkWaitOptions, type WaitInfo, type WaitOptions } from '../../waiting/waiter.ts';
import type { WriteData } from '../../streams/write-side.ts';
import { DatagramQueue, type Datagram } from './datagram-queue.ts';
import { DatagramSends } from './datagram-sends.ts';
import { nodeDgram } from '../lazy-builtins.ts';
import { reusePortOptions } from '../socket/reuse-port.ts';
import type { UdpAddress, UdpOptions, UdpStatistics } from './udp-options.ts';

const DEFAULT_MAX_DATAGRAMS = 1_024;
const DEFAULT_MAX_BYTES = 1_048_576;
const DEFAULT_WRITE_MARK = 65_536;

/**
 * A UDP socket.
 *
 * Several tasks may receive (they are served in order) and send at a time. A poll set can hold the socket.
 *
 * @example
 * ```ts
 * import { UdpSocket } from '@awaitio/core';
 *
 * await using server = await UdpSocket.bind('127.0.0.1:0');
 * await using client = await UdpSocket.bind('127.0.0.1:0');
 * await client.sendTo('hello', server.localAddress);
 * const { data, from } = await server.recvFrom({ timeout: 1_000 });
 * console.log(Buffer.from(data).toString(), String(from) === String(client.localAddress)); // hello true
 * ```
 */
export class UdpSocket implements Source, AsyncIterable<Datagram> {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #incoming: DatagramQueue;
  readonly #outgoing: DatagramSends;
  readonly #observers = new Set<SourceObserver>();
  #remoteAddress: InetAddress | undefined;
  #closing: Promise<void> | undefined;
  /** Where the socket is bound; for port 0 it names the port that was chosen. */
  readonly localAddress: InetAddress;

  private constructor(socket: Socket, options: UdpOptions) {
    this.#socket = socket;
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
    this.#outgoing = new DatagramSends(
      this.#clock,
      options.writeHighWaterMark ?? DEFAULT_WRITE_MARK,
      ({ bytes, to }, passed) => {
        if (to === undefined) socket.send(bytes, passed);
        else socket.send(bytes, to.port, to.host, passed);
      },
      this.#notify,
    );
    this.#incoming = new DatagramQueue(
      this.#clock,
      options.maxDatagrams ?? DEFAULT_MAX_DATAGRAMS,
      options.maxBytes ?? DEFAULT_MAX_BYTES,
    );
    const { address, port } = socket.address();
    this.localAddress = new InetAddress(address, port);
    socket.on('message', this.#onMessage);
    socket.on('error', this.#onError);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * Binds a socket.
   *
   * @param address - `'host:port'` or `{ host, port }`; port 0 chooses a free one; without a host, `127.0.0.1`. A name is
   * looked up as IPv4.
   * @throws `AddressError` when the address cannot be used (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`);
   * `InvalidInputError`; `signal.reason`. Nothing is left open then.
   */
  static async bind(address: UdpAddress, options: UdpOptions = {}): Promise<UdpSocket> {
    checkWaitOptions('bind', { signal: options.signal });
    const { maxDatagrams, maxBytes, writeHighWaterMark } = options;
    const { receiveBufferSize, sendBufferSize } = options;
    checkCounts('bind', {
      maxDatagrams,
      maxBytes,
      writeHighWaterMark,
      receiveBufferSize,
      sendBufferSize,
    });
    const { host, port } = parse(address, 'bind');
    const family = isIP(host) === 6 ? 6 : 4;
    const socketOptions: SocketOptions = {
      type: `udp${family}`,
      reuseAddr: options.reuseAddress ?? false,
      ipv6Only: options.ipv6Only ?? false,
      ...reusePortOptions(options.reusePort),
      ...(receiveBufferSize === undefined ? {} : { recvBufferSize: receiveBufferSize }),
      ...(sendBufferSize === undefined ? {} : { sendBufferSize }),
      ...(options.lookup === undefined ? {} : { lookup: lookupOne(options.lookup, family) }),
    };
    const socket = nodeDgram().createSocket(socketOptions);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address: host, port }, () => {
          socket.off('error', reject);
          resolve();
        });
      });
      if (options.broadcast === true) socket.setBroadcast(true);
      options.signal?.throwIfAborted();
    } catch (error) {
      socket.close();
      throw options.signal?.aborted === true ? error : translateError(error, 'bind');
    }
    return new UdpSocket(socket, options);
  }

  // --- Readiness -----------------------------------------------------------------------------------------------

  /** Whether a receive would not wait. */
  get isReadable(): boolean {
    return this.#incoming.isReadable || this.isDisposed;
  }

  /** Whether a send would not wait. */
  get isWritable(): boolean {
    return this.#outgoing.isWritable || this.isDisposed;
  }

  /** What the socket is ready for now, as the bits of `ReadyBits`. */
  get readiness(): number {
    const { READABLE, WRITABLE, READ_CLOSED, WRITE_CLOSED, ERROR } = ReadyBits;
    if (this.isDisposed) return READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED;
    let bits = 0;
    if (this.isReadable) bits |= READABLE;
    if (this.isWritable) bits |= WRITABLE;
    if (this.failure !== undefined) bits |= ERROR;
    return bits;
  }

  /** The error that the next receive will give, if there is one. */
  get failure(): unknown {
    return this.#incoming.failure;
  }

  /** Whether this side closed the socket. */
  get isDisposed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Waits until a datagram, or an error, is there to take.
   *
   * @throws `ClosedError` when this side closes the socket; `TimeoutError`; `signal.reason`.
   */
  async readable(options?: WaitOptions): Promise<void> {
    this.#check('readable', options);
    await this.#incoming.readable(options);
  }

  /**
   * Waits until a datagram can be sent without waiting.
   *
   * @throws `ClosedError` when this side closes the socket; `TimeoutError`; `signal.reason`.
   */
  async writable(options?: WaitOptions): Promise<void> {
    this.#check('writable', options);
    await this.#outgoing.writable(options);
  }

  // --- Receiving -----------------------------------------------------------------------------------------------

  /**
   * Waits for a datagram. Several calls may wait; they are served in order. A call given up takes none.
   *
   * @throws `BrokenError` or `AddressError` when the operating system tells of an error, such as `ECONNREFUSED` from a
   * connected peer: the socket goes on after it; `ClosedError`; `TimeoutError`; `signal.reason`.
   */
  async recvFrom(options?: WaitOptions): Promise<Datagram> {
    this.#check('recvFrom', options);
    return this.#incoming.receive(options);
  }

  /** Takes a datagram that is there, or gives `WOULD_BLOCK`. @throws as {@link UdpSocket.recvFrom} */
  tryRecvFrom(): Datagram | WouldBlock {
    this.#check('tryRecvFrom', undefined);
    return this.#incoming.tryReceive();
  }

  /** Iterates over the datagrams; ends when this side closes the socket. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncIterator<Datagram> {
    for (;;) {
      let datagram: Datagram;
      try {
        datagram = await this.recvFrom();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield datagram;
    }
  }

  // --- Sending -------------------------------------------------------------------------------------------------

  /**
   * Sends one datagram, when the socket is writable.
   *
   * @param data - At most 65507 bytes over IPv4 (RFC 768), and better below 1200 to pass everywhere in one packet; a
   * string stands for its latin1 bytes. It is copied, and may be changed at once.
   * @param address - Whom to send it to; a name is looked up each time.
   * @returns How many bytes were passed to the kernel: all. That they arrive is nobody's promise.
   * @throws `AddressError` when the address cannot be reached or found; `IoError` (`EMSGSIZE`) when the datagram is too
   * long; `ClosedError`; `TimeoutError` and `signal.reason`, after which the datagram may or may not be sent.
   */
  async sendTo(data: WriteData, address: UdpAddress, options?: WaitOptions): Promise<number> {
    const bytes = copyOf('sendTo', data);
    const { host, port } = parse(address, 'sendTo');
    this.#check('sendTo', options);
    return this.#outgoing.send('sendTo', { bytes, to: new InetAddress(host, port) }, options);
  }

  /**
   * Sends one datagram to the peer that {@link UdpSocket.connect} chose.
   *
   * @throws as {@link UdpSocket.sendTo}; `InvalidInputError` when the socket is not connected.
   */
  async send(data: WriteData, options?: WaitOptions): Promise<number> {
    const bytes = copyOf('send', data);
    if (this.#remoteAddress === undefined) {
      throw invalidInput('send', 'this socket', 'connected', 'one that is not');
    }
    this.#check('send', options);
    return this.#outgoing.send('send', { bytes, to: undefined }, options);
  }

  /**
   * Sends one datagram without waiting for the kernel's answer; one that it does not take counts as
   * `statistics().failed`.
   *
   * @returns How many bytes were accepted: all; or `WOULD_BLOCK` when the socket is not writable.
   * @throws `ClosedError`; `InvalidInputError`.
   */
  trySendTo(data: WriteData, address: UdpAddress): number | WouldBlock {
    const bytes = copyOf('trySendTo', data);
    const { host, port } = parse(address, 'trySendTo');
    this.#check('trySendTo', undefined);
    if (!this.isWritable) return WOULD_BLOCK;
    this.#outgoing.post({ bytes, to: new InetAddress(host, port) });
    return bytes.length;
  }

  /** The peer that the socket is connected to. */
  get remoteAddress(): InetAddress | undefined {
    return this.#remoteAddress;
  }

  /**
   * Chooses a peer: only its datagrams are received from now on, {@link UdpSocket.send} sends to it, and the operating
   * system's news of it (`ECONNREFUSED`) reach {@link UdpSocket.recvFrom}. No packet is sent. `sendTo` is over.
   *
   * @throws `AddressError` when the name cannot be found; `IoError` when it is connected already; `ClosedError`.
   */
  async connect(address: UdpAddress): Promise<void> {
    this.#check('connect', undefined);
    const { host, port } = parse(address, 'connect');
    await new Promise<void>((resolve, reject) => {
      try {
        // The callback also gets the error when a name is not found, whatever the types say.
        this.#socket.connect(port, host, (error?: Error) => {
          if (error === undefined || error === null) resolve();
          else reject(translateError(error, 'connect'));
        });
      } catch (error) {
        reject(translateError(error, 'connect'));
      }
    });
    this.#check('connect', undefined);
    const { address: peer, port: peerPort } = this.#socket.remoteAddress();
    this.#remoteAddress = new InetAddress(peer, peerPort);
  }

  // --- Around it -----------------------------------------------------------------------------------------------

  /** Allows or forbids sending to broadcast addresses. */
  setBroadcast(broadcast: boolean): void {
    this.#set('setBroadcast', () => {
      this.#socket.setBroadcast(broadcast);
    });
  }

  /** Sets how many routers a datagram may pass: 1 to 255. @throws `IoError` */
  setTtl(ttl: number): void {
    this.#set('setTtl', () => {
      this.#socket.setTTL(ttl);
    });
  }

  /**
   * Joins a multicast group.
   *
   * @param group - Its IP address.
   * @param onInterface - The address of the interface to join on. @default the operating system's choice
   * @throws `IoError` (`EINVAL`, `ENODEV`).
   */
  joinMulticast(group: string, onInterface?: string): void {
    this.#set('joinMulticast', () => {
      this.#socket.addMembership(group, onInterface);
    });
  }

  /** Leaves a multicast group. @throws `IoError` */
  leaveMulticast(group: string, onInterface?: string): void {
    this.#set('leaveMulticast', () => {
      this.#socket.dropMembership(group, onInterface);
    });
  }

  /** Lets the process end while this socket is open. */
  unref(): void {
    this.#socket.unref();
  }

  /** Keeps the process alive while this socket is open, which is the default. */
  ref(): void {
    this.#socket.ref();
  }

  /** A frozen snapshot. */
  statistics(): UdpStatistics {
    const waits: WaitInfo[] = [];
    const now = this.#clock.now();
    this.#incoming.describe(now, waits);
    this.#outgoing.describe(now, waits);
    return Object.freeze({
      received: this.#incoming.received,
      dropped: this.#incoming.dropped,
      queued: this.#incoming.length,
      queuedBytes: this.#incoming.bytes,
      sent: this.#outgoing.sent,
      failed: this.#outgoing.failed,
      unsent: this.#outgoing.unsent,
      waits: Object.freeze(waits),
    });
  }

  /** Tells `observer` whenever {@link UdpSocket.readiness} may have risen; for poll sets. */
  observe(observer: SourceObserver): void {
    this.#observers.add(observer);
  }

  /** Ends {@link UdpSocket.observe}. */
  unobserve(observer: SourceObserver): void {
    this.#observers.delete(observer);
  }

  /** Closes: waits fail with `ClosedError`, datagrams that nobody took are dropped. Idempotent, and never fails. */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.#closing = new Promise((resolve) => {
      this.#socket.close(() => {
        this.#socket.off('message', this.#onMessage);
        resolve();
      });
    });
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#incoming.close(closedError);
    this.#outgoing.close(closedError);
    this.#notify();
    return this.#closing;
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  readonly #onMessage = (data: Uint8Array, from: { address: string; port: number }): void => {
    this.#incoming.push({
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
      from: new InetAddress(from.address, from.port),
    });
    this.#notify();
  };

  readonly #onError = (error: Error): void => {
    this.#incoming.fail(translateError(error, 'recvFrom'));
    this.#notify();
  };

  readonly #onAbort = (): void => {
    void this.close();
  };

  #set(operation: string, body: () => void): void {
    this.#check(operation, undefined);
    try {
      body();
    } catch (error) {
      throw translateError(error, operation);
    }
  }

  #check(operation: string, options: WaitOptions | undefined): void {
    checkWaitOptions(operation, options);
    if (this.isDisposed) throw closedError(operation);
  }

  readonly #notify = (): void => {
    for (const observer of this.#observers) observer.onReadiness();
  };
}

/** `node:dgram` asks in a way of its own, for one address. */
function lookupOne(lookup: LookupFunction, family: 4 | 6): NonNullable<SocketOptions['lookup']> {
  return (host, _options, callback) => {
    if (isIP(host) !== 0) {
      callback(null, host, family);
      return;
    }
    lookup(host, { all: false, family }, (error, found) => {
      const address = typeof found === 'string' ? found : (found[0]?.address ?? '');
      callback(error, address, family);
    });
  };
}

function parse(address: UdpAddress, operation: string): { host: string; port: number } {
  const target = parseAddress(address, operation, '127.0.0.1');
  if ('path' in target) throw invalidInput(operation, 'address', 'a host and port', address);
  return target;
}

function copyOf(operation: string, data: WriteData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'latin1');
  if (data instanceof Uint8Array) return Uint8Array.prototype.slice.call(data);
  throw invalidInput(operation, 'data', 'a Uint8Array or a latin1 string', data);
}

function closedError(operation: string): ClosedError {
  return new ClosedError(`${operation}: this socket was closed by this side`, {
    code: 'ERR_SOCKET_CLOSED',
    operation,
  });
}
