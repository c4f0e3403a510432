/** The protocol of Redis, version 2 (RESP), as a codec: replies come in, commands go out. */

import { WOULD_BLOCK, type Codec, type FrameInput, type WouldBlock } from '@awaitio/core';
import { quote } from './program.ts';

export type Reply = string | number | null | Error | readonly Reply[];

const CRLF = Buffer.from('\r\n');

/** One value of RESP 2: a mark, and up to CRLF a text or the length of what follows. */
function decode(input: FrameInput): Reply | WouldBlock {
  const end = input.indexOf(CRLF);
  if (end === -1) return WOULD_BLOCK;
  const [mark, text] = [String.fromCodePoint(input.take(1)[0] ?? 0), take(input, end - 1)];
  if (mark === '+') return text;
  if (mark === '-') return new Error(text);
  if (mark === ':') return Number(text);
  const isSize = '$*'.includes(mark) && /^(?:-1|\d{1,9})$/.test(text);
  if (!isSize) throw new Error(`${quote(mark + text)} is no RESP`);
  const size = Number(text);
  if (size === -1) return null;
  if (mark === '$') return input.length < size + 2 ? WOULD_BLOCK : take(input, size);
  const replies: Reply[] = [];
  while (replies.length < size) {
    const reply = decode(input);
    if (reply === WOULD_BLOCK) return WOULD_BLOCK;
    replies.push(reply);
  }
  return replies;
}

function take(input: FrameInput, count: number): string {
  const text = Buffer.from(input.take(count)).toString();
  input.skip(2);
  return text;
}

/** A command is a list of its words, each with its length in bytes. */
const encode = (words: readonly string[]): Buffer =>
  Buffer.from(
    [`*${words.length}`, ...words.flatMap((w) => [`$${Buffer.byteLength(w)}`, w]), ''].join('\r\n'),
  );

/** Words of a command as Redis takes them, and replies as JavaScript values. */
export const redisCodec: Codec<Reply, readonly string[]> = { limit: 1_000_000, decode, encode };
