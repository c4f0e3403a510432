/**
 * The carrier over the handle of a TLS connection (Node's `TLSWrap`), without the streams of the `TLSSocket` around it.
 *
 * Node performs the handshake, and keeps the socket: for its certificate, its sessions and its end. From the moment in which the
 * handshake is complete the socket neither reads nor writes; this file does, on the handle, as it does with an accepted
 * connection's.
 *
 * Hazards, beside those of `handle-transport.ts`:
 *
 * - A `TLSWrap` asserts that one write is under way at a time, and never completes one within its call. So what is
 *   written meanwhile waits here.
 * - What TLS itself sends (tickets, key updates, alerts) may fail, and a `TLSWrap` then neither reports it nor completes any later
 *   write. So the socket is asked for its error when a write is still under way an iteration of the loop later.
 * - Decrypted bytes, an EOF or an error may come in the very call that completes the handshake. They are kept until there is a
 *   stream.
 * - `readStop` stops the reads below: what was read and not yet decrypted still comes.
 * - Promise reactions run within the call of OpenSSL that completes a handshake: a reset waits for another phase of the loop, and
 *   closes the socket below only (`resetUnderTls`). Node ends the TLS socket after it.
 * - The handle is closed with its socket, by Node, whenever the socket below it is closed: so `destroyed` is asked before
 *   each write.
 * - A bare FIN and a `close_notify` are the same EOF here. What tells them apart is libuv, which has stopped to read by itself
 *   only where it has read the FIN.
 */

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TransportSink } from '../../streams/transport.ts';
import { immediate, microtask } from '../../vocabulary/platform.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import { HandleTransport } from '../socket/handle-transport.ts';
import { sharedBuffer } from '../socket/shared-buffer.ts';
import { resetUnderTls, type SocketKind } from '../socket/socket-carrier.ts';
import {
  END_OF_FILE,
  handleOf,
  isStillReading,
  type HandleBindings,
  type StreamHandle,
} from '../socket/stream-handle.ts';
import { socketErrorAtWrite } from '../socket/verify-eof.ts';
import { truncated } from './tls-errors.ts';

/** The sockets of a connection, from the socket on which TLS was put. */
export interface TlsSockets {
  readonly socket: TLSSocket;
  readonly below: Socket;
  readonly belowKind: SocketKind;
  /** Whether an EOF without `close_notify` breaks the stream. */
  readonly requireCloseNotify: boolean;
}

/** What comes between the handshake and the stream. */
export class EarlyReads {
  readonly handle: StreamHandle;
  readonly bindings: HandleBindings;
  readonly #chunks: Uint8Array[] = [];
  #status = 0;

  constructor(handle: StreamHandle, bindings: HandleBindings) {
    this.handle = handle;
    this.bindings = bindings;
    const chunks = this.#chunks;
    const onRead = (): void => {
      const count = bindings.results[bindings.readResult] as number;
      if (count > 0) chunks.push(sharedBuffer.slice(0, count));
      else if (count < 0) this.#status = count;
    };
    handle.onread = onRead;
    handle.useUserBuffer(sharedBuffer);
    handle.readStop();
  }

  /** Takes the socket's handle; called when its handshake is complete. `undefined` where it has none that is known. */
  static of(socket: TLSSocket, bindings: HandleBindings): EarlyReads | undefined {
    const handle = handleOf(socket);
    return handle === undefined ? undefined : new EarlyReads(handle, bindings);
  }

  /** What was decrypted. */
  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  /** The status of the read that was the last; 0 while there may be more. */
  get status(): number {
    return this.#status;
  }
}

/** The carriers with a write under way: one check phase looks at all of them. */
let writers: TlsHandleTransport[] = [];

function watchWrites(carrier: TlsHandleTransport): void {
  if (writers.length === 0) immediate(verifyWrites);
  writers.push(carrier);
}

function verifyWrites(): void {
  const carriers = writers;
  writers = [];
  for (const carrier of carriers) if (carrier.verifyWrite()) watchWrites(carrier);
}

export class TlsHandleTransport extends HandleTransport {
  readonly #sockets: TlsSockets;
  #early: EarlyReads | undefined;
  #isReading = false;
  #isWriting = false;
  /** How many writes were begun, and how many there were when they were last looked at. */
  #writes = 0;
  #seenWrites = 0;
  #isWatched = false;
  #waiting: (Uint8Array | string)[] = [];
  #waitingBytes = 0;
  /** Whether `close_notify` and FIN are on their way, and the end after them. */
  #isFinishing = false;

