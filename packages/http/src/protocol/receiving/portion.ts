/** How large chunks are parsed: in portions. */

import { MAX_INPUT } from '../../llhttp/instance.ts';

/** Up to this size a chunk is parsed at once, and turned into text as a whole. */
export const SMALL_CHUNK = 4_096;

/**
 * How much of a large chunk to parse at once: a head by itself, and what is left of a body by itself, so that the bulk
 * of a body whose length is known is counted and not copied.
 *
 * @param left - What is left of the chunk.
 * @param bodyLeft - What is left of a body of known length, in bytes; 0 for none.
 */
export function portionOf(left: Uint8Array, bodyLeft: number, isInBody: boolean): number {
  if (bodyLeft > 0) return Math.min(bodyLeft, MAX_INPUT);
  if (isInBody) return MAX_INPUT;
  const end = indexOfBlankLine(left);
  return end === -1 ? MAX_INPUT : Math.min(end + 4, MAX_INPUT);
}

/** Node's own search, which works on any bytes: that of typed arrays looks for single ones, and takes its time. */
function indexOfBlankLine(bytes: Uint8Array): number {
  return Buffer.prototype.indexOf.call(bytes, '\r\n\r\n', 0, 'latin1');
}
