/** The two forms of what PostgreSQL and its clients say to each other (protocol 3.0, "Message Formats"). */

import { WOULD_BLOCK, type Decoder } from '@awaitio/core';

/** A message of the server: a letter, the length with its own four bytes, and the rest. */
export const messages: Decoder<{ type: string; body: Buffer }> = {
  decode(input) {
    if (input.length < 5) return WOULD_BLOCK;
    const head = Buffer.from(input.peek(5));
    const length = head.readUInt32BE(1) + 1;
    if (length < 5) throw new Error('a message is shorter than its length');
    if (input.length < length) return WOULD_BLOCK;
    return {
      type: head.toString('latin1', 0, 1),
      body: Buffer.from(input.take(length)).subarray(5),
    };
  },
};

/** A request at the beginning of a connection: its length, a code, and the rest. */
export function opening(code: number, rest: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + rest.length);
  head.writeUInt32BE(code, 4);
  return Buffer.concat([head, Buffer.from(rest)]);
}
