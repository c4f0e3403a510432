/**
 * What a `net.Socket` has beside a `Duplex`: a timeout of inactivity, addresses, counts of bytes, states.
 *
 * Libraries that are given a stream in place of a socket call these without asking whether it has them: `node:http`'s agent and
 * servers of SMTP set timeouts, database clients turn off Nagle's algorithm, frameworks read the peer's address.
 */

import { BrokenError, invalidInput, IoError } from '../vocabulary/errors.ts';
import { nextTick } from '../vocabulary/platform.ts';
import { StreamDuplex } from './stream-duplex.ts';

/** The largest delay of a timer, in milliseconds. */
const MAX_DELAY = 2_147_483_647;

/** One end of a connection. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What sockets know of themselves, and other streams lack. */
interface Connected {
  readonly localAddress?: Partial<Endpoint>;
  readonly remoteAddress?: Partial<Endpoint>;
  readonly isEncrypted?: boolean;
  readonly isAuthorized?: boolean;
  readonly alpnProtocol?: string;
  readonly servername?: string;
  setNoDelay?: (noDelay: boolean) => void;
  setKeepAlive?: (keepAlive: boolean | number) => void;
  ref?: () => void;
  unref?: () => void;
}

type Done = (error?: Error | null) => void;

/** A timer that starts again with each byte. It keeps no process alive. */
export interface IdleTimer {
  refresh(): unknown;
  close(): unknown;
}

/** A {@link StreamDuplex} in the shape of a socket. */
export abstract class SocketDuplex extends StreamDuplex {
  #idle: IdleTimer | undefined;
  #bytesRead = 0;
  /** The peer's address, once it was asked for. */
  #peer: Endpoint | undefined;
  /** Milliseconds without a byte until `'timeout'`; `undefined` before `setTimeout`. */
  timeout: number | undefined;
  connecting = false;
  readonly autoSelectFamilyAttemptedAddresses: string[] = [];

  /** Calls back after so many milliseconds without a `refresh`, and again after the next one. */
  protected abstract startIdleTimer(callback: () => void, delay: number): IdleTimer;

  protected override deliver(chunk: Uint8Array | null): void {
    this.touch();
    if (chunk !== null) this.#bytesRead += chunk.length;
    else this.prependOnceListener('end', this.#onEnd);
    super.deliver(chunk);
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    this.touch();
    super._write(chunk, encoding, done);
  }

  override _writev(
    chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    this.touch();
    super._writev(chunks, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#idle?.close();
    this.#idle = undefined;
    super._destroy(error, done);
  }

  /** @throws `IoError` (`EISCONN`): it is connected, and stays so. Types of Node's sockets want this call. */
  connect(..._args: readonly unknown[]): this {
    throw new IoError(
      'connect: this stream is connected already; TcpStream.connect opens another connection',
      { code: 'EISCONN', operation: 'connect' },
    );
  }

  /** Ends it when what was written has been sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Resets the connection, so that the peer notices. */
  resetAndDestroy(): this {
    this.stream?.reset();
    return this.destroy();
  }

  readonly #onEnd = (): void => {
    if (!this.allowHalfOpen) this.write = (...args: unknown[]) => this.#writeAfterFin(args);
  };

  /** What `write` is once the peer's FIN has ended both sides: the reason is then the peer, and not a second `end`. */
  #writeAfterFin(args: readonly unknown[]): boolean {
    if (!this.writableEnded) return super.write(...(args as [chunk: unknown]));
    const error = new BrokenError(
      'write: the peer has ended this connection, and so it has ended',
      {
        code: 'EPIPE',
        operation: 'write',
      },
    );
    const done = args.find((value) => typeof value === 'function') as Done | undefined;
    if (done !== undefined) nextTick(done, error);
    this.destroy(error);
    return false;
  }

  // --- Its timeout ---------------------------------------------------------------------------------------------

