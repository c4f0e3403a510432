/** Ids of peers and messages. */

import { maskSource } from '../../websocket/random-bits.ts';

const nextWord = maskSource(undefined);
const hex = (word: number): string => word.toString(16).padStart(8, '0');

/** A random UUID, version 4 (RFC 9562 section 5.4). */
export function randomUuid(): string {
  const [first, second, third, fourth] = [nextWord(), nextWord(), nextWord(), nextWord()];
  const version = hex(((second & 0xffff_0fff) | 0x4000) >>> 0);
  const variant = hex(((third & 0x3fff_ffff) | 0x8000_0000) >>> 0);
  return [
    hex(first),
    version.slice(0, 4),
    version.slice(4),
    variant.slice(0, 4),
    variant.slice(4) + hex(fourth),
  ].join('-');
}
