/** How a WebSocket ended, and the errors of calls on one that did. */

import { ClosedError, UnexpectedEofError, type ByteStream } from '@awaitio/core';
import { CloseCode } from './protocol/close-codes.ts';
import type { WebSocketConnection } from './protocol/connection.ts';

/** How a WebSocket ended. */
export interface WebSocketEnd {
  /**
   * The code of the close frame that came first; 1005 when it had none, 1006 when there was none (RFC 6455 section 7.4.1). After
   * a fault of the peer, the code that this side sent.
   */
  readonly code: number;
  /** The reason of that frame. */
  readonly reason: string;
  /** Which side began to close, or broke the connection. */
  readonly by: 'local' | 'peer';
  /** Whether both sides have sent their close frame: then neither has lost a message of the other. */
  readonly isClean: boolean;
  /** Messages that arrived after this side had begun to close, and were dropped because nothing read them. */
  readonly dropped: number;
  /** Why the end was not clean. */
  readonly error?: unknown;
}

/** How the closing began; `code` is `undefined` for a close frame without one. */
export interface Beginning {
  readonly code: number | undefined;
  readonly reason: string;
  readonly by: 'local' | 'peer';
}

/** Makes the close frame of this side: the reason of the peer is not repeated. */
export function closeFrameOf(
  connection: Pick<WebSocketConnection, 'sendClose'>,
  { code, reason, by }: Beginning,
): Uint8Array {
  const sent = code === CloseCode.NO_CODE ? undefined : code;
  return connection.sendClose(sent, by === 'local' ? reason : '');
}

/** @param error - Why it was not clean */
export function endOf(
  { code, reason, by }: Beginning,
  error: unknown,
  dropped: number,
): WebSocketEnd {
  const isClean = error === undefined;
  const end = { code: code ?? CloseCode.NO_CODE, reason, by, isClean, dropped };
  return Object.freeze(isClean ? end : { ...end, error });
}

/** The WebSocket was closed, by either side. */
export function socketClosed(operation: string): ClosedError {
  return new ClosedError(
    `${operation}: this WebSocket is closed, or closing; \`closed\` says why`,
    { code: 'ERR_WEBSOCKET_CLOSED', operation },
  );
}

/** The connection ended without a close frame. */
export function endedEarly(): UnexpectedEofError {
  return new UnexpectedEofError(
    'receive: the peer ended the connection without a close frame; messages may be lost',
    { code: 'ERR_UNEXPECTED_EOF', operation: 'receive' },
  );
}

/** Sends FIN. Never rejects. */
export async function endWriting(stream: Pick<ByteStream, 'shutdown'>): Promise<void> {
  try {
    await stream.shutdown('write');
  } catch {
    // The loop that reads finds out why.
  }
}
