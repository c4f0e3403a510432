/** A WebSocket, as programs use it. */

import { budgetOf, checkWaitOptions, invalidInput, isBytes } from '@awaitio/core/lowlevel';
import { LimitError, type WaitOptions } from '@awaitio/core';
import { socketClosed, type WebSocketEnd } from './end.ts';
import type { Message } from './inbox.ts';
import { CloseCode, isSendableCloseCode } from './protocol/close-codes.ts';
import { CONTROL_BYTES } from './protocol/opcodes.ts';
import { Session, type SessionParts } from './session.ts';
import { isTraced } from '../tracing/channels.ts';
import { traceWebSocket, webSockets } from '../tracing/web-socket.ts';

/** A snapshot of a WebSocket. */
export interface WebSocketStatistics {
  /** Messages that have arrived. */
  readonly received: number;
  /** Messages that were given to the connection. */
  readonly sent: number;
  /** Messages that have arrived and were not read. */
  readonly unread: number;
  /** Messages that wait for room. */
  readonly pendingSends: number;
}

let construct: typeof socketOf;
let deliverTo: typeof deliver;

/**
 * A WebSocket (RFC 6455): whole messages both ways, text as strings, bytes as `Uint8Array`.
 *
 * `webSocket` makes one in a handler, `connectWebSocket` one to a server. One task receives at a time, any number of tasks
 * send. Pings are answered, and a close frame is answered, whether or not anything receives.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { connectWebSocket, webSocket } from '@awaitio/http/websocket';
 *
 * const server = await serve(
 *   async (request, context) => {
 *     const socket = await webSocket(request, context);
 *     for await (const message of socket) await socket.send(message);
 *   },
 *   { port: 0 },
 * );
 * const socket = await connectWebSocket(server.url);
 * await socket.send('hello');
 * console.log(await socket.receive()); // hello
 * await socket.close();
 * await server.shutdown();
 * ```
 */
export class WebSocket implements AsyncIterable<Message> {
  readonly #session: Session;
  /** The subprotocol that both sides agreed on; empty for none. */
  readonly protocol: string;
  #sent = 0;

  static {
    construct = (parts, protocol) => new WebSocket(parts, protocol);
    deliverTo = (socket, message, options) => socket.#send(message, options, Infinity);
  }

  private constructor(parts: SessionParts, protocol: string) {
    this.protocol = protocol;
    this.#session = new Session(parts);
  }

  /** Whether messages can be sent: neither side has begun to close. */
  get isOpen(): boolean {
    return this.#session.isOpen;
  }

  /** How it ended; fulfilled when the connection is closed, and never rejected. */
  get closed(): Promise<WebSocketEnd> {
    return this.#session.closed;
  }

  /**
   * Waits for the next message. A cancelled call takes nothing.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The message; `null` when both sides have said goodbye, whatever the code.
   * @throws What has arrived comes first, then the reason why more may be lost: `WebSocketError` when the peer broke the protocol or
   * a limit, `BrokenError` or `UnexpectedEofError` when the connection broke, `ClosedError` when this side reset it,
   * `TimeoutError` of a deadline; `BusyError` while another task receives; `TimeoutError` of this call; `signal.reason`;
   * `InvalidInputError`.
   */
  receive(options?: WaitOptions): Promise<Message | null> {
    const { clock } = this.#session.parts;
    try {
      checkWaitOptions('receive', options);
    } catch (error) {
      return budgetOf(clock).fail(error);
    }
    return this.#session.inbox.take(options);
  }

  /**
   * Sends a message, and waits until there is room for it. Messages are sent in the order of the calls.
   *
   * A cancelled call sends nothing, unless a part of its message is already on its way: then all of it is sent.
   *
   * @param message - Text, sent as UTF-8 (a lone surrogate becomes U+FFFD), or bytes. They are copied.
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @returns Fulfilled when the connection has taken the message. That the peer has read it, only an answer of the peer can say.
   * @throws `ClosedError` when either side has begun to close; `LimitError` when `limits.pendingSends` messages wait; `BrokenError`
   * when the connection broke; `TimeoutError` of `deadlines.writeStall`, or of this call; `signal.reason`; `InvalidInputError`.
   */
  send(message: Message, options?: WaitOptions): Promise<void> {
    return this.#send(message, options, this.#session.parts.limits.pendingSends);
  }

