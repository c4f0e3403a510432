/**
 * The carrier over a handle of libuv, with nothing of Node's streams between: of the connections that a listener accepted.
 *
 * Reads go into the one buffer of the process and are delivered with those of the turn. A write is tried at once, and
 * nearly always the kernel takes everything: then it is over when the call returns, with no callback and no request kept.
 * What the kernel does not take, libuv sends in order as room comes; its memory is kept with the request until then.
 *
 * Hazards dealt with here:
 *
 * - libuv refuses an RST between `shutdown` and its callback, and a handle that was refused is never closed. So FIN is asked
 *   for only when everything before it is with the kernel, the callback then comes in the next turn, and a reset in between
 *   waits for it.
 * - The memory of a write that goes on must stay alive: its request keeps it. That of the shared buffer lives as long as the
 *   handle is open.
 * - A closed handle has no descriptor, and its number may be another's by now: nothing is asked of it after `#isGone`.
 * - The sink is not told from inside its own call that there is room again: that waits for the next tick.
 *
 * The file is a little long because everything that is asked of a handle depends on how far its end is.
 */

import { translateError } from '../../vocabulary/translate-error.ts';
import type { TransportSink } from '../../streams/transport.ts';
import { sharedBuffer } from './shared-buffer.ts';
import { SocketCarrier, type SocketKind } from './socket-carrier.ts';
import {
  breakOff,
  END_OF_FILE,
  NOT_CONNECTED,
  systemError,
  type HandleRequest,
  type StreamHandle,
  type HandleBindings,
} from './stream-handle.ts';
import { socketErrorAtEof } from './verify-eof.ts';
import { deliverReads, queueRead } from './io-batch.ts';

/** Where a handle and a request keep their carrier, so that all of them share their callbacks. */
const CARRIER: unique symbol = Symbol('awaitio.carrier');

interface CarriedHandle extends StreamHandle {
  [CARRIER]?: HandleTransport;
}

interface CarriedRequest extends HandleRequest {
  [CARRIER]?: HandleTransport;
  /** What it sends, kept alive. */
  data?: unknown;
  bytes?: number;
}

function onRead(this: CarriedHandle): void {
  (this[CARRIER] as HandleTransport).onRead();
}

function onClosed(this: CarriedHandle): void {
  (this[CARRIER] as HandleTransport).onClosed();
}

function onWritten(this: CarriedRequest, status: number): void {
  (this[CARRIER] as HandleTransport).onWritten(status, this.bytes as number);
}

function onFinished(this: CarriedRequest): void {
  (this[CARRIER] as HandleTransport).onFinished();
}

const tellRoom = (carrier: HandleTransport): void => {
  carrier.tellRoom();
};

const tellFinished = (carrier: HandleTransport): void => {
  carrier.onFinished();
};

/**
 * The handle that gave bytes last, as long as they are not delivered. libuv takes a hang-up for the end (see
 * `true-end.ts`) only right after it has read bytes, and calls nobody in between: else the kernel need not be asked what
 * kind of end it was.
 */
let lastReader: StreamHandle | undefined;

export class HandleTransport extends SocketCarrier {
  readonly #handle: CarriedHandle;
  readonly #kit: HandleBindings;
  /** Bytes that libuv holds for the kernel. */
  #inFlight = 0;
  /** Whether the handle was closed; its callback may be to come. */
  #isGone = false;
  /** Whether the peer's FIN was read. */
  #hasEnded = false;
  /** Whether FIN is to be sent after what was written, is being sent, or was sent. */
  #finish: 'no' | 'asked' | 'sending' | 'sent' = 'no';
  #finished: (() => void) | undefined;
  /** What is to be done as soon as the bytes in flight, or the FIN, have gone. */
  #after: 'nothing' | 'close' | 'reset' = 'nothing';

  constructor(kind: SocketKind, handle: StreamHandle, kit: HandleBindings, onGone?: () => void) {
    super(kind, onGone);
    this.#handle = handle;
    this.#kit = kit;
    this.#handle[CARRIER] = this;
    handle.onread = onRead;
    handle.useUserBuffer(sharedBuffer);
  }

  get unsent(): number {
    return this.waitingBytes + this.#inFlight;
  }

  get isReleased(): boolean {
    return this.unsent === 0 && !this.#isGone;
  }

  protected get isGone(): boolean {
    return this.#isGone;
  }

  start(sink: TransportSink): void {
    this.sink = sink;
    this.resume();
  }

