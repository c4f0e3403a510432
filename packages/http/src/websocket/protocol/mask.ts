/** Masking (RFC 6455 section 5.3): what a client sends is XORed with four bytes, so that no proxy takes it for HTTP. */

/** From so many bytes on, four at a time are faster than one at a time. */
const WORDS_FROM = 64;

const keyBytes = new Uint8Array(4);
/** The same four bytes as a number, in the order of this machine. */
const keyWord = new Int32Array(keyBytes.buffer);

/**
 * Copies bytes, masked or unmasked: the two are the same.
 *
 * @param from - The bytes; `to` may be the same array, at the same place.
 * @param at - Where the copy begins in `to`.
 * @param mask - The four bytes of the mask, the first one highest.
 * @param phase - How many bytes of the frame’s payload come before these.
 */
export function copyMasked(
  from: Uint8Array,
  to: Uint8Array,
  at: number,
  mask: number,
  phase: number,
): void {
  const turned = turn(mask, phase);
  const { length } = from;
  if (length < WORDS_FROM) {
    for (let index = 0; index < length; index += 1) {
      to[at + index] = (from[index] as number) ^ byteOf(turned, index);
    }
    return;
  }
  to.set(from, at);
  maskInPlace(to, at, length, turned);
}

/** The words of an array begin at multiples of four of its buffer: what is before the first and behind the last is few bytes. */
function maskInPlace(bytes: Uint8Array, at: number, length: number, mask: number): void {
  const lead = -(bytes.byteOffset + at) & 3;
  for (let index = 0; index < lead; index += 1) {
    bytes[at + index] = (bytes[at + index] as number) ^ byteOf(mask, index);
  }
  const count = (length - lead) >> 2;
  for (let index = 0; index < 4; index += 1) keyBytes[index] = byteOf(mask, lead + index);
  const key = keyWord[0] as number;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at + lead, count);
  for (let index = 0; index < count; index += 1) words[index] = (words[index] as number) ^ key;
  for (let index = lead + count * 4; index < length; index += 1) {
    bytes[at + index] = (bytes[at + index] as number) ^ byteOf(mask, index);
  }
}

/** The mask as it begins behind so many bytes. */
function turn(mask: number, phase: number): number {
  const bits = (phase & 3) << 3;
  return bits === 0 ? mask : (mask << bits) | (mask >>> (32 - bits));
}

/** The byte of a mask for a byte of the payload. */
function byteOf(mask: number, index: number): number {
  return (mask >>> (24 - ((index & 3) << 3))) & 0xff;
}
