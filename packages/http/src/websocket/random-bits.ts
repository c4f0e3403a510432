/**
 * Where masks and nonces come from: the system’s generator for secrets, as RFC 6455 section 10.3 asks for, or a `Random` that
 * was passed in, so that a run can be repeated.
 */

import type { Random } from '@awaitio/core';
import { createHash, randomFillSync } from 'node:crypto';
import type { NextMask } from './protocol/sender.ts';

/** So many masks are drawn at once: a draw of the system costs as much as a thousand times four bytes. */
const MASKS = 1_024;

const pool = new Uint32Array(MASKS);
let left = 0;

function systemMask(): number {
  if (left === 0) {
    randomFillSync(pool);
    left = MASKS;
  }
  left -= 1;
  return pool[left] as number;
}

/** @param random - In place of the system’s. */
export function maskSource(random: Random | undefined): NextMask {
  return random === undefined ? systemMask : () => random.integer(0, 0xffff_ffff);
}

/** The nonce of an opening handshake: 16 bytes in base64 (RFC 6455 section 4.1). */
export function nonceOf(nextMask: NextMask): string {
  const words = Uint32Array.from({ length: 4 }, () => nextMask());
  return Buffer.from(words.buffer).toString('base64');
}

/** What RFC 6455 section 1.3 appends to the nonce. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server answers to a nonce: proof that it speaks WebSocket, and no secret. */
export function acceptOf(nonce: string): string {
  return createHash('sha1')
    .update(nonce + GUID)
    .digest('base64');
}