  #send(message: Message, options: WaitOptions | undefined, most: number): Promise<void> {
    const { connection, outbox, watchdog, parts } = this.#session;
    const budget = budgetOf(parts.clock);
    try {
      if (typeof message !== 'string' && !isBytes(message)) {
        throw invalidInput('send', 'message', 'a string or a Uint8Array', message);
      }
      checkWaitOptions('send', options);
      if (!this.isOpen) return this.#refuse();
      if (outbox.waiting >= most) throw tooManySends(most);
      const sending = outbox.send(connection.sendMessage(message), parts.clock, options);
      this.#sent += 1;
      watchdog.message();
      return sending ?? budget.pay(undefined);
    } catch (error) {
      return budget.fail(error);
    }
  }

  /** A send that is too late fails when the connection is closed, as those that waited do. */
  async #refuse(): Promise<never> {
    if (!this.#session.isClosing) await this.#session.closed;
    throw socketClosed('send');
  }

  /**
   * Closes: sends the messages that wait, then a close frame, and waits for the peer’s. Idempotent: the first call counts.
   *
   * Messages that the peer sends before its close frame can still be received; those that do not fit into the read-ahead, and
   * that nothing receives, are dropped and counted.
   *
   * @param code - 1000 to 1003, 1007 to 1014, or 3000 to 4999. @default 1000
   * @param reason - At most 123 bytes of UTF-8. @default ''
   * @returns How it ended, as {@link WebSocket.closed}: at the latest when `deadlines.close` has passed since the close frame.
   * @throws `InvalidInputError` for a wrong code or reason.
   */
  async close(code: number = CloseCode.NORMAL, reason: string = ''): Promise<WebSocketEnd> {
    if (typeof code !== 'number' || !isSendableCloseCode(code)) {
      throw invalidInput('close', 'code', '1000 to 1003, 1007 to 1014 or 3000 to 4999', code);
    }
    // Two bytes of a control frame are the code.
    if (typeof reason !== 'string' || Buffer.byteLength(reason) > CONTROL_BYTES - 2) {
      throw invalidInput(
        'close',
        'reason',
        `a string of at most ${CONTROL_BYTES - 2} bytes`,
        reason,
      );
    }
    this.#session.close(code, reason);
    return this.#session.closed;
  }

  /**
   * Ends the connection at once, without a close frame; what is unsent is dropped. Idempotent.
   *
   * @param reason - Why, for {@link WebSocket.closed} and for calls that wait. @default a `ClosedError`
   */
  reset(reason?: unknown): void {
    this.#session.reset(reason ?? socketClosed('reset'));
  }

  /** A frozen snapshot of what has come and gone, and of what waits. */
  statistics(): WebSocketStatistics {
    const { received, inbox, outbox } = this.#session;
    const pendingSends = outbox.waiting;
    return Object.freeze({
      received,
      sent: this.#sent - pendingSends,
      unread: inbox.size,
      pendingSends,
    });
  }

  /** Iterates over the messages until the end, as {@link WebSocket.receive}. Leaving the loop leaves the WebSocket open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, undefined> {
    for (;;) {
      const message = await this.receive();
      if (message === null) return undefined;
      yield message;
    }
  }

  /** Closes with 1000 at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function tooManySends(limit: number): LimitError {
  return new LimitError(
    `send: ${limit} messages wait for room; await each send, or raise \`limits.pendingSends\``,
    { code: 'ERR_LIMIT', operation: 'send', limitName: 'pendingSends', limit },
  );
}

/** A WebSocket on a stream whose opening handshake is done. */
export function socketOf(parts: SessionParts, protocol: string): WebSocket {
  if (!isTraced(webSockets)) return construct(parts, protocol);
  return traceWebSocket(parts.role, protocol, () => construct(parts, protocol));
}

/** Sends a message as `send` does, without the limit on those that wait: for a sender that waits for each of its own. */
export function deliver(
  socket: WebSocket,
  message: Message,
  options: WaitOptions | undefined,
): Promise<void> {
  return deliverTo(socket, message, options);
}
