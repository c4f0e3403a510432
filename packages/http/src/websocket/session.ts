/**
 * A WebSocket at work: joins the connection without I/O to a stream, an inbox and an outbox. It ends with the stream.
 *
 * The end, whatever it is, goes through `#finish`, once. The side that closes the stream first is the server (RFC 6455
 * section 7.1.1); after a fault of the peer what it still sends is read and dropped, or a reset could discard the close frame.
 */

import { ClosedError, TimeoutError } from '@awaitio/core';
import { deferred, outsideScopes, type Deferred } from '@awaitio/core/lowlevel';
import {
  closeFrameOf,
  endedEarly,
  endOf,
  endWriting,
  socketClosed,
  type Beginning,
  type WebSocketEnd,
} from './end.ts';
import { Inbox } from './inbox.ts';
import { registerWebSocket } from '../observing/web-sockets.ts';
import type { SessionParts } from './options.ts';
import { Outbox, type OutboxOwner } from './outbox.ts';
import { CloseCode } from './protocol/close-codes.ts';
import { WebSocketConnection } from './protocol/connection.ts';
import type { WebSocketError } from './protocol/errors.ts';
import type { CloseEvent } from './protocol/events.ts';
import { isOpen, SideState } from './protocol/state.ts';
import { ReadLoop, type ControlFlowEvent, type ReadLoopOwner } from './read-loop.ts';
import type { Message } from './streams/incoming-message.ts';
import { Watchdog, type WatchdogOwner } from './watchdog.ts';

export class Session implements ReadLoopOwner, OutboxOwner, WatchdogOwner {
  readonly parts: SessionParts;
  readonly connection: WebSocketConnection;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly loop: ReadLoop;
  readonly watchdog: Watchdog;
  readonly #end: Deferred<WebSocketEnd> = deferred();
  #beginning: Beginning | undefined;
  #error: unknown;
  #hasPeerEnded = false;
  #isWriteBroken = false;
  #isFinished = false;
  /** Whether what has arrived is still read at the pace of its reader, after this side has begun to close. */
  #keepsReading = false;
  /** Whether the program itself has closed, and knows that nothing more can be sent. */
  #isAsked = false;

  constructor(parts: SessionParts) {
    const { stream, role, clock, limits, deadlines, nextMask, compression } = parts;
    this.parts = parts;
    this.connection = new WebSocketConnection(role, limits, nextMask, compression?.coding);
    this.loop = new ReadLoop(stream, this, limits.readAheadBytes);
    this.inbox = new Inbox(clock, limits, () => {
      this.loop.wake();
    });
    this.outbox = new Outbox(stream, clock, this);
    this.watchdog = new Watchdog(stream, clock, deadlines, limits.writeMinRate, this);
    registerWebSocket(this);
    this.loop.begin();
  }

  /** Settles when the connection is closed. */
  get closed(): Promise<WebSocketEnd> {
    return this.#end.promise;
  }

  /** How many messages have come. */
  get received(): number {
    return this.loop.received;
  }

  /** Whether messages can be sent: nothing has begun to close. */
  get isOpen(): boolean {
    return this.#beginning === undefined;
  }

  /** Whether this side has begun to close, and the connection is not closed yet. */
  get isClosing(): boolean {
    return this.#beginning?.by === 'local' && !this.#isFinished;
  }

  /** Waits until it can be said that it is too late to send: that is no fault of a program which has not closed itself. */
  async whenTooLate(): Promise<void> {
    if (this.#isAsked && this.isClosing) return;
    // Who waits here reads nothing, and cannot answer what is under way.
    this.#keepsReading = false;
    this.loop.wake();
    await this.closed;
  }

  /**
   * Begins the closing handshake, after the messages that wait; does nothing if it has begun.
   *
   * @param cause - What closes: the program; the shutdown of its server, which lets a reader have what is under way; a policy
   * of this side.
   */
  close(code: number | undefined, reason: string, cause: 'program' | 'drain' | 'policy'): void {
    if (!this.isOpen) return;
    this.#beginning = { code, reason, by: 'local' };
    this.#isAsked = cause === 'program';
    this.#keepsReading = cause === 'drain';
    this.#sendClose();
    this.loop.wake();
  }

  /** Ends the connection at once. */
  reset(error: unknown): void {
    this.#lose(error, 'local');
  }

  // --- Reading -------------------------------------------------------------------------------------------------

  get isReadingOver(): boolean {
    return this.#isFinished || this.#hasPeerEnded;
  }

  get dropsUnread(): boolean {
    return (this.#beginning !== undefined && !this.#keepsReading) || this.#isWriteBroken;
  }

  onBytes(): void {
    this.watchdog.heard();
  }

  onPaused(isPaused: boolean): void {
    this.watchdog.isReading = !isPaused;
  }

  onMessage(): void {
    this.watchdog.message();
  }

  onReadError(error: unknown): void {
    this.#lose(error, error instanceof ClosedError ? 'local' : 'peer');
  }

  onEvent(event: ControlFlowEvent): void {
    switch (event.type) {
      case 'ping':
        if (isOpen(this.connection.localState)) {
          this.#control('pong', this.connection.sendPong(event.data));
        }
        return;
      case 'pong':
        return;
      case 'close':
        return this.#onClose(event);
      case 'failure':
        return this.#onFailure(event.error);
      case 'end':
        return this.#onEnd(event.isClean);
    }
  }

  #onClose({ code, reason }: CloseEvent): void {
    this.#beginning ??= { code, reason, by: 'peer' };
    this.inbox.end(undefined);
    this.#closeNow();
  }

  #onFailure(error: WebSocketError): void {
    this.#error ??= error;
    this.#beginning ??= { code: error.closeCode, reason: '', by: 'local' };
    this.#closeNow();
  }

