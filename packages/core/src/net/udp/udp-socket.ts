/**
 * UDP sockets: datagrams in and out, with the waits of a stream.
 *
 * The promises of a stream hold where they can: waits are level-triggered and always settle, cancelling one loses no
 * datagram that was kept, would-block is a value, buffers are bounded. Only delivery cannot be promised: a datagram may be
 * dropped by the network, by the kernel, or here when it is not received in time (`statistics().dropped`).
 *
 * `datagram-queue.ts` keeps what arrives, `datagram-sends.ts` what is being sent. This file owns the socket.
 */

import { checkOptions, checkValue, rules } from '../../vocabulary/check.ts';
import { InetAddress } from '../../vocabulary/address.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { budgetOf } from '../../waiting/budget.ts';
import { charged } from '../../waiting/charged.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { ClosedError } from '../../vocabulary/errors.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import { ReadyBits } from '../../vocabulary/interest.ts';
import { WOULD_BLOCK, type WouldBlock } from '../../vocabulary/would-block.ts';
import { Observers, type Source, type SourceObserver } from '../../vocabulary/source.ts';
import { WaitIterator } from '../../waiting/wait-iterator.ts';
import { checkWaitOptions, type WaitOptions } from '../../waiting/waiter.ts';
import type { WriteData } from '../../streams/stream-writer.ts';
import type { DatagramPort } from './datagram-port.ts';
import { DatagramQueue, type Datagram } from './datagram-queue.ts';
import { DatagramSends, type Outgoing } from './datagram-sends.ts';
import { bindSocket, connectSocket } from './bind-socket.ts';
import { checkGroup, datagramTo, parseUdpAddress } from './udp-address.ts';
import { UDP_OPTIONS, type UdpAddress, type UdpOptions } from './udp-options.ts';
import { snapshotOf, type UdpStatistics } from './udp-statistics.ts';

let construct: typeof openUdpSocket;

