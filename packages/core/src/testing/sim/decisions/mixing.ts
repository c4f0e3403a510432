/**
 * Random words by key: each is computed from the seed and the place where it is used, and from no other.
 *
 * The mixing is the finalizer of MurmurHash3 (Austin Appleby), 32-bit integer arithmetic only, so every JavaScript engine
 * computes the same words. It is a bijection in which every bit of the input moves half of the bits of the output.
 */

/** Looked up once: in a test runner's sandbox, access to a global costs more than the multiplication. */
const { imul } = Math;

/** 2^32. */
export const WORDS = 0x1_0000_0000;

const GOLDEN = 0x9e_37_79_b9;

export function mix(word: number): number {
  let mixed = imul(word ^ (word >>> 16), 0x85_eb_ca_6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35);
  return mixed ^ (mixed >>> 16);
}

/** The number of a text, in a world with this seed. */
export function mixText(seed: number, text: string): number {
  let mixed = seed;
  for (let at = 0; at < text.length; at += 1) {
    mixed = imul(mixed ^ text.charCodeAt(at), 0x01_00_01_93);
  }
  return mix(mixed ^ text.length);
}

/** The random word of one place: `base` is its subject, `lane` its kind. From 0 up to, but not including, 2^32. */
export function wordAt(base: number, lane: number, ordinal: number): number {
  return mix(mix(base + imul(lane + 1, GOLDEN)) + imul(ordinal, GOLDEN)) >>> 0;
}

/** A word as eight hexadecimal digits. */
export function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
