/** Masking (RFC 6455 section 5.3): what a client sends is XORed with four bytes, so that no proxy takes it for HTTP. */

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
  const turn = (phase & 3) << 3;
  const turned = turn === 0 ? mask : (mask << turn) | (mask >>> (32 - turn));
  const first = turned >>> 24;
  const second = (turned >>> 16) & 0xff;
  const third = (turned >>> 8) & 0xff;
  const fourth = turned & 0xff;
  const { length } = from;
  const whole = length & ~3;
  let index = 0;
  for (; index < whole; index += 4) {
    to[at + index] = (from[index] as number) ^ first;
    to[at + index + 1] = (from[index + 1] as number) ^ second;
    to[at + index + 2] = (from[index + 2] as number) ^ third;
    to[at + index + 3] = (from[index + 3] as number) ^ fourth;
  }
  for (; index < length; index += 1) {
    to[at + index] = (from[index] as number) ^ ((turned >>> (24 - ((index & 3) << 3))) & 0xff);
  }
}