/**
 * A UDP socket.
 *
 * Several tasks may receive at a time, in order, and several may send. A poll set can hold the socket.
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
  readonly #socket: DatagramPort;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #incoming: DatagramQueue;
  readonly #outgoing: DatagramSends;
  readonly #observers = new Observers();
  #remoteAddress: InetAddress | undefined;
  #closing: Promise<void> | undefined;
  /** The local address; for port 0, with the chosen port. */
  readonly localAddress: InetAddress;

  static {
    construct = (port, options) => new UdpSocket(port, options);
  }

  private constructor(socket: DatagramPort, options: UdpOptions) {
    this.#socket = socket;
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
    this.#outgoing = new DatagramSends(
      this.#clock,
      options.writeHighWaterMark,
      ({ bytes, to }, passed) => {
        if (to === undefined) socket.send(bytes, passed);
        else socket.send(bytes, to.port, to.host, passed);
      },
      this.#notify,
    );
    this.#incoming = new DatagramQueue(this.#clock, options.maxDatagrams, options.maxBytes);
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
   * resolved as IPv4.
   * @throws `AddressError` when the address cannot be used (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`);
   * `InvalidInputError`; `signal.reason`. Nothing is left open then.
   */
  static bind(address: UdpAddress, options: UdpOptions = {}): Promise<UdpSocket> {
    return charged(options, async () => {
      checkOptions('bind', options, UDP_OPTIONS);
      checkWaitOptions('bind', { signal: options.signal });
      const { host, port } = parseUdpAddress(address, 'bind');
      return new UdpSocket(await bindSocket(host, port, options), options);
    });
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

  /** The current readiness, as the bits of `ReadyBits`. */
  get readiness(): number {
    const { READABLE, WRITABLE, READ_CLOSED, WRITE_CLOSED, ERROR } = ReadyBits;
    if (this.isDisposed) return READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED;
    const bits = (this.isReadable ? READABLE : 0) | (this.isWritable ? WRITABLE : 0);
    return this.failure === undefined ? bits : bits | ERROR;
  }

  /** The error that the next receive will throw, if any. */
  get failure(): unknown {
    return this.#incoming.failure;
  }

  /** Whether this side closed the socket. */
  get isDisposed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Waits until a datagram, or an error, can be received without waiting.
   *
   * @throws `ClosedError` when this side closes the socket; `TimeoutError`; `signal.reason`.
   */
  readable(options?: WaitOptions): Promise<void> {
    return this.#checked('readable', options) ?? this.#incoming.readable(options);
  }

  /**
   * Waits until a datagram can be sent without waiting.
   *
   * @throws `ClosedError` when this side closes the socket; `TimeoutError`; `signal.reason`.
   */
  writable(options?: WaitOptions): Promise<void> {
    return this.#checked('writable', options) ?? this.#outgoing.writable(options);
  }

  // --- Receiving -----------------------------------------------------------------------------------------------

  /**
   * Waits for a datagram. Several calls may wait; they are served in order. A cancelled call takes none.
   *
   * @throws `BrokenError` or `AddressError` when the operating system reports an error, such as `ECONNREFUSED` from a
   * connected peer: the socket stays usable; `ClosedError`; `TimeoutError`; `signal.reason`.
   */
  recvFrom(options?: WaitOptions): Promise<Datagram> {
    return this.#checked('recvFrom', options) ?? this.#incoming.receive(options);
  }

  /** Takes a datagram from the queue, or gives `WOULD_BLOCK`. @throws as {@link UdpSocket.recvFrom} */
  tryRecvFrom(): Datagram | WouldBlock {
    this.#check('tryRecvFrom', undefined);
    return this.#incoming.tryReceive();
  }

  /**
   * Iterates over the datagrams until this side closes the socket: `for await` with a signal, and a timeout for each
   * datagram, in milliseconds. Leaving the loop ends a pending wait at once, takes no datagram and leaves the socket open.
   *
   * @throws in the loop as {@link UdpSocket.recvFrom}, but for `ClosedError`, which ends it; `InvalidInputError` at once.
   */
  datagrams(options?: WaitOptions): AsyncIterableIterator<Datagram> {
    const take = (wait: WaitOptions): Promise<Datagram> => this.recvFrom(wait);
    return new WaitIterator({ operation: 'datagrams', take, endsAtClose: true }, options);
  }

  /** As {@link UdpSocket.datagrams}, without a signal or a timeout. */
  [Symbol.asyncIterator](): AsyncIterator<Datagram, undefined> {
    return this.datagrams();
  }

  // --- Sending -------------------------------------------------------------------------------------------------

  /**
   * Sends one datagram, as soon as the socket is writable.
   *
   * @param data - At most 65507 bytes over IPv4 (RFC 768), and better below 1200 to pass everywhere in one packet; text
   * is sent as UTF-8. It is copied, and may be changed at once.
   * @param address - The destination; a name is resolved each time.
   * @returns How many bytes were passed to the kernel: all. It does not mean that they arrive.
   * @throws `AddressError` when the address cannot be reached or found; `IoError` (`EMSGSIZE`) when the datagram is too
   * long; `ClosedError`; `TimeoutError` and `signal.reason`, after which the datagram may or may not be sent.
   */
  sendTo(data: WriteData, address: UdpAddress, options?: WaitOptions): Promise<number> {
    return this.#send('sendTo', data, address, options);
  }

  /**
   * Sends one datagram to the peer of {@link UdpSocket.connect}.
   *
   * @throws as {@link UdpSocket.sendTo}; `InvalidInputError` when the socket is not connected.
   */
  send(data: WriteData, options?: WaitOptions): Promise<number> {
    return this.#send('send', data, undefined, options);
  }

  /**
   * Sends one datagram without waiting for the kernel to take it; one that the kernel refuses counts as
   * `statistics().failed`.
   *
   * @returns How many bytes were accepted: all; or `WOULD_BLOCK` when the socket is not writable.
   * @throws `ClosedError`; `InvalidInputError`.
   */
  trySendTo(data: WriteData, address: UdpAddress): number | WouldBlock {
    const datagram = datagramTo('trySendTo', data, address);
    this.#check('trySendTo', undefined);
    if (!this.isWritable) return WOULD_BLOCK;
    this.#outgoing.post(datagram);
    return datagram.bytes.length;
  }

  /** The peer that the socket is connected to. */
  get remoteAddress(): InetAddress | undefined {
    return this.#remoteAddress;
  }

  /**
   * Sets the peer: from now on only its datagrams are received, {@link UdpSocket.send} sends to it, and errors that the
   * operating system reports for it (`ECONNREFUSED`) reach {@link UdpSocket.recvFrom}. No packet is sent. `sendTo` fails from
   * now on.
   *
   * @throws `AddressError` when the name cannot be resolved; `IoError` when it is already connected; `ClosedError`.
   */
  connect(address: UdpAddress): Promise<void> {
    return charged({ clock: this.#clock }, () => this.#connect(address));
  }

  async #connect(address: UdpAddress): Promise<void> {
    this.#check('connect', undefined);
    const { host, port } = parseUdpAddress(address, 'connect');
    await connectSocket(this.#socket, host, port);
    this.#check('connect', undefined);
    const { address: peer, port: peerPort } = this.#socket.remoteAddress();
    this.#remoteAddress = new InetAddress(peer, peerPort);
  }

  // --- Options and life cycle -----------------------------------------------------------------------------------------------

  /** Allows or forbids sending to broadcast addresses. */
  setBroadcast(broadcast: boolean): void {
    checkValue('setBroadcast', 'broadcast', broadcast, rules.flag);
    this.#set('setBroadcast', () => {
      this.#socket.setBroadcast(broadcast);
    });
  }

  /** Sets the time to live, 1 to 255: how many routers a datagram may pass. @throws `InvalidInputError` */
  setTtl(ttl: number): void {
    checkValue('setTtl', 'ttl', ttl, rules.whole(1, 255));
    this.#set('setTtl', () => {
      this.#socket.setTTL(ttl);
    });
  }

  /**
   * Joins a multicast group.
   *
   * @param group - The IP address of the group.
   * @param onInterface - The address of the interface to join on. @default the operating system's choice
   * @throws `IoError` (`EINVAL`, `ENODEV`).
   */
  joinMulticast(group: string, onInterface?: string): void {
    checkGroup('joinMulticast', group, onInterface);
    this.#set('joinMulticast', () => {
      this.#socket.addMembership(group, onInterface);
    });
  }

  /** Leaves a multicast group. @throws `IoError` */
  leaveMulticast(group: string, onInterface?: string): void {
    checkGroup('leaveMulticast', group, onInterface);
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
    return snapshotOf(this.#incoming, this.#outgoing, this.#clock.now());
  }

  /** Notifies `observer` whenever {@link UdpSocket.readiness} may have risen; for poll sets. */
  observe(observer: SourceObserver): void {
    this.#observers.add(observer);
  }

  /** Ends {@link UdpSocket.observe}. */
  unobserve(observer: SourceObserver): void {
    this.#observers.delete(observer);
  }

  /** Closes: waits fail with `ClosedError`, queued datagrams are dropped. Idempotent, and never fails. */
  close(): Promise<void> {
    if (this.#closing !== undefined) {
      return this.#closing.then(() => budgetOf(this.#clock).pay(undefined));
    }
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

  #send(
    operation: 'send' | 'sendTo',
    data: WriteData,
    address: UdpAddress | undefined,
    options: WaitOptions | undefined,
  ): Promise<number> {
    let datagram: Outgoing;
    try {
      datagram = datagramTo(operation, data, operation === 'send' ? this.#remoteAddress : address);
      this.#check(operation, options);
    } catch (error) {
      return budgetOf(this.#clock).fail(error);
    }
    return this.#outgoing.send(operation, datagram, options);
  }

  /** The result of a call that its checks refuse. */
  #checked(operation: string, options: WaitOptions | undefined): Promise<never> | undefined {
    try {
      this.#check(operation, options);
      return undefined;
    } catch (error) {
      return budgetOf(this.#clock).fail(error);
    }
  }

  #check(operation: string, options: WaitOptions | undefined): void {
    checkWaitOptions(operation, options);
    if (this.isDisposed) throw closedError(operation);
  }

  readonly #notify = (): void => {
    this.#observers.notify();
  };
}

function closedError(operation: string): ClosedError {
  return new ClosedError(`${operation}: this socket was closed by this side`, {
    code: 'ERR_SOCKET_CLOSED',
    operation,
  });
}

/** Makes a socket over what is bound already. Not for programs: the constructor is private. */
export function openUdpSocket(port: DatagramPort, options: UdpOptions): UdpSocket {
  return construct(port, options);
}