  constructor(sockets: TlsSockets, early: EarlyReads, closed: (() => void) | undefined) {
    super('tls', early.handle, early.bindings, closed);
    this.#sockets = sockets;
    this.#early = early;
    const { socket } = sockets;
    socket.on('error', (error) => {
      this.error ??= translateError(error, 'stream');
      if (!socket.destroyed) socket.destroy();
    });
    socket.on('close', () => {
      this.onClosed();
    });
  }

  override start(sink: TransportSink): void {
    this.sink = sink;
    // A carrier does not call its stream from within a call of the stream.
    microtask(() => {
      this.#startReading();
    });
  }

  override pause(): void {
    this.#isReading = false;
    super.pause();
  }

  override resume(): void {
    if (this.#early !== undefined) return;
    this.#isReading = true;
    super.resume();
  }

  override onRead(): void {
    if (!this.isClosed) super.onRead();
  }

  override onWritten(status: number, bytes: number): void {
    this.#isWriting = false;
    if (status >= 0 && this.#waitingBytes > 0 && !this.#isGone) {
      const pieces = this.#waiting;
      const held = this.#waitingBytes;
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.sendHeld(pieces, held);
    }
    super.onWritten(status, bytes);
  }

  override reset(): void {
    // Node refuses to reset what is finishing; its end must not wait for a peer that does not read.
    if (this.#isFinishing) this.#sockets.socket.destroy();
    super.reset();
  }

  override lend(): undefined {
    return undefined;
  }

  protected override onLastRead(status: number): void {
    if (status === END_OF_FILE && this.#isTruncated) this.break(truncated());
    else super.onLastRead(status);
  }

  protected override send(data: Uint8Array | string): void {
    if (data.length === 0) return;
    if (this.#isWriting || this.#isGone) {
      this.#hold(data);
    } else {
      this.#beginWrite();
      super.send(data);
    }
  }

  protected override sendAll(pieces: readonly (Uint8Array | string)[]): void {
    if (this.#isWriting || this.#isGone) {
      for (const piece of pieces) if (piece.length > 0) this.#hold(piece);
    } else if (pieces.some((piece) => piece.length > 0)) {
      this.#beginWrite();
      super.sendAll(pieces);
    }
  }

  protected override shutdownHandle(): void {
    this.#sockets.socket.end((error?: Error | null) => {
      if (error === undefined || error === null) this.onFinished();
    });
  }

  protected override closeHandle(): void {
    this.#sockets.socket.destroy();
  }

  /** Sends `close_notify` and FIN before the end. */
  protected override finishHandle(): void {
    this.#isFinishing = true;
    this.handle.readStop();
    this.#sockets.socket.destroySoon();
  }

  protected override resetHandle(): void {
    const { below, belowKind } = this.#sockets;
    resetUnderTls(below, belowKind);
  }

  /** Whether an EOF that was just read is a FIN, where it must be more. Where reading is paused no FIN can have been read. */
  get #isTruncated(): boolean {
    const { below, requireCloseNotify } = this.#sockets;
    if (!requireCloseNotify || !this.#isReading) return false;
    const handle = handleOf(below);
    return handle === undefined || !isStillReading(handle);
  }

  /** Whether the handle must not be used: Node closes it with its socket. */
  get #isGone(): boolean {
    return this.#sockets.socket.destroyed;
  }

  #beginWrite(): void {
    this.#isWriting = true;
    this.#writes += 1;
    if (this.#isWatched) return;
    this.#isWatched = true;
    watchWrites(this);
  }

  /**
   * Fails a write that can never complete: it is the same one as an iteration ago, and the socket is broken.
   *
   * @returns Whether to look again.
   */
  verifyWrite(): boolean {
    const isUnderWay = this.#isWriting && !this.isClosed && !this.#isGone;
    if (isUnderWay && this.#writes !== this.#seenWrites) {
      this.#seenWrites = this.#writes;
      return true;
    }
    this.#isWatched = false;
    const errno = isUnderWay ? socketErrorAtWrite(this.handle.fd)?.errno : undefined;
    if (errno !== undefined) this.onWritten(errno, 0);
    return false;
  }

  #hold(data: Uint8Array | string): void {
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    this.holdBack(data.length);
  }

  #startReading(): void {
    const early = this.#early;
    this.#early = undefined;
    if (early === undefined) return;
    let isWanted = true;
    for (const chunk of early.chunks) isWanted = this.sink?.onData(chunk) !== false;
    if (this.#isGone) this.onClosed();
    else if (early.status < 0) this.onLastRead(early.status);
    else if (isWanted) this.resume();
  }
}
