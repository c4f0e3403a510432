/**
 * A WebSocket in the shape of `WebSocketStream` (https://websockets.spec.whatwg.org/#the-websocketstream-interface).
 *
 * The readable side holds nothing back: a message is received when a reader asks for it. The writable side sends one message
 * after another, each when there is room. Both end with the connection: the readable side after its messages.
 */

import { ClosedError, type WaitOptions } from '@awaitio/core';
import { invalidInput, outsideScopes } from '@awaitio/core/lowlevel';
import type { WritableStreamDefaultController } from 'node:stream/web';
import type { Message } from '../streams/incoming-message.ts';
import { bytesOf, checkClose } from './close-arguments.ts';
import type { FacadedEnd, FacadedSocket } from './facaded-socket.ts';

/** How a WebSocket is closed. */
export interface WebSocketCloseInfo {
  /** 1000, or 3000 to 4999. @default none; 1000 with a reason */
  readonly closeCode?: number | undefined;
  /** At most 123 bytes of UTF-8. @default '' */
  readonly reason?: string | undefined;
}

/** The two sides of a WebSocket that is open. */
export interface WebSocketConnectionStreams {
  /** The messages. Cancelling it closes the WebSocket. */
  readonly readable: ReadableStream<Message>;
  /** Takes strings, `Uint8Array`s, other views and `ArrayBuffer`s. Closing or aborting it closes the WebSocket. */
  readonly writable: WritableStream<Message | ArrayBuffer | ArrayBufferView>;
  /** The subprotocol; empty for none. */
  readonly protocol: string;
  /** The extensions; empty for none. */
  readonly extensions: string;
}

/** A WebSocket in the shape of the platform’s `WebSocketStream`. */
export interface WebSocketStreams {
  readonly url: string;
  /** Fulfilled, since the WebSocket is open. */
  readonly opened: Promise<WebSocketConnectionStreams>;
  /** Fulfilled when both sides have said goodbye; else rejected with the reason of the end. */
  readonly closed: Promise<Required<WebSocketCloseInfo>>;
  /**
   * Begins to close.
   *
   * @throws `DOMException`: `InvalidAccessError` for a code that pages may not send, `SyntaxError` for a reason that is too long.
   */
  close(info?: WebSocketCloseInfo): void;
}

/** The `signal` that Node’s types lack. */
type Controller = WritableStreamDefaultController & { readonly signal: AbortSignal };

/** Makes the streams that receive and send from now on. */
export function socketStreams(socket: FacadedSocket): WebSocketStreams {
  const { url, protocol, extensions } = socket;
  const closed = endOf(socket.closed);
  // A program that does not ask for the end gets its error from the streams.
  closed.catch(() => {});
  const readable = readableOf(socket);
  const writable = writableOf(socket);
  return {
    url,
    opened: Promise.resolve({ readable, writable, protocol, extensions }),
    closed,
    close: (info = {}) => {
      closeWith(socket, info);
    },
  };
}

async function endOf(closed: Promise<FacadedEnd>): Promise<Required<WebSocketCloseInfo>> {
  const { isClean, error, code, reason } = await closed;
  if (!isClean) throw error;
  return { closeCode: code, reason };
}

function closeWith(socket: FacadedSocket, info: unknown): void {
  if (typeof info !== 'object' || info === null) {
    throw invalidInput('close', 'info', 'an object with `closeCode` and `reason`', info);
  }
  const { closeCode, reason = '' }: { closeCode?: number; reason?: unknown } = info;
  const text = String(reason);
  const code = closeCode ?? (text === '' ? undefined : 1000);
  checkClose(code, text);
  socket.close(code, text);
}

/** Closes with what the reason of an abort says, as a `WebSocketError` of the platform does; without a code otherwise. */
function leaveWith(socket: FacadedSocket, why: unknown): void {
  try {
    const { closeCode, reason } = (why ?? {}) as WebSocketCloseInfo;
    closeWith(socket, typeof closeCode === 'number' ? { closeCode, reason } : {});
  } catch {
    socket.close(undefined, '');
  }
}

function readableOf(socket: FacadedSocket): ReadableStream<Message> {
  const left = new AbortController();
  return new ReadableStream<Message>(
    {
      pull: async (controller) => {
        const options: WaitOptions = { signal: left.signal };
        const message = await outsideScopes(() => socket.receive(options));
        if (left.signal.aborted) return;
        if (message === null) controller.close();
        else controller.enqueue(message);
      },
      cancel: (reason: unknown) => {
        left.abort(reason);
        leaveWith(socket, reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function writableOf(socket: FacadedSocket): WebSocketConnectionStreams['writable'] {
  return new WritableStream<Message | ArrayBuffer | ArrayBufferView>({
    start: (controller) => {
      // A writer without a pending write learns of the end too.
      void socket.closed.then(({ error }) => {
        controller.error(error ?? closedAlready());
      });
    },
    write: (chunk, controller) => {
      const message = typeof chunk === 'string' ? chunk : bytesOf(chunk);
      if (message === undefined) {
        throw invalidInput('write', 'chunk', 'a string, a view or an ArrayBuffer', chunk);
      }
      const { signal } = controller as Controller;
      return outsideScopes(() => socket.send(message, { signal }));
    },
    close: async () => {
      socket.close(undefined, '');
      await socket.closed;
    },
    abort: (reason: unknown) => {
      leaveWith(socket, reason);
    },
  });
}

function closedAlready(): ClosedError {
  return new ClosedError('write: this WebSocket is closed', {
    code: 'ERR_WEBSOCKET_CLOSED',
    operation: 'write',
  });
}
