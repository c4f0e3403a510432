/**
 * The carrier directly over a libuv handle, without `net.Socket`: for connections that a listener accepted, and for TLS over a socket.
 *
 * All handles are read into one buffer of the process, and their reads are delivered in batches (`io-batch.ts`). A write is
 * tried at once. Nearly always the kernel takes all of it: the write has then completed when the call returns, without a
 * callback and without keeping a request. What the kernel does not take, libuv sends in order as room becomes available.
 *
 * Hazards:
 *
 * - libuv refuses an RST between `shutdown` and its callback, and never closes a handle that was refused. So FIN is sent
 *   only when all bytes before it are with the kernel: the callback then comes in the next iteration of the loop, and a
 *   reset in between waits for it.
 * - The memory of an incomplete write must stay alive: its request keeps it. The shared read buffer outlives every handle.
 * - A closed handle has no descriptor, and the number may already belong to another one: once `#isClosed` is set, the
 *   handle is not used.
 * - A write fails as soon as the peer has reset the connection, while what it sent before may still be in the kernel. So a
 *   failed write first reads that, whether the stream has room or not, and then breaks.
 * - `onDrain` must not be called from inside a call of the sink: it is then deferred to the next tick.
 */

import type { Socket } from 'node:net';
import { immediate, nextTick } from '../../vocabulary/platform.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import type { TransportSink } from '../../streams/transport.ts';
import { probeArguments, type KeepAlive } from './keep-alive.ts';
import { firstBytes, sharedBuffer } from './shared-buffer.ts';
import { resetUnderTls, SocketCarrier, type SocketKind } from './socket-carrier.ts';
import {
  socketOf,
  END_OF_FILE,
  NOT_CONNECTED,
  systemError,
  type HandleRequest,
  type StreamHandle,
  type HandleBindings,
} from './stream-handle.ts';
import { socketErrorAtEof } from './verify-eof.ts';
import {
  carryHandle,
  carryShutdown,
  carryWrite,
  closeCarried,
  resetCarried,
  type HandleCarrier,
} from './handle-callbacks.ts';
import { deliverReads, isLastReader, queueRead } from './io-batch.ts';

const notifyDrain = (carrier: HandleTransport): void => carrier.notifyDrain();
const notifyFinished = (carrier: HandleTransport): void => carrier.onFinished();

export class HandleTransport extends SocketCarrier implements HandleCarrier {
  protected readonly handle: StreamHandle;
  readonly #bindings: HandleBindings;
  /** Bytes that libuv has queued for the kernel. */
  #inFlight = 0;
  /** Whether the handle was closed; the close callback may still be pending. */
  #isClosed = false;
  /** Whether the peer's FIN was read. */
  #hasEnded = false;
  /** The state of FIN: not asked for, to be sent after the bytes in flight, being sent, sent. */
  #fin: 'none' | 'requested' | 'sending' | 'sent' = 'none';
  #finished: (() => void) | undefined;
  /** Bytes read since a write failed; `undefined` while none has. */
  #readSinceFailure: number | undefined;
  /** Carries the connection from now on: TLS over the handle. */
  #borrower: Socket | undefined;
  /** The action deferred until the bytes in flight, or the FIN, are sent. */
  #deferred: 'nothing' | 'close' | 'reset' = 'nothing';

  constructor(
    kind: SocketKind,
    handle: StreamHandle,
    bindings: HandleBindings,
    whenClosed?: () => void,
  ) {
    super(kind, whenClosed);
    this.handle = handle;
    this.#bindings = bindings;
    carryHandle(handle, this);
    handle.useUserBuffer(sharedBuffer);
  }

  get unsent(): number {
    return this.queuedBytes + this.#inFlight;
  }

  get isReleased(): boolean {
    return this.unsent === 0 && !this.#isClosed;
  }

  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  start(sink: TransportSink): void {
    this.sink = sink;
    this.resume();
  }

