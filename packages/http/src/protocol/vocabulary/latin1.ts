/**
 * Bytes as a string with one character each, and back.
 *
 * `latin1Slice` is Node's own, under the documented `toString('latin1', …)`: it skips the argument checks, which for
 * heads of a hundred bytes cost as much as the copy (see `pnpm bench --only parser`).
 */

/** What Node's types leave out. */
interface Latin1Buffer {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
  readonly latin1Write: (this: Uint8Array, text: string, start: number, length: number) => number;
}

const { latin1Slice, latin1Write } = Buffer.prototype as unknown as Latin1Buffer;

/** Part of a chunk as text. */
export function latin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return latin1Slice.call(bytes, start, end);
}

/** Up to this length characters are cheaper to copy one by one than by a call. */
const TINY = 64;

/** The bytes of latin1 text, in new memory. */
export function latin1Bytes(text: string): Uint8Array {
  const { length } = text;
  const bytes = new Uint8Array(length);
  if (length > TINY) latin1Write.call(bytes, text, 0, length);
  else for (let at = 0; at < length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
