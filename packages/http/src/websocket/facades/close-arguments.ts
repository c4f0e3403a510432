/** What a page may close a WebSocket with, and send: the rules of the platform, which are narrower than those of the RFC. */

import { types } from 'node:util';
import { isBytes } from '@awaitio/core/lowlevel';

/** The most bytes of a reason. */
const REASON_BYTES = 123;

/**
 * @throws `InvalidAccessError` for a code other than 1000 and 3000 to 4999; `SyntaxError` for a reason of more than 123 bytes: both
 * are a `DOMException`, as the platform’s.
 */
export function checkClose(code: number | undefined, reason: string): void {
  if (
    code !== undefined &&
    code !== 1000 &&
    !(Number.isInteger(code) && code >= 3000 && code <= 4999)
  ) {
    throw new DOMException(
      'close: expected a code of 1000 or 3000 to 4999, got another',
      'InvalidAccessError',
    );
  }
  if (Buffer.byteLength(reason) > REASON_BYTES) {
    throw new DOMException(
      `close: expected a reason of at most ${REASON_BYTES} bytes, got a longer one`,
      'SyntaxError',
    );
  }
}

/** The bytes of a buffer or a view; `undefined` for anything else. The memory is the same. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (isBytes(data)) return data;
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}

/** How many bytes a message has on the wire. */
export function sizeOf(content: string | Uint8Array | Blob): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return content instanceof Blob ? content.size : content.length;
}
