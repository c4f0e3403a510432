/** A WebSocket, as programs use it. */

import { budgetOf, checkWaitOptions, invalidInput } from '@awaitio/core/lowlevel';
import type { WaitOptions } from '@awaitio/core';
import { socketClosed, type WebSocketEnd } from './end.ts';
import { EventSocket, type EventSocketOptions } from './facades/event-socket.ts';
import type { FacadedSocket } from './facades/facaded-socket.ts';
import { socketStreams, type WebSocketStreams } from './facades/web-streams.ts';
import { CloseCode, isSendableCloseCode } from './protocol/close-codes.ts';
import { CONTROL_BYTES } from './protocol/opcodes.ts';
import { sendOver, sendStreamOver } from './sending.ts';
import type { SessionParts } from './options.ts';
import { Session } from './session.ts';
import type { IncomingMessage, Message } from './streams/incoming-message.ts';
import type { MessageSource } from './streams/sent-stream.ts';
import { isTraced } from '../tracing/channels.ts';
import { traceWebSocket, webSockets } from '../tracing/web-socket.ts';

/** A snapshot of a WebSocket. */
export interface WebSocketStatistics {
  /** Messages that have arrived. */
  readonly received: number;
  /** Messages that were given to the connection, or begun to be. */
  readonly sent: number;
  /** Messages that have arrived and were not read. */
  readonly unread: number;
  /** Messages that wait for room. */
  readonly pendingSends: number;
}

/**
 * What a message that waits counts, in bytes, beside its content, where `send` does not wait: messages without content would have
 * no bound.
 */
export const MESSAGE_COST = 64;

let construct: typeof socketOf;
let sessionIn: typeof sessionOf;

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
  /** The extension that both sides agreed on, with its parameters, as the server’s response has it; empty for none. */
  readonly extensions: string;
  /** The URL that was asked for, with the scheme `ws:` or `wss:`, without a password. */
  readonly url: string;

  static {
    construct = (parts, protocol) => new WebSocket(parts, protocol);
    sessionIn = (socket) => socket.#session;
  }

  private constructor(parts: SessionParts, protocol: string) {
    this.protocol = protocol;
    this.extensions = parts.compression?.text ?? '';
    this.url = parts.url;
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
    try {
      checkWaitOptions('receive', options);
    } catch (error) {
      return budgetOf(this.#session.parts.clock).fail(error);
    }
    return this.#session.inbox.take(options);
  }

  /**
   * Waits for the next message, and gives it in parts, as they come: for messages that do not have to fit into memory. A cancelled
   * call takes nothing.
   *
   * What is not read stays with the peer: at most `limits.readAheadBytes` and one read of the connection wait here. The next call
   * of this or of `receive` leaves the message, as `discard` does and a loop that ends early: what is left of it is dropped as it
   * comes. `limits.messageBytes`, `frameBytes` and `fragments` go for these messages too; raise them for long ones.
   *
   * @param options - `signal` cancels the wait for its beginning; `timeout` limits that, in milliseconds (default: no limit).
   * @returns The message: of `kind` `'text'` in strings, of `'bytes'` in `Uint8Array`s; `null` when both sides have said goodbye.
   * @throws As {@link WebSocket.receive}.
   *
   * @example
   * ```ts
   * import type { WebSocket } from '@awaitio/http/websocket';
   *
   * async function lengthOfNext(socket: WebSocket): Promise<number> {
   *   const message = await socket.receiveStream();
   *   let length = 0;
   *   for await (const part of message ?? []) length += part.length;
   *   return length;
   * }
   * ```
   */
  receiveStream(options?: WaitOptions): Promise<IncomingMessage | null> {
    try {
      checkWaitOptions('receiveStream', options);
    } catch (error) {
      return budgetOf(this.#session.parts.clock).fail(error);
    }
    return this.#session.inbox.takeStream(options);
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
    return sendOver(this.#session, message, options, this.#session.parts.limits.pendingSends);
  }

  /**
   * Sends a message that is produced meanwhile: each piece is a fragment, and one of more than 65,536 bytes or characters several.
   * The next piece is asked for when there is room. Other messages wait until its end; answers to pings do not.
   *
   * Once a piece is sent the message cannot be taken back: when its source fails, or the call is cancelled, the WebSocket closes with
   * 1011. Before that a cancelled call sends nothing. The source is ended in each case: `return` of an iterator is called, a
   * `ReadableStream` is cancelled. `close` waits for the message, but not longer than `deadlines.close` for a piece.
   *
   * @param source - Strings, or `Uint8Array`s, which are copied: an iterable, an async iterable or a `ReadableStream`. Without any
   * piece it is an empty message of bytes.
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @returns Fulfilled when the connection has taken all of it.
   * @throws As {@link WebSocket.send}; what the source throws; `IoError` (`ERR_BODY_USED`) for a source that was read before;
   * `InvalidInputError` for pieces of both kinds; `TimeoutError` of `deadlines.close`.
   */
  sendStream(source: MessageSource, options?: WaitOptions): Promise<void> {
    return sendStreamOver(this.#session, source, options);
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
    this.#session.close(code, reason, 'program');
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
    const { sent, waiting: pendingSends } = outbox;
    return Object.freeze({ received, sent, unread: inbox.size, pendingSends });
  }

  /**
   * This WebSocket in the shape of the platform’s `WebSocketStream`, which reads and sends from now on. Reading asks for one message
   * at a time, writing waits for room.
   */
  toWeb(): WebSocketStreams {
    return socketStreams(facadedSocket(this));
  }

  /**
   * This WebSocket in the shape of a browser’s `WebSocket`, for libraries that expect one; it receives from now on. Add listeners
   * before the next `await`, so that they miss no message. A client that shall open its connection itself is `BrowserWebSocket`.
   *
   * @param options - See {@link EventSocketOptions}.
   * @throws `InvalidInputError` for a wrong option.
   */
  toEventTarget(options: EventSocketOptions = {}): EventSocket {
    return new EventSocket(this.url, facadedSocket(this), options);
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

/** A WebSocket on a stream whose opening handshake is done. */
export function socketOf(parts: SessionParts, protocol: string): WebSocket {
  if (!isTraced(webSockets)) return construct(parts, protocol);
  return traceWebSocket(parts.role, protocol, () => construct(parts, protocol));
}

/** Sends a message as `send` does, without the limit on those that wait: for a sender that waits for each message. */
export function deliver(
  socket: WebSocket,
  message: Message,
  options: WaitOptions | undefined,
): Promise<void> {
  return sendOver(sessionIn(socket), message, options, Infinity);
}

/** Its session. */
export function sessionOf(socket: WebSocket): Session {
  return sessionIn(socket);
}

/** What a facade uses: no limit on sends, whose bytes it counts itself, and a close frame without a code. */
export function facadedSocket(socket: WebSocket): FacadedSocket {
  return {
    protocol: socket.protocol,
    extensions: socket.extensions,
    closed: socket.closed,
    messageCost: MESSAGE_COST,
    url: socket.url,
    isOpen: () => socket.isOpen,
    receive: (options) => socket.receive(options),
    send: (message, options) => deliver(socket, message, options),
    close: (code, reason) => {
      sessionIn(socket).close(code, reason, 'program');
    },
    reset: (reason) => {
      socket.reset(reason);
    },
  };
}
