/**
 * A socket in the shape of `net.Socket`, on the network of a simulated host.
 *
 * It has what libraries touch: its events (`lookup`, `connect`, `ready`, `timeout`, `close` with whether it failed), its states, its
 * addresses, its counts of bytes, and a timeout in virtual time. Its errors are those of Node's sockets.
 */

import type { Socket as NodeSocket } from 'node:net';
import { StreamDuplex } from '../../../streams/to-node.ts';
import type { InetAddress } from '../../../vocabulary/address.ts';
import { recordedStreams } from '../../../vocabulary/recorded.ts';
import { immediate, microtask, nextTick } from '../../../vocabulary/platform.ts';
import { Timeout } from '../guard/timers.ts';
import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimStream } from '../wire/stream.ts';
import { connectArguments, isPath, type ConnectOptions } from './arguments.ts';
import { dial, type Target } from './dial.ts';
import { socketError } from './errors.ts';
import { SIMULATED } from './brand.ts';
import { isLeft, nextNumber } from './in-order.ts';
import type { Home } from './home.ts';

/** Options of a socket. */
export interface SocketOptions {
  readonly allowHalfOpen?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For TLS above it, see `net/tls/tls-duplex.ts`: bytes come in a separate turn, and `end` calls back at once. */
  readonly carriesTls?: boolean | undefined;
}

export class SimSocket extends StreamDuplex {
  readonly #place: Home;
  /** Its place in the order of sockets. */
  readonly number: number = nextNumber();
  #carriesTls: boolean;
  /** Ends an attempt to connect. */
  readonly #attempt = new AbortController();
  #idle: Timeout | undefined;
  #bytesRead = 0;
  #bytesWritten = 0;
  #target: Target | undefined;
  #link: SimStream | SimUnixStream | undefined;
  connecting = false;
  timeout: number | undefined;
  readonly autoSelectFamilyAttemptedAddresses: readonly string[] = [];
  /** Set by servers of Node, which count their connections. */
  server: unknown = null;
  _server: { _connections: number; _emitCloseIfDrained(): void } | null = null;
  /** What belongs to Node's handles is not here; libraries ask whether it is. */
  readonly _handle = null;
  /** Where TLS looks for the socket below this one. */
  readonly _parent = null;