  #onEnd(isClean: boolean): void {
    this.#hasPeerEnded = true;
    if (!isClean && this.#error === undefined) this.#lose(endedEarly(), 'peer');
    else this.#checkClosing();
  }

  // --- Writing -------------------------------------------------------------------------------------------------

  frameOf(message: Message): Uint8Array {
    this.watchdog.message();
    return this.connection.sendMessage(message);
  }

  onBlocked(): void {
    this.watchdog.isBlocked = true;
  }

  onDrained(): void {
    this.watchdog.isBlocked = false;
    this.#checkClosing();
  }

  /** What has arrived comes before the break: the reading loop finds the end of the stream, or its error. */
  onWriteError(error: unknown): void {
    this.watchdog.isBlocked = false;
    this.#isWriteBroken = true;
    if (this.#hasPeerEnded) this.#lose(error, 'peer');
    this.watchdog.closing();
    this.loop.wake();
  }

  #control(kind: 'ping' | 'pong', frame: Uint8Array): void {
    this.#write(() => this.outbox.control(kind, frame));
  }

  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.onWriteError(error);
    }
  }

  /** Answers the peer’s close frame, or its fault: no more messages are sent. */
  #closeNow(): void {
    if (!isOpen(this.connection.localState)) return this.#checkClosing();
    this.outbox.stop();
    this.#sendClose();
  }

  #sendClose(): void {
    const make = (): Uint8Array => closeFrameOf(this.connection, this.#beginning as Beginning);
    this.#write(() => this.outbox.close(make));
    this.#checkClosing();
  }

  /** The rest of a message of which fragments are sent will not come: the peer must not take it for the whole. */
  cutMessage(): void {
    const { by, reason } = this.#beginning ?? { by: 'local', reason: '' };
    if (by === 'peer' || this.#isFinished || !isOpen(this.connection.localState)) return;
    this.#beginning = { code: CloseCode.INTERNAL_ERROR, reason, by };
    this.#closeNow();
    this.loop.wake();
  }

  /** When this side’s close frame is out, the peer’s end is waited for; a server that has the peer’s frame ends first. */
  #checkClosing(): void {
    const { localState, peerState } = this.connection;
    if (this.#isFinished || isOpen(localState) || this.outbox.isBusy) return;
    this.watchdog.closing();
    const isAgreed = peerState === SideState.CLOSING && this.parts.role === 'server';
    if (isAgreed || this.#hasPeerEnded) void this.#finish(false);
    else if (peerState === SideState.FAILED)
      void outsideScopes(() => endWriting(this.parts.stream));
  }

  // --- Deadlines -----------------------------------------------------------------------------------------------

  onSilence(): void {
    if (!isOpen(this.connection.localState)) return;
    this.#control('ping', this.connection.sendPing(new Uint8Array(0)));
  }

  onIdle(): void {
    this.close(CloseCode.NORMAL, 'idle', 'policy');
  }

  onOverdue(name: 'pong' | 'close' | 'writeStall', limit: number): void {
    const { peerState } = this.connection;
    const isOver = peerState === SideState.CLOSING || peerState === SideState.FAILED;
    if (name === 'close' && this.#keepsReading && this.loop.isPaused) {
      // The peer’s close frame may lie behind what its reader has not taken in time.
      this.#keepsReading = false;
      this.watchdog.closingAgain();
      this.loop.wake();
    } else if (name === 'close' && isOver) void this.#finish(false);
    else this.#lose(new TimeoutError(`deadlines.${name}`, limit), 'local');
  }

  // --- The end -------------------------------------------------------------------------------------------------

  #lose(error: unknown, by: 'local' | 'peer'): void {
    if (this.#isFinished) return;
    this.#error ??= error;
    this.#beginning ??= { code: CloseCode.ABNORMAL, reason: '', by };
    void this.#finish(true);
  }

  async #finish(isReset: boolean): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const { stream, deadlines } = this.parts;
    const error = this.#error;
    this.watchdog.end();
    this.loop.wake();
    this.connection.sendEnd();
    if (isReset) stream.reset(error);
    else await stream.close({ linger: deadlines.close });
    await stream.closed;
    this.connection.free();
    // Not before: that the connection is closed tells a server that the handler which these fail is not at fault.
    this.outbox.fail(error ?? socketClosed('send'));
    this.inbox.end(error);
    this.inbox.cut(error);
    this.#end.resolve(endOf(this.#beginning as Beginning, error, this.loop.dropped));
  }
}