  /**
   * Emits `'timeout'` after so long without a byte in either direction, as a socket does: nothing else happens then.
   *
   * @param delay - In milliseconds; 0 turns it off.
   * @param callback - Called once at the next timeout; with 0 no longer called.
   * @throws `InvalidInputError` for a delay that is no number from 0, or a callback that is no function.
   */
  setTimeout(delay: number, callback?: () => void): this {
    if (typeof delay !== 'number' || !(delay >= 0 && delay < Infinity)) {
      throw invalidInput('setTimeout', 'delay', 'a number of milliseconds from 0', delay);
    }
    if (callback !== undefined && typeof callback !== 'function') {
      throw invalidInput('setTimeout', 'callback', 'a function', callback);
    }
    if (this.destroyed) return this;
    this.timeout = Math.min(delay, MAX_DELAY);
    this.#idle?.close();
    this.#idle = undefined;
    if (callback !== undefined) this.off('timeout', callback);
    if (delay === 0) return this;
    if (callback !== undefined) this.once('timeout', callback);
    this.#idle = this.startIdleTimer(() => {
      // The stream below may be closed by another user, which is noticed here when it is read.
      if (this.stream?.isClosed !== true) this.emit('timeout');
    }, this.timeout);
    return this;
  }

  protected touch(): void {
    this.#idle?.refresh();
  }

  // --- What it is ----------------------------------------------------------------------------------------------

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes that were written, sent or not. */
  get bytesWritten(): number {
    return this.given + this.waiting;
  }

  get bufferSize(): number {
    return this.writableLength;
  }

  get pending(): boolean {
    return this.stream === undefined;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return this.pending ? 'closed' : 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** This side's address, or an empty object where there is none. */
  address(): { address?: string; family?: string; port?: number } {
    const local = this.addressAt('localAddress');
    if (local === undefined) return {};
    return { address: local.host, family: familyOf(local.host), port: local.port };
  }

  get localAddress(): string | undefined {
    return this.addressAt('localAddress')?.host;
  }

  get localPort(): number | undefined {
    return this.addressAt('localAddress')?.port;
  }

  get localFamily(): string | undefined {
    return familyOf(this.localAddress);
  }

  get remoteAddress(): string | undefined {
    return this.addressAt('remoteAddress')?.host;
  }

  get remotePort(): number | undefined {
    return this.addressAt('remoteAddress')?.port;
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.remoteAddress);
  }

  /**
   * As on sockets of Node, a Unix socket has no address. A destroyed one has none of this side; the peer's it has where it was asked
   * for before, as by what logs the ends of connections.
   */
  protected addressAt(end: 'localAddress' | 'remoteAddress'): Endpoint | undefined {
    if (this.destroyed) return end === 'remoteAddress' ? this.#peer : undefined;
    const { host, port } = this.#socket[end] ?? {};
    if (host === undefined || port === undefined) return undefined;
    const address = { host, port };
    if (end === 'remoteAddress') this.#peer = address;
    return address;
  }

  /** Whether TLS is on it, as `tls.TLSSocket` says it; `undefined` where it is not. */
  get encrypted(): true | undefined {
    return this.#socket.isEncrypted === true ? true : undefined;
  }

  /** Whether TLS has authenticated the peer. */
  get authorized(): boolean | undefined {
    return this.#socket.isAuthorized;
  }

  get alpnProtocol(): string | undefined {
    return this.#socket.alpnProtocol;
  }

  get servername(): string | undefined {
    return this.#socket.servername;
  }

  // --- Its options: elsewhere than on TCP the first two do nothing, as in Node on Unix sockets -------------------

  setNoDelay(noDelay: unknown = true): this {
    this.#socket.setNoDelay?.(Boolean(noDelay));
    return this;
  }

  setKeepAlive(keepAlive: unknown = false, initialDelay = 0): this {
    const isOn = Boolean(keepAlive);
    this.#socket.setKeepAlive?.(isOn && initialDelay > 0 ? initialDelay : isOn);
    return this;
  }

  ref(): this {
    this.#socket.ref?.();
    return this;
  }

  unref(): this {
    this.#socket.unref?.();
    return this;
  }

  get #socket(): Connected {
    return (this.stream ?? {}) as Connected;
  }
}

function familyOf(host: string): string;
function familyOf(host: string | undefined): string | undefined;
function familyOf(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  return host.includes(':') ? 'IPv6' : 'IPv4';
}