  constructor(place: Home, options: SocketOptions = {}) {
    const { allowHalfOpen = false, signal, carriesTls = false } = options;
    super({ allowHalfOpen, emitClose: false, autoDestroy: !carriesTls, signal });
    this.#place = place;
    this.#carriesTls = carriesTls;
    place.add(this);
    this.on('end', this.#touch);
  }

  /** Whether TLS is above it. */
  get carriesTls(): boolean {
    return this.#carriesTls;
  }

  /** Takes over a connection that is open. */
  open(stream: SimStream | SimUnixStream): void {
    this.#link = stream;
    if (this.#carriesTls) recordedStreams.get(stream)?.();
    this.attach(stream);
  }

  /** Begins to read, as Node's sockets do: an end or an error is noticed also where no program reads. */
  readAhead(): void {
    if (!this.#carriesTls && !this.destroyed && !this.isPaused()) this.read(0);
  }

  /** TLS begins here: its bytes are random, and have their number in the hash in place of them. */
  carryTls(): void {
    this.#carriesTls = true;
    if (this.#link !== undefined) recordedStreams.get(this.#link)?.();
  }

  override destroy(error?: Error): this {
    return error === undefined && isLeft(this) ? this : super.destroy(error);
  }

  connect(...args: readonly unknown[]): this {
    const [options, callback] = connectArguments(args);
    if (callback !== undefined) this.once('connect', callback);
    if (options.timeout !== undefined) this.setTimeout(options.timeout);
    this.connecting = true;
    const hostname = isPath(options.path) ? undefined : (options.host ?? 'localhost');
    void this.#place.enter(() => this.#connect(options, hostname));
    return this;
  }

  async #connect(options: ConnectOptions, hostname: string | undefined): Promise<void> {
    try {
      // What listens to its events comes after the call that made it.
      await new Promise<void>((resolve) => {
        nextTick(resolve);
      });
      const stream = await dial(this.#place, options, this.#attempt.signal, (target) => {
        this.#target = target;
        if (target.isName) this.emit('lookup', null, target.address, 4, hostname);
      });
      if (this.destroyed) {
        stream.reset();
        return;
      }
      microtask(() => {
        this.connecting = false;
        this.open(stream);
        this.#touch();
        this.emit('connect');
        this.emit('ready');
        this.readAhead();
      });
    } catch (error) {
      microtask(() => {
        this.connecting = false;
        this.destroy(socketError('connect', error, { ...this.#target, hostname }));
      });
    }
  }

  // --- What comes and goes -------------------------------------------------------------------------------------

  protected override deliver(chunk: Uint8Array | null): void {
    const pass = (): void => {
      this.#touch();
      if (chunk === null) {
        this.push(null);
        this.readAhead();
        return;
      }
      this.#bytesRead += chunk.length;
      this.push(chunk);
    };
    if (this.#carriesTls) immediate(pass);
    else pass();
  }

  override _write(
    chunk: Uint8Array | string,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#count(chunk, encoding);
    super._write(chunk, encoding, done);
  }

  override _writev(
    chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    for (const { chunk, encoding } of chunks) this.#count(chunk, encoding);
    super._writev(chunks, done);
  }

  #count(chunk: Uint8Array | string, encoding: BufferEncoding): void {
    this.#touch();
    this.#bytesWritten +=
      typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
  }

  override end(...values: unknown[]): this {
    if (!this.#carriesTls) return super.end(...(values as []));
    const callback = values.find((value) => typeof value === 'function') as
      | (() => void)
      | undefined;
    super.end();
    callback?.();
    return this;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.connecting = false;
    this.#attempt.abort();
    this.#idle?.close();
    // Where the host has crashed, no program is left to handle it.
    const isGone = (error as { code?: unknown } | null)?.code === 'ERR_HOST_CRASHED';
    const given = error === null || isGone ? null : socketError('read', error, {});
    super._destroy(error, () => {
      this.#place.remove(this);
      done(given);
      nextTick(() => {
        this.emit('close', given !== null);
      });
      if (this._server === null) return;
      this._server._connections -= 1;
      this._server._emitCloseIfDrained();
      this._server = null;
    });
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  resetAndDestroy(): this {
    this.#link?.reset();
    return this.destroy();
  }

  // --- Its timeout ---------------------------------------------------------------------------------------------

  setTimeout(delay: number, callback?: () => void): this {
    this.timeout = delay;
    this.#idle?.close();
    this.#idle = undefined;
    if (delay > 0) {
      this.#idle = new Timeout(() => this.emit('timeout'), delay, [], false).unref();
      if (callback !== undefined) this.once('timeout', callback);
    } else if (callback !== undefined) {
      this.off('timeout', callback);
    }
    return this;
  }

  readonly #touch = (): void => {
    this.#idle?.refresh();
  };

  /** Node's own modules call it when something has happened. */
  _unrefTimer(): void {
    this.#touch();
  }

  // --- What it is ----------------------------------------------------------------------------------------------

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesWritten(): number {
    return this.#bytesWritten + this.writableLength;
  }

  get _bytesDispatched(): number {
    return this.#bytesWritten;
  }

  get bufferSize(): number {
    return this.writableLength;
  }

  get pending(): boolean {
    return this.#link === undefined;
  }

  get _connecting(): boolean {
    return this.connecting;
  }

  get readyState(): NodeSocket['readyState'] {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return this.pending ? 'closed' : 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  address(): object {
    const { localAddress: address, localPort: port, localFamily: family } = this;
    return address === undefined ? {} : { address, family, port };
  }

  get localAddress(): string | undefined {
    return this.#addressOf('localAddress');
  }

  get localPort(): number | undefined {
    return this.#inet('localAddress')?.port;
  }

  get localFamily(): string | undefined {
    return this.#inet('localAddress') === undefined ? undefined : 'IPv4';
  }

  get remoteAddress(): string | undefined {
    return this.destroyed ? undefined : this.#addressOf('remoteAddress');
  }

  get remotePort(): number | undefined {
    return this.destroyed ? undefined : this.#inet('remoteAddress')?.port;
  }

  get remoteFamily(): string | undefined {
    return this.remoteAddress === undefined ? undefined : 'IPv4';
  }

  #addressOf(end: 'localAddress' | 'remoteAddress'): string | undefined {
    const address = this.#inet(end);
    return address === undefined ? undefined : this.#place.addressOf(address.host);
  }

  /** Unix sockets have no addresses here, as in Node. */
  #inet(end: 'localAddress' | 'remoteAddress'): InetAddress | undefined {
    const address = this.#link?.[end];
    return address?.kind === 'inet' ? address : undefined;
  }
}

Object.defineProperty(SimSocket.prototype, SIMULATED, {
  get(this: SimSocket) {
    return !this.carriesTls;
  },
});
