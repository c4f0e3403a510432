/** What crossws lets an application send: values of any type, each with one form on the wire. */

import { isBytes } from '@awaitio/core/lowlevel';
import type { Message } from '../socket-events/callback-socket.ts';

/** A message that has come. */
export class Received {
  /** Text, or bytes. */
  readonly rawData: Message;

  constructor(rawData: Message) {
    this.rawData = rawData;
  }
}

/** A value as a message, by the rules of crossws: bytes stay bytes, a received message what it was, everything else becomes text, objects JSON. */
export function messageOf(value: unknown): Message {
  if (typeof value === 'string' || isBytes(value)) return value;
  if (value === undefined || value === null) return '';
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof Received) return value.rawData;
  if (typeof value === 'function' || typeof value === 'symbol') return '{}';
  if (typeof value === 'object') return JSON.stringify(value);
  return (value as number | boolean | bigint).toString();
}