  pause(): void {
    if (!this.#isClosed && this.#readSinceFailure === undefined) this.handle.readStop();
  }

  resume(): void {
    if (this.#isClosed || this.#hasEnded) return;
    const status = this.handle.readStart();
    if (status < 0) this.#fail(status, 'read');
  }

  override flushNow(): void {
    super.flush();
    // No call of the sink is under way here.
    if (this.isBackedUp && this.#inFlight === 0) this.notifyDrain();
  }

  protected override flush(): void {
    super.flush();
    if (this.isBackedUp && this.#inFlight === 0) nextTick(notifyDrain, this);
  }

  protected send(data: Uint8Array | string): void {
    const { length } = data;
    if (this.#isClosed || this.#readSinceFailure !== undefined) {
      this.#inFlight += length;
      return;
    }
    const request = this.#requestFor(data, length);
    const status =
      typeof data === 'string'
        ? this.handle.writeLatin1String(request, data)
        : this.handle.writeBuffer(request, data);
    this.#dispatched(status, request, data, length);
  }

  protected sendAll(pieces: readonly (Uint8Array | string)[]): void {
    let length = 0;
    let areBuffers = true;
    for (const piece of pieces) {
      length += piece.length;
      if (typeof piece === 'string') areBuffers = false;
    }
    if (length === 0) return;
    if (this.#isClosed || this.#readSinceFailure !== undefined) {
      this.#inFlight += length;
      return;
    }
    const data = areBuffers ? pieces : pieces.flatMap((piece) => [piece, encodingOf(piece)]);
    const request = this.#requestFor(data, length);
    const status = this.handle.writev(request, data, areBuffers);
    this.#dispatched(status, request, data, length);
  }

  end(finished: () => void): void {
    this.flush();
    if (this.#isClosed) return;
    this.#finished = finished;
    this.#fin = 'requested';
    if (this.#inFlight === 0) this.#sendFin();
  }

  close(): void {
    this.flush();
    if (this.#borrower !== undefined) resetUnderTls(this.#borrower, 'tls');
    if (this.#isClosed) return;
    if (this.#inFlight === 0) this.#finish();
    else this.#deferred = 'close';
  }

  reset(): void {
    if (this.#borrower !== undefined) resetUnderTls(this.#borrower, this.kind);
    if (this.#isClosed) return;
    if (this.#fin === 'sending') {
      this.#deferred = 'reset';
      return;
    }
    this.#isClosed = true;
    this.resetHandle();
  }

  get borrower(): Socket | undefined {
    return this.#borrower;
  }

  lend(): Socket | undefined {
    const isIdle = this.unsent === 0 && this.#fin === 'none' && !this.#isClosed;
    if (!isIdle || this.#hasEnded || this.#readSinceFailure !== undefined) return undefined;
    this.handle.readStop();
    const socket = socketOf(this.handle);
    this.#isClosed = true;
    this.#borrower = socket;
    socket.on('close', () => {
      this.onClosed();
    });
    return socket;
  }

  setRef(ref: boolean): void {
    if (ref) this.#borrower?.ref();
    else this.#borrower?.unref();
    if (this.#isClosed) return;
    if (ref) this.handle.ref();
    else this.handle.unref();
  }

  setNoDelay(noDelay: boolean): void {
    if (!this.#isClosed) this.handle.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive: KeepAlive): void {
    if (this.#isClosed) return;
    const [isOn, delay, interval, count] = probeArguments(keepAlive);
    this.handle.setKeepAlive?.(isOn, delay, interval, count);
  }

  setTypeOfService(typeOfService: number): void {
    if (!this.#isClosed) this.handle.setTypeOfService?.(typeOfService);
  }

  /** A read completed: bytes, EOF or an error. */
  onRead(): void {
    const { results, readResult } = this.#bindings;
    const count = results[readResult] as number;
    if (count > 0) {
      if (this.#readSinceFailure !== undefined) this.#readSinceFailure += count;
      const view = firstBytes(count);
      if (!queueRead(this, view)) this.deliver(view);
    } else if (count < 0) {
      this.onLastRead(count);
    }
  }

  /** A read brought EOF, or an error. */
  protected onLastRead(status: number): void {
    if (status === END_OF_FILE) this.#onEnd();
    else this.#fail(status, 'read');
  }

  /** A write that the kernel did not take at once has completed. */
  onWritten(status: number, bytes: number): void {
    // What libuv had queued for a closed handle stays counted as unsent.
    if (this.#isClosed) return;
    if (status < 0) {
      this.#failToWrite(status);
      return;
    }
    this.#inFlight -= bytes;
    if (this.#inFlight === 0 && this.#deferred === 'close') this.#finish();
    else if (this.#inFlight === 0 && this.#fin === 'requested') this.#sendFin();
    this.notifyDrain();
  }

  /** FIN was sent. */
  onFinished(): void {
    this.#fin = 'sent';
    if (this.#isClosed) return;
    if (this.#deferred === 'reset') {
      this.reset();
      return;
    }
    this.#finished?.();
    if (this.#hasEnded) this.#closeHandle();
  }

  onClosed(): void {
    this.notifyClosed();
  }

  notifyDrain(): void {
    if (!this.isBackedUp || this.#isClosed) return;
    if (this.unsent === 0) this.isBackedUp = false;
    this.sink?.onDrain();
  }

  /** The request of a write. TLS completes one that fails within its call: its request has to be complete before. */
  #requestFor(data: unknown, bytes: number): HandleRequest {
    const request: HandleRequest = this.#bindings.spare;
    if (this.kind === 'tls') carryWrite(request, this, data, bytes);
    return request;
  }

  #dispatched(status: number, request: HandleRequest, data: unknown, bytes: number): void {
    const bindings = this.#bindings;
    if (status === 0 && bindings.results[bindings.isAsync] === 0) return;
    bindings.spare = new bindings.WriteWrap();
    this.#inFlight += bytes;
    this.isBackedUp = true;
    if (status < 0) {
      this.#failToWrite(status);
      return;
    }
    if (this.kind !== 'tls') carryWrite(request, this, data, bytes);
  }

  /** Counts bytes that are sent later. */
  protected holdBack(bytes: number): void {
    this.#inFlight += bytes;
    this.isBackedUp = true;
  }

  /** The held bytes are now sent. */
  protected sendHeld(pieces: readonly (Uint8Array | string)[], bytes: number): void {
    this.#inFlight -= bytes;
    this.sendAll(pieces);
  }

  protected resetHandle(): void {
    resetCarried(this.handle);
  }

  protected closeHandle(): void {
    closeCarried(this.handle);
  }

  /** Closes after everything was sent. Closing a descriptor also sends FIN, which saves the call of `shutdown`. */
  protected finishHandle(): void {
    this.closeHandle();
  }

  /** Sends FIN. */
  protected shutdownHandle(): void {
    const request: HandleRequest = new this.#bindings.ShutdownWrap();
    carryShutdown(request, this);
    const status = this.handle.shutdown(request);
    if (status >= 0) return;
    const error = systemError(status, 'shutdown');
    // The peer has reset the connection: reading gives the error.
    if (error.code === NOT_CONNECTED) nextTick(notifyFinished, this);
    else this.break(error);
  }

  #sendFin(): void {
    this.#fin = 'sending';
    this.shutdownHandle();
  }

  #onEnd(): void {
    // What TLS reads is not seen here before it is decrypted.
    const isSuspect = this.kind === 'tls' || isLastReader(this);
    deliverReads();
    if (this.#isClosed) return;
    if (this.#readSinceFailure !== undefined) {
      // The failed write has taken the socket's error: this is how a reset reads after it.
      this.#closeHandle();
      return;
    }
    const error = isSuspect ? socketErrorAtEof(this.handle.fd) : undefined;
    if (error !== undefined) {
      this.break(error);
      return;
    }
    this.#hasEnded = true;
    this.sink?.onEnd();
    if (this.#fin === 'sent') this.#closeHandle();
  }

  /** Reads what is left in the kernel, as long as every iteration of the loop brings some, and then breaks. */
  #failToWrite(status: number): void {
    if (this.#readSinceFailure !== undefined) return;
    const error = systemError(status, 'write');
    this.error ??= translateError(error, 'stream');
    this.#readSinceFailure = 0;
    this.resume();
    const readOn = (before: number): void => {
      if (this.#isClosed) return;
      const read = this.#readSinceFailure as number;
      if (read === before) this.break(error);
      // In the next iteration's check phase: after one whole poll phase.
      else immediate(() => immediate(() => readOn(read)));
    };
    readOn(-1);
  }

  #fail(status: number, syscall: string): void {
    this.break(systemError(status, syscall));
  }

  protected break(error: Error): void {
    this.error ??= translateError(error, 'stream');
    this.#closeHandle();
  }

  /** Closes the handle; `onClosed` follows. */
  #closeHandle(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closeHandle();
  }

  /** As {@link closeHandle}, at the end of what was sent. */
  #finish(): void {
    this.#isClosed = true;
    this.finishHandle();
  }
}

const encodingOf = (piece: Uint8Array | string): string =>
  typeof piece === 'string' ? 'latin1' : 'buffer';
