/**
 * Conversations of WebSockets that are nearly right, for fuzzing.
 *
 * A text begins with two letters: `s` for what a server reads, `c` for a client, and `p`, `n` or `t` for none of permessage-deflate, or
 * with `no_context_takeover`, or without. The frames follow, a byte a character.
 */
import type { Random } from '@awaitio/core';
import zlib from 'node:zlib';
import { anyOf, choice, oneOf, rarely, write, type Rule } from './rules.ts';

const { Z_SYNC_FLUSH, Z_FINISH } = zlib.constants;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf8 = (text: string): string => latin1(Buffer.from(text, 'utf8'));

const TEXT = oneOf(
  choice('', 'a', 'Hello', utf8('\u00e4\u20ac\u{1f600}'), utf8('\u03ba\u1f79\u03c3')),
  choice('abcdefgh'.repeat(20), utf8('\u20ac').repeat(60), 'x'.repeat(126)),
  choice('\xed\xa0\x80', '\xf4\x90\x80\x80', '\xc0\xaf', '\xe2\x82', 'a\xff', '\x80'),
);
const BYTES = oneOf(
  choice('\x00\xff\xfe', 'Hello', '', '\x00'.repeat(200)),
  choice('\x00'.repeat(3_500), 'ab'.repeat(2_000), '\x00'.repeat(4_001), 'y'.repeat(6_000)),
);
const CLOSE = oneOf(
  choice('', '\x03\xe8', `\x03\xe8${utf8('bye \u20ac')}`, '\x0f\xa0'),
  choice('\x03', '\x03\xed', '\x00\x00', '\x03\xe8\xff', '\x13\x88', '\x03\xe8\xe2\x82'),
);

interface Side {
  readonly isServer: boolean;
  readonly mode: string;
  /** What was said compressed, for messages that refer to it. */
  said: string;
}

interface Head {
  readonly opcode: number;
  readonly isFinal?: boolean;
  readonly reserved?: number;
}

/** Writes a frame; now and then with something wrong in its head. */
function frame(
  random: Random,
  side: Side,
  { opcode, isFinal = true, reserved = 0 }: Head,
  payload: string,
): string {
  const wrong = random.chance(0.97) ? undefined : random.integer(0, 5);
  const bits = wrong === 0 ? anyOf(random, [1, 2, 4, 7]) : reserved;
  const final = wrong === 1 ? !isFinal : isFinal;
  const isMasked = (wrong === 2) !== side.isServer;
  const length = wrong === 3 ? payload.length + random.integer(-1, 200) : payload.length;
  const size = wrong === 4 ? 2 : wrong === 5 ? 8 : length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const first = String.fromCharCode((final ? 128 : 0) | (bits << 4) | opcode);
  const short = size === 0 ? Math.max(0, length) : size === 2 ? 126 : 127;
  let head = first + String.fromCharCode((isMasked ? 128 : 0) | short);
  for (let at = size - 1; at >= 0; at -= 1) {
    head += String.fromCharCode(at > 3 ? 0 : (Math.max(0, length) >>> (at * 8)) & 255);
  }
  if (!isMasked) return head + payload;
  const mask = Buffer.from([0, 1, 2, 3].map(() => random.integer(0, 255)));
  const masked = bytesOf(payload).map((byte, index) => byte ^ mask.readUInt8(index % 4));
  return head + String.fromCharCode(...mask) + latin1(masked);
}

/** Compresses as RFC 7692 section 7.2.1 says; now and then as section 7.2.3 allows it too. */
function compress(random: Random, side: Side, text: string): string {
  const dictionary = side.mode === 't' && side.said !== '' ? bytesOf(side.said) : undefined;
  const level = anyOf(random, [6, 6, 1, 0]);
  const isEnded = random.chance(0.1);
  const finishFlush = isEnded ? Z_FINISH : Z_SYNC_FLUSH;
  const coded = zlib.deflateRawSync(bytesOf(text), { dictionary, level, finishFlush });
  side.said = isEnded ? '' : side.said + text;
  return isEnded ? `${latin1(coded)}\0` : latin1(coded.subarray(0, -4));
}

/** A message, whole or in fragments with control frames between. */
function message(random: Random, side: Side): string {
  const isText = random.chance(0.6);
  const text = write(random, isText ? TEXT : BYTES);
  const isCoded = side.mode !== 'p' && random.chance(0.7);
  const payload = isCoded ? compress(random, side, text) : text;
  const count = random.chance(0.6) ? 1 : random.integer(2, 4);
  const cuts = Array.from({ length: count - 1 }, () => random.integer(0, payload.length));
  const edges = [0, ...cuts.toSorted((a, b) => a - b), payload.length];
  let frames = '';
  for (let at = 0; at < count; at += 1) {
    if (at > 0 && random.chance(0.3)) frames += control(random, side);
    const opcode = at > 0 ? 0 : isText ? 1 : 2;
    const head = { opcode, isFinal: at === count - 1, reserved: isCoded && at === 0 ? 4 : 0 };
    frames += frame(random, side, head, payload.slice(edges[at], edges[at + 1]));
  }
  return frames;
}

function control(random: Random, side: Side): string {
  const data = write(random, choice('', 'x', 'ping', '\x00\xff', 'z'.repeat(125)));
  return frame(random, side, { opcode: anyOf(random, [9, 10]) }, data);
}

/** One conversation. */
export const CONVERSATION: Rule = (random) => {
  const mode = write(random, choice('p', 'n', 't', 't'));
  const side: Side = { isServer: random.chance(0.5), mode, said: '' };
  let frames = '';
  for (let count = random.integer(1, 5); count > 0; count -= 1) {
    frames += random.chance(0.2) ? control(random, side) : message(random, side);
  }
  if (random.chance(0.05)) frames += frame(random, side, { opcode: random.integer(3, 15) }, 'x');
  if (random.chance(0.3)) frames += frame(random, side, { opcode: 8 }, write(random, CLOSE));
  return `${side.isServer ? 's' : 'c'}${mode}${frames}${write(random, rarely(0.1, '\x81'))}`;
};

/** What a changed text may get. */
export const DICTIONARY = [
  '\x81\x05Hello',
  '\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00',
  '\xc2\x03\x63\x00\x00',
  '\xc1\x01\x00',
  '\x41\x00',
  '\xc0\x00',
  '\x80\x00',
  '\x00\x00',
  '\x89\x00',
  '\xc9\x00',
  '\x88\x02\x03\xe8',
  '\x00\x00\xff\xff',
  '\xf3\x48\xcd\xc9\xc9\x07\x00\x00',
  '\x03\x00',
  '\x81\xfe\x00\x7e',
  '\xff\xff\xff\xff',
];
