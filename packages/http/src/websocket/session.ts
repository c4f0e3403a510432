/**
 * A WebSocket at work: joins the connection without I/O to a stream, an inbox and an outbox.
 *
 * One loop reads, whoever calls `receive`: pings are answered and a close frame is seen while the application is busy. The
 * loop stops while the inbox is full, so a slow application slows its peer down. It belongs to no scope and ends with the
 * stream.
 *
 * The end, whatever it is, goes through `#finish`, once. The side that closes the stream first is the server (RFC 6455
 * section 7.1.1); after a fault of the peer what it still sends is read and dropped, or a reset could discard the close frame.
 */

import {
  ClosedError,
  TimeoutError,
  type ByteConsumer,
  type ByteStream,
  type Clock,
} from '@awaitio/core';
import { budgetOf, deferred, outsideScopes, type Deferred } from '@awaitio/core/lowlevel';
import { endedEarly, endWriting, socketClosed, type WebSocketEnd } from './end.ts';
import { Inbox } from './inbox.ts';
import { registerWebSocket } from '../observing/web-sockets.ts';
import type { WebSocketDeadlines, WebSocketLimits } from './options.ts';
import { Outbox, type OutboxOwner } from './outbox.ts';
import { CloseCode } from './protocol/close-codes.ts';
import { WebSocketConnection, type Role } from './protocol/connection.ts';
import type { WebSocketError } from './protocol/errors.ts';
import type { CloseEvent, WebSocketEvent } from './protocol/events.ts';
import type { NextMask } from './protocol/sender.ts';
import { isOpen, SideState } from './protocol/state.ts';
import { Watchdog, type WatchdogOwner } from './watchdog.ts';

/** What a session is made of. */
export interface SessionParts {
  readonly stream: ByteStream;
  readonly role: Role;
  readonly clock: Clock;
  readonly limits: WebSocketLimits;
  readonly deadlines: WebSocketDeadlines;
  readonly nextMask: NextMask;
}

type Beginning = Pick<WebSocketEnd, 'code' | 'reason' | 'by'>;

const NOTHING = new Uint8Array(0);

export class Session implements ByteConsumer, OutboxOwner, WatchdogOwner {
  readonly parts: SessionParts;
  readonly connection: WebSocketConnection;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly watchdog: Watchdog;
  readonly #end: Deferred<WebSocketEnd> = deferred();
  /** How the closing began. */
  #beginning: Beginning | undefined;
  #error: unknown;
  #dropped = 0;
  #hasPeerEnded = false;
  #isWriteBroken = false;
  #isFinished = false;
  /** Continues the reading loop, when it waits for room in the inbox. */
  #continue: (() => void) | undefined;
  received = 0;

  constructor(parts: SessionParts) {
    const { stream, role, clock, limits, deadlines, nextMask } = parts;
    this.parts = parts;
    this.connection = new WebSocketConnection(role, limits, nextMask);
    this.inbox = new Inbox(clock, budgetOf(clock), limits.readAheadMessages, () => {
      if (!this.inbox.isFull) this.#continue?.();
    });
    this.outbox = new Outbox(stream, this);
    this.watchdog = new Watchdog(stream, clock, deadlines, limits.writeMinRate, this);
    registerWebSocket(this);
    void outsideScopes(() => this.#read());
  }

  /** Settles when the connection is closed. */
  get closed(): Promise<WebSocketEnd> {
    return this.#end.promise;
  }

  /** Whether this side may still send messages. */
  get isOpen(): boolean {
    const { localState, peerState } = this.connection;
    return !this.#isFinished && isOpen(localState) && isOpen(peerState);
  }

  /** Whether this side has begun to close, and the connection is not closed yet. */
  get isClosing(): boolean {
    return this.#beginning?.by === 'local' && !this.#isFinished;
  }

  /** Begins the closing handshake, after the messages that wait; does nothing if it has begun. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    const frame = this.connection.sendClose(code, reason);
    this.#beginning = { code, reason, by: 'local' };
    this.#sendClose(frame);
    this.#continue?.();
  }

  /** Ends the connection at once. */
  reset(error: unknown): void {
    this.#lose(error, 'local');
  }

  // --- Reading -------------------------------------------------------------------------------------------------

  take(view: Uint8Array): number {
    this.watchdog.heard();
    return this.connection.receive(view);
  }

  async #read(): Promise<void> {
    const { stream } = this.parts;
    try {
      for (;;) {
        this.#handleEvents();
        if (this.#isFinished || this.#hasPeerEnded) return;
        if (this.#mustWait) await this.#room();
        else if ((await stream.readWith(this)) === null) this.connection.receiveEnd();
      }
    } catch (error) {
      this.#lose(error, error instanceof ClosedError ? 'local' : 'peer');
    }
  }

  /** Once this side closes, what nothing reads is dropped, so that the peer’s close frame is seen behind it. */
  get #mustWait(): boolean {
    return this.inbox.isFull && this.isOpen && !this.#isWriteBroken;
  }

  async #room(): Promise<void> {
    this.watchdog.isReading = false;
    await new Promise<void>((resolve) => {
      this.#continue = resolve;
    });
    this.#continue = undefined;
    this.watchdog.isReading = true;
  }

