/**
 * A WebSocket for libraries of callbacks: a loop calls them, and `send` does not wait.
 *
 * A caller of such a `send` cannot wait for room. So what waits for the peer is counted in bytes, and a peer that takes too
 * little is closed: memory stays bounded, whatever the application sends. Callbacks are called one after another and are not
 * waited for: one that waited for an answer of the peer would wait for ever.
 */

import { ClosedError } from '@awaitio/core';
import { callContained, failureOf, outsideScopes, type FailureSink } from '@awaitio/core/lowlevel';
import type { WebSocketEnd } from '../../websocket/end.ts';
import { CloseCode } from '../../websocket/protocol/close-codes.ts';
import { deliver, MESSAGE_COST, type WebSocket } from '../../websocket/web-socket.ts';

/** Text, or bytes. */
export type Message = Parameters<WebSocket['send']>[0];

/** What happens to a WebSocket. What a callback throws, or rejects with, closes the WebSocket and is reported. */
export interface SocketCallbacks {
  readonly onOpen: () => unknown;
  readonly onMessage: (message: Message) => unknown;
  /** The connection broke, or the peer broke the protocol; `onClose` follows. */
  readonly onError: (error: unknown) => unknown;
  readonly onClose: (end: WebSocketEnd) => unknown;
  /** Nothing waits for the peer any more, after a `send`. */
  readonly onDrain?: (() => unknown) | undefined;
}

/** What a {@link CallbackSocket} is made of. */
export interface CallbackSocketParts {
  readonly socket: WebSocket;
  /** Bytes that may wait for the peer, `MESSAGE_COST` of them for each message. */
  readonly bufferedBytes: number;
  /** Gets what callbacks fail with. */
  readonly report: (failure: unknown) => void;
}

export class CallbackSocket implements FailureSink {
  readonly socket: WebSocket;
  readonly #parts: CallbackSocketParts;
  #onDrain: (() => unknown) | undefined;
  #buffered = 0;
  /** How many messages wait. */
  #waiting = 0;
  #hasFailed = false;
  #isClosed = false;
  readonly #watchers = new Set<() => void>();

  constructor(parts: CallbackSocketParts) {
    this.socket = parts.socket;
    this.#parts = parts;
  }

  /** As a browser's: 1 when messages can be sent, 2 while it closes, 3 when it is closed. */
  get readyState(): 1 | 2 | 3 {
    if (this.#isClosed) return 3;
    return this.socket.isOpen ? 1 : 2;
  }

  /** Bytes of messages that the connection has not taken. */
  get bufferedAmount(): number {
    return this.#buffered;
  }

  /**
   * Sends a message, without waiting; does nothing when the WebSocket is closed or closing, as in a browser. When more bytes
   * wait than may, it closes with 1008. One message of any size is sent when nothing waits.
   */
  send(message: Message): void {
    if (!this.socket.isOpen) return;
    const size = typeof message === 'string' ? Buffer.byteLength(message) : message.length;
    const before = this.#buffered + this.#waiting * MESSAGE_COST;
    if (before > 0 && before + size > this.#parts.bufferedBytes) {
      void this.socket.close(CloseCode.POLICY_VIOLATION, 'too slow');
      return;
    }
    this.#buffered += size;
    this.#waiting += 1;
    void this.#settle(deliver(this.socket, message, undefined), size);
  }

  /** Begins to close; wrong arguments are a failure of the application. */
  close(code: number | undefined, reason: string | undefined): void {
    this.socket.close(code, reason).catch((error: unknown) => {
      this.onCallbackFailure(error);
    });
  }

  /** Calls the callbacks until the end, in no scope: the handler may have returned. */
  run(callbacks: SocketCallbacks): Promise<void> {
    this.#onDrain = callbacks.onDrain;
    return outsideScopes(() => this.#run(callbacks));
  }

  /** Waits until at most so many bytes wait for the peer, or the WebSocket is closed. @throws `signal.reason` */
  drained(threshold: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const isDrained = (): boolean => this.#buffered <= threshold || !this.socket.isOpen;
      if (isDrained()) {
        resolve();
        return;
      }
      const end = (settle: () => void): void => {
        this.#watchers.delete(look);
        signal?.removeEventListener('abort', give);
        settle();
      };
      const look = (): void => {
        if (isDrained()) end(resolve);
      };
      const give = (): void => {
        end(() => {
          reject(signal?.reason);
        });
      };
      if (signal?.aborted === true) {
        give();
        return;
      }
      signal?.addEventListener('abort', give, { once: true });
      this.#watchers.add(look);
    });
  }

  /** The first failure ends the conversation: the application does not know where in it it is. */
  onCallbackFailure(failure: unknown): void {
    this.#hasFailed = true;
    this.#parts.report(failure);
    void this.socket.close(CloseCode.INTERNAL_ERROR, 'the application failed');
  }

  async #run(callbacks: SocketCallbacks): Promise<void> {
    const { socket } = this;
    callContained('onOpen', callbacks.onOpen, undefined, undefined, this);
    try {
      for (;;) {
        const message = await socket.receive();
        if (message === null) break;
        if (!this.#hasFailed) {
          callContained('onMessage', callbacks.onMessage, message, undefined, this);
        }
      }
    } catch {
      // `closed` says why.
    }
    const end = await socket.closed;
    this.#isClosed = true;
    this.#look();
    if (isFault(end)) callContained('onError', callbacks.onError, end.error, undefined, this);
    try {
      // A shutdown waits for what is said goodbye to elsewhere.
      await callbacks.onClose(end);
    } catch (error) {
      this.onCallbackFailure(failureOf(error, 'onClose'));
    }
  }

  async #settle(sending: Promise<void>, size: number): Promise<void> {
    try {
      await sending;
    } catch {
      // The WebSocket is closed, and `closed` says why.
    }
    this.#buffered -= size;
    this.#waiting -= 1;
    this.#look();
    if (this.#waiting === 0 && this.socket.isOpen && this.#onDrain !== undefined) {
      callContained('onDrain', this.#onDrain, undefined, undefined, this);
    }
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

/** Whether an end is an error: not one that this side's own `reset` made. */
function isFault({ error, by }: WebSocketEnd): boolean {
  return error !== undefined && !(by === 'local' && error instanceof ClosedError);
}
