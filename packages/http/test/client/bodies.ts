/** Bodies, and a network on which they come in small pieces. */

import type { SimFaults } from '@awaitio/core/testing';

export const URL_ = 'http://server/';

export const TROUBLE: SimFaults = { partialWrite: 1, window: 1, split: 0.3 };

/** Bytes in which each differs from its neighbours. */
export const pattern = (length: number, start = 0): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) bytes[index] = (start + index * 7) % 251;
  return bytes;
};
