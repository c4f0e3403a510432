/**
 * A socket in the shape of `net.Socket`, on the network of a simulated host.
 *
 * It has what libraries touch: its events (`lookup`, `connect`, `ready`, `timeout`, `close` with whether it failed), its states, its
 * addresses, its counts of bytes, and a timeout in virtual time. Its errors are those of Node's sockets.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { addAbortSignal } from 'node:stream';
import { SocketDuplex, type Endpoint, type IdleTimer } from '../../../streams/socket-duplex.ts';
import { recordedStreams } from '../../../vocabulary/recorded.ts';
import { immediate, microtask, nextTick } from '../../../vocabulary/platform.ts';
import { Timeout } from '../guard/timers.ts';
import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimStream } from '../wire/stream.ts';
import { connectArguments, isPath, type ConnectOptions } from './arguments.ts';
import { checkDelay, checkFunction } from './checks.ts';
import { beginLookup, dial, type Target } from './dial.ts';
import { socketError, systemError } from './errors.ts';
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

export class SimSocket extends SocketDuplex {
  readonly #place: Home;
  /** Its place in the order of sockets. */
  readonly number: number = nextNumber();
  #carriesTls: boolean;
  /** Its host and life, whatever ends it: as in Node, the end is noticed in the context that made the socket. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  /** Ends an attempt to connect. */
  #attempt = new AbortController();
  #target: Target | undefined;
  #link: SimStream | SimUnixStream | undefined;
  /** Whether `'close'` was emitted: then it can connect again. */
  #hasClosed = false;
  /** Bytes that were read of connections before this one. */
  #readBefore = 0;
  /** Set by servers of Node, which count their connections. */
  server: unknown = null;
  _server: { _connections: number; _emitCloseIfDrained(): void } | null = null;
  protected override readonly sendsWhatItTook = true;
  /** What belongs to Node's handles is not here; libraries ask whether it is. */
  readonly _handle = null;
  /** Where TLS looks for the socket below this one. */
  readonly _parent = null;

  constructor(place: Home, options: SocketOptions = {}) {
    const { allowHalfOpen = false, signal, carriesTls = false } = options;
    super({ allowHalfOpen, emitClose: false, autoDestroy: !carriesTls });
    this.#place = place;
    this.#carriesTls = carriesTls;
    place.add(this);
    this.on('end', () => this.touch());
    // Last: one that has aborted destroys it here, and that needs the fields.
    if (signal) addAbortSignal(signal, this);
  }

  /** Whether TLS is above it. */
  get carriesTls(): boolean {
    return this.#carriesTls;
  }

  /** Takes over a connection that is open. */
  open(stream: SimStream | SimUnixStream): void {
    this.#link = stream;
    if (this.#carriesTls) recordedStreams.of(stream)?.();
    this.attach(stream);
  }

  /** Begins to read, as Node's sockets do: an end or an error is noticed also where no program reads. */
  readAhead(): void {
    if (!this.isPaused()) this.#readNothing();
  }

  #readNothing(): void {
    if (!this.#carriesTls && !this.destroyed) this.read(0);
  }

  /** TLS begins here: its bytes are random, and have their number in the hash in place of them. */
  carryTls(): void {
    this.#carriesTls = true;
    if (this.#link !== undefined) recordedStreams.of(this.#link)?.();
  }

  override destroy(error?: Error): this {
    return error === undefined && isLeft(this) ? this : super.destroy(error);
  }

  override connect(...args: readonly unknown[]): this {
    const [options, callback] = connectArguments(args);
    if (callback !== undefined) this.once('connect', callback);
    // Node connects beside the connection that closes; here they follow each other.
    if (this.destroyed && !this.#hasClosed) this.once('close', () => this.#begin(options));
    else this.#begin(options);
    return this;
  }

  #begin(options: ConnectOptions): void {
    const { host = 'localhost', path, port } = options;
    if (this.connecting) {
      const details = isPath(path)
        ? { address: path }
        : { address: this.#place.addressOf(host), port: Number(port) };
      this.destroy(systemError('connect', 'EALREADY', details));
      return;
    }
    if (this.destroyed) this.#renew();
    this.connecting = true;
    if (!this.pending) {
      // As in Node: the connection stays as it is.
      nextTick(() => {
        if (!this.destroyed) this.#connected();
      });
      return;
    }
    const hostname = isPath(path) ? undefined : options.host;
    const looked = this.#place.enter(() => beginLookup(this.#place, options));
    void this.#place.enter(() => this.#connect(options, hostname, looked));
  }

  /** A socket that has closed is one that has not connected. */
  #renew(): void {
    this.detach();
    // The peer's FIN has replaced it.
    Reflect.deleteProperty(this, 'write');
    this.#readBefore = super.bytesRead;
    this.#attempt = new AbortController();
    this.#target = undefined;
    this.#link = undefined;
    this.#hasClosed = false;
    this.#place.add(this);
  }

  #connected(): void {
    this.connecting = false;
    this.touch();
    this.emit('connect');
    this.emit('ready');
    this.readAhead();
  }

  async #connect(
    options: ConnectOptions,
    hostname: string | undefined,
    looked: Promise<readonly string[]> | undefined,
  ): Promise<void> {
    const { signal } = this.#attempt;
    try {
      // What listens to its events comes after the call that made it.
      await new Promise<void>((resolve) => {
        nextTick(resolve);
      });
      const stream = await dial(this.#place, options, looked, signal, (target) => {
        if (signal.aborted) return;
        this.#target = target;
        if (target.isName) this.emit('lookup', null, target.address, 4, hostname);
      });
      microtask(() => {
        if (signal.aborted) {
          stream.reset();
          return;
        }
        this.connecting = false;
        this.open(stream);
        this.#connected();
      });
    } catch (error) {
      microtask(() => {
        // It was destroyed, and may have begun again.
        if (signal.aborted) return;
        this.connecting = false;
        this.destroy(socketError('connect', error, { ...this.#target, hostname }));
      });
    }
  }

  // --- What comes and goes -------------------------------------------------------------------------------------

  protected override deliver(chunk: Uint8Array | null): void {
    const pass = (): void => {
      super.deliver(chunk);
      // Where no bytes wait, `'end'` needs no reader, also on a socket that is paused.
      if (chunk === null) this.#readNothing();
    };
    if (this.#carriesTls) immediate(pass);
    else pass();
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
    // Where the host has crashed, no program is left to handle it.
    const isGone = (error as { code?: unknown } | null)?.code === 'ERR_HOST_CRASHED';
    const given = error === null || isGone ? null : socketError('read', error, {});
    const end = (): void => {
      this.#place.remove(this);
      done(given);
      nextTick(() => {
        this.#hasClosed = true;
        this.emit('close', given !== null);
      });
      if (this._server === null) return;
      this._server._connections -= 1;
      this._server._emitCloseIfDrained();
      this._server = null;
    };
    super._destroy(error, () => {
      this.#inContext(end);
    });
  }

  // --- Its timeout ---------------------------------------------------------------------------------------------

  /** @throws what Node throws */
  override setTimeout(delay: number, callback?: () => void): this {
    if (this.destroyed) return this;
    checkDelay('msecs', delay);
    if (callback !== undefined) checkFunction('callback', callback);
    return super.setTimeout(delay, callback);
  }

  /** @throws what Node throws */
  override setKeepAlive(keepAlive?: unknown, initialDelay: number = 0): this {
    return super.setKeepAlive(keepAlive, ~~(initialDelay / 1_000) * 1_000);
  }

  protected override startIdleTimer(callback: () => void, delay: number): IdleTimer {
    return new Timeout(callback, delay, [], false).unref();
  }

  /** Node's own modules call it when something has happened. */
  _unrefTimer(): void {
    this.touch();
  }

  // --- What it is ----------------------------------------------------------------------------------------------

  override get bytesRead(): number {
    return super.bytesRead - this.#readBefore;
  }

  get _bytesDispatched(): number {
    return this.given;
  }

  get _connecting(): boolean {
    return this.connecting;
  }

  /** Its hosts have names; a socket has addresses. */
  protected override addressAt(end: 'localAddress' | 'remoteAddress'): Endpoint | undefined {
    const address = super.addressAt(end);
    return address && { ...address, host: this.#place.addressOf(address.host) };
  }
}

Object.defineProperty(SimSocket.prototype, SIMULATED, {
  get(this: SimSocket) {
    return !this.carriesTls;
  },
});