  pause(): void {
    if (!this.#isGone) this.#handle.readStop();
  }

  resume(): void {
    if (this.#isGone || this.#hasEnded) return;
    const status = this.#handle.readStart();
    if (status < 0) this.#fail(status, 'read');
  }

  override flushNow(): void {
    super.flush();
    // Nobody's call is under way here.
    if (this.isBackedUp && this.#inFlight === 0) this.tellRoom();
  }

  protected override flush(): void {
    super.flush();
    if (this.isBackedUp && this.#inFlight === 0) process.nextTick(tellRoom, this);
  }

  protected send(data: Uint8Array | string): void {
    const { length } = data;
    if (this.#isGone) {
      this.#inFlight += length;
      return;
    }
    const request = this.#kit.spare;
    const status =
      typeof data === 'string'
        ? this.#handle.writeLatin1String(request, data)
        : this.#handle.writeBuffer(request, data);
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
    if (this.#isGone) {
      this.#inFlight += length;
      return;
    }
    const request = this.#kit.spare;
    const data = areBuffers ? pieces : pieces.flatMap((piece) => [piece, encodingOf(piece)]);
    const status = this.#handle.writev(request, data, areBuffers);
    this.#dispatched(status, request, data, length);
  }

  end(finished: () => void): void {
    this.flush();
    if (this.#isGone) return;
    this.#finished = finished;
    this.#finish = 'asked';
    if (this.#inFlight === 0) this.#sendFin();
  }

  close(): void {
    this.flush();
    if (this.#isGone) return;
    // Closing a descriptor sends FIN by itself, which saves a shutdown call.
    if (this.#inFlight === 0) this.#release();
    else this.#after = 'close';
  }

  reset(): void {
    if (this.#isGone) return;
    if (this.#finish === 'sending') {
      this.#after = 'reset';
      return;
    }
    this.#isGone = true;
    breakOff(this.#handle, onClosed);
  }

  setRef(ref: boolean): void {
    if (this.#isGone) return;
    if (ref) this.#handle.ref();
    else this.#handle.unref();
  }

  setNoDelay(noDelay: boolean): void {
    if (!this.#isGone) this.#handle.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive: boolean | number): void {
    if (this.#isGone) return;
    const delay = typeof keepAlive === 'number' ? Math.trunc(keepAlive / 1_000) : 0;
    this.#handle.setKeepAlive?.(keepAlive !== false, delay);
  }

  override deliver(view: Uint8Array): void {
    lastReader = undefined;
    super.deliver(view);
  }

  /** Something was read: bytes, the end or an error. */
  onRead(): void {
    const { results, readResult } = this.#kit;
    const count = results[readResult] as number;
    if (count > 0) {
      const view = new Uint8Array(sharedBuffer.buffer, 0, count);
      if (!queueRead(this, view)) this.deliver(view);
      lastReader = this.#handle;
    } else if (count === END_OF_FILE) {
      this.#onEnd();
    } else if (count < 0) {
      this.#fail(count, 'read');
    }
  }

  /** A write that the kernel did not take at once has ended. */
  onWritten(status: number, bytes: number): void {
    // What a handle that was closed held stays unsent.
    if (this.#isGone) return;
    if (status < 0) {
      this.#fail(status, 'write');
      return;
    }
    this.#inFlight -= bytes;
    if (this.#inFlight === 0 && this.#after === 'close') this.#release();
    else if (this.#inFlight === 0 && this.#finish === 'asked') this.#sendFin();
    this.tellRoom();
  }

  /** FIN was sent. */
  onFinished(): void {
    this.#finish = 'sent';
    if (this.#isGone) return;
    if (this.#after === 'reset') {
      this.reset();
      return;
    }
    this.#finished?.();
    if (this.#hasEnded) this.#release();
  }

  /** The handle is closed. */
  onClosed(): void {
    this.tellClosed();
  }

  tellRoom(): void {
    if (!this.isBackedUp || this.#isGone) return;
    if (this.unsent === 0) this.isBackedUp = false;
    this.sink?.onDrain();
  }

  #dispatched(
    status: number,
    request: CarriedRequest,
    data: Uint8Array | string | readonly (Uint8Array | string)[],
    bytes: number,
  ): void {
    const kit = this.#kit;
    if (status === 0 && kit.results[kit.isAsync] === 0) return;
    kit.spare = new kit.WriteWrap();
    this.#inFlight += bytes;
    this.isBackedUp = true;
    if (status < 0) {
      this.#fail(status, 'write');
      return;
    }
    request[CARRIER] = this;
    request.oncomplete = onWritten;
    request.data = data;
    request.bytes = bytes;
  }

  #sendFin(): void {
    this.#finish = 'sending';
    const request: CarriedRequest = new this.#kit.ShutdownWrap();
    request[CARRIER] = this;
    request.oncomplete = onFinished;
    const status = this.#handle.shutdown(request);
    if (status >= 0) return;
    const error = systemError(status, 'shutdown');
    // The peer broke it off: reading tells how.
    if (error.code === NOT_CONNECTED) process.nextTick(tellFinished, this);
    else this.#break(error);
  }

  #onEnd(): void {
    const isSuspect = lastReader === this.#handle;
    deliverReads();
    if (this.#isGone) return;
    const error = isSuspect ? socketErrorAtEof(this.#handle.fd) : undefined;
    if (error !== undefined) {
      this.#break(error);
      return;
    }
    this.#hasEnded = true;
    this.sink?.onEnd();
    if (this.#finish === 'sent') this.#release();
  }

  #fail(status: number, syscall: string): void {
    this.#break(systemError(status, syscall));
  }

  #break(error: Error): void {
    this.error ??= translateError(error, 'stream');
    this.#release();
  }

  /** Lets go of the handle; the rest is told when it is closed. */
  #release(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#handle.close(onClosed);
  }
}

const encodingOf = (piece: Uint8Array | string): string =>
  typeof piece === 'string' ? 'latin1' : 'buffer';