  #handleEvents(): void {
    for (;;) {
      const event = this.connection.nextEvent();
      if (event === undefined) return;
      this.#handle(event);
    }
  }

  #handle(event: WebSocketEvent): void {
    switch (event.type) {
      case 'message':
        this.watchdog.message();
        this.received += 1;
        if (this.inbox.isFull && this.#beginning !== undefined) this.#dropped += 1;
        else this.inbox.put(event.data);
        return;
      case 'ping':
        if (isOpen(this.connection.localState)) {
          const pong = this.connection.sendPong(event.data);
          this.#write(() => this.outbox.control('pong', pong));
        }
        return;
      case 'pong':
        return;
      case 'close':
        this.#onClose(event);
        return;
      case 'failure':
        this.#onFailure(event.error);
        return;
      case 'end':
        this.#onEnd(event.isClean);
        return;
    }
  }

  #onClose({ code, reason }: CloseEvent): void {
    this.#beginning ??= { code, reason, by: 'peer' };
    this.inbox.end(undefined);
    if (isOpen(this.connection.localState)) {
      // The peer takes no more messages.
      this.outbox.stop();
      const echoed = code === CloseCode.NO_CODE ? undefined : code;
      this.#sendClose(this.connection.sendClose(echoed, ''));
    } else {
      this.#checkClosing();
    }
  }

  #onFailure(error: WebSocketError): void {
    this.#error ??= error;
    this.#beginning ??= { code: error.closeCode, reason: '', by: 'local' };
    if (isOpen(this.connection.localState)) {
      this.outbox.stop();
      this.#sendClose(this.connection.sendClose(error.closeCode, ''));
    } else {
      this.#checkClosing();
    }
  }

  #onEnd(isClean: boolean): void {
    this.#hasPeerEnded = true;
    if (!isClean && this.#error === undefined) this.#lose(endedEarly(), 'peer');
    else this.#checkClosing();
  }

  // --- Writing -------------------------------------------------------------------------------------------------

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
    this.#continue?.();
  }

  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.onWriteError(error);
    }
  }

  #sendClose(frame: Uint8Array): void {
    this.#write(() => this.outbox.close(frame));
    this.#checkClosing();
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
    const ping = this.connection.sendPing(NOTHING);
    this.#write(() => this.outbox.control('ping', ping));
  }

  onIdle(): void {
    this.close(CloseCode.NORMAL, 'idle');
  }

  onOverdue(name: 'pong' | 'close' | 'writeStall', limit: number): void {
    const { peerState } = this.connection;
    const isOver = peerState === SideState.CLOSING || peerState === SideState.FAILED;
    if (name === 'close' && isOver) void this.#finish(false);
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
    this.#continue?.();
    this.connection.sendEnd();
    if (isReset) stream.reset(error);
    else await stream.close({ linger: deadlines.close });
    await stream.closed;
    // Not before: that the connection is closed tells a server that the handler which these fail is not at fault.
    this.outbox.fail(error ?? socketClosed('send'));
    this.inbox.end(error);
    const { code, reason, by } = this.#beginning as Beginning;
    const end = { code, reason, by, isClean: error === undefined, dropped: this.#dropped };
    this.#end.resolve(Object.freeze(error === undefined ? end : { ...end, error }));
  }
}
