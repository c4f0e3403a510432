/**
 * Bytes as a string with one character each, and back.
 *
 * `latin1Slice` is Node's own, under the documented `toString('latin1', …)`: it skips the argument checks, which for
 * heads of a hundred bytes cost as much as the copy (see `pnpm bench --only parser`).
 */

interface Latin1Buffer {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
}

const { latin1Slice } = Buffer.prototype as unknown as Latin1Buffer;

/** Part of a chunk as text. */
export function latin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return latin1Slice.call(bytes, start, end);
}
