/** Messages of WebSockets (RFC 6455), as the bytes that are sent, masked, and the frame that must come back. */

import type { Exchange } from './load.ts';

const TEXT = 0x81;
const BINARY = 0x82;
const MASK = Buffer.from([0x5a, 0xc3, 0x96, 0x0f]);

/** The opening handshake. */
export const OPENING: Buffer = Buffer.from(
  [
    'GET / HTTP/1.1',
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n'),
);

function head(opcode: number, length: number, masked: 0 | 0x80): Buffer {
  if (length < 126) return Buffer.from([opcode, masked | length]);
  const bytes = Buffer.alloc(10);
  bytes[0] = opcode;
  bytes[1] = masked | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

/** A message that a server sends back as it is. */
function message(opcode: number, payload: Buffer): Exchange {
  const masked = payload.map((byte, at) => byte ^ (MASK[at & 3] as number));
  return {
    protocol: 'raw',
    opening: OPENING,
    request: Buffer.concat([head(opcode, payload.length, 0x80), MASK, masked]),
    answer: Buffer.concat([head(opcode, payload.length, 0), payload]),
  };
}

/** Text of 32 bytes. */
export const SHORT: Exchange = message(TEXT, Buffer.from('a text of thirty-two bytes, done'));

/** Bytes that are no text, 1 MiB. */
export const LONG: Exchange = message(
  BINARY,
  Buffer.from(Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31) & 255)),
);
