/** Events as browsers have them, of the classes that Node 20 lacks. */

import type { WebSocketEnd } from '../../websocket/end.ts';
import type { Message } from './callback-socket.ts';

/** The end of a WebSocket, with what a `CloseEvent` has. */
export class SocketCloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor({ code, reason, isClean }: WebSocketEnd) {
    super('close');
    this.code = code;
    this.reason = reason;
    this.wasClean = isClean;
  }
}

/** Why a WebSocket broke, with what an `ErrorEvent` has. */
export class SocketErrorEvent extends Event {
  readonly error: unknown;
  readonly message: string;

  constructor(error: unknown) {
    super('error');
    this.error = error;
    this.message = error instanceof Error ? error.message : String(error);
  }
}

/** A message as browsers have it with `binaryType` 'arraybuffer': text, or bytes as an `ArrayBuffer`. */
export function dataOf(message: Message): string | ArrayBuffer {
  if (typeof message === 'string') return message;
  const { buffer, byteOffset, byteLength } = message as Uint8Array<ArrayBuffer>;
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
  return isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
}
