/** Limits, each at its last good byte and one beyond. */

import {
  BODY_TOO_LARGE,
  CHUNKED_HEAD,
  CHUNKED_POST,
  GET,
  HEAD_TOO_LARGE,
  MALFORMED,
  OVERHEAD,
  POST,
  TARGET_TOO_LONG,
  TRAILERS_TOO_LARGE,
  good,
  refused,
  times,
  type WireCase,
} from '../wire-case.ts';

const HEAD_LIMIT = { headerBytes: 64 };
/** A request of 64 bytes, and one of 65. */
const OF_64 = `${GET}X: ${times('y', 32)}\r\n\r\n`;
const OF_65 = `${GET}X: ${times('y', 33)}\r\n\r\n`;

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const LIMITS: readonly WireCase[] = [
  refused('6585 5', 'a method longer than the head may be', 'GET / HTTP/1.1\r\n', HEAD_TOO_LARGE, { limits: { headerBytes: 2 } }),
  good('9112 3', 'a target as long as the limit', `GET /${times('a', 9)} HTTP/1.1\r\nHost: a\r\n\r\n`, ['GET /aaaaaaaaa', 'end'], { limits: { targetBytes: 10 } }),
  refused('9112 3', 'a target one byte longer than the limit', `GET /${times('a', 10)} HTTP/1.1\r\nHost: a\r\n\r\n`, TARGET_TOO_LONG, { limits: { targetBytes: 10 } }),
  refused('9112 3', 'a target that does not end', `GET /${times('a', 100)}`, TARGET_TOO_LONG, { limits: { targetBytes: 10, headerBytes: 50 } }),
  refused('9112 3', 'a target that is too long, and fields that are too large', `GET /${times('a', 30)} HTTP/1.1\r\nHost: a\r\nX: ${times('y', 50)}\r\n\r\n`, TARGET_TOO_LONG, { limits: { targetBytes: 10, ...HEAD_LIMIT } }),
  refused('9112 3', 'a target that may be longer than the head', `GET /${times('a', 100)} HTTP/1.1\r\nHost: a\r\n\r\n`, HEAD_TOO_LARGE, { limits: { targetBytes: 1_000, ...HEAD_LIMIT } }),
  good('6585 5', 'a head as large as the limit', OF_64, ['GET /', 'end'], { limits: HEAD_LIMIT }),
  refused('6585 5', 'a head one byte larger than the limit', OF_65, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('6585 5', 'a head that does not end', `${GET}X: ${times('y', 100)}`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  good('6585 5', 'a head as large as the limit, with an empty last value', `${GET}X:${times(' ', 33)}\r\n\r\n`, ['GET /', 'end'], { limits: HEAD_LIMIT }),
  refused('6585 5', 'a head that is too large by the space of an empty value', `${GET}X:${times(' ', 34)}\r\n\r\n`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('6585 5', 'a head that is too large by the space before a value', `${GET}X:${times(' ', 33)}y\r\n\r\n`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('6585 5', 'a head that is too large before it is malformed', `${GET}X: ${times('y', 40)}\0\r\n\r\n`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('6585 5', 'a head that is malformed before it is too large', `${GET}X: \0${times('y', 60)}\r\n\r\n`, MALFORMED, { limits: HEAD_LIMIT }),
  refused('6585 5', 'a request line of spaces', `GET /${times(' ', 80)}HTTP/1.1\r\nHost: a\r\n\r\n`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  good('6585 5', 'a head without fields as large as the limit', 'GET / HTTP/1.0\r\n\r\n', ['GET / (1.0) close', 'end'], { limits: { headerBytes: 18 } }),
  refused('6585 5', 'a head without fields that is too large', 'GET /a HTTP/1.0\r\n\r\n', HEAD_TOO_LARGE, { limits: { headerBytes: 18 } }),
  good('6585 5', 'as many fields as the limit', `${GET}X: y\r\n\r\n`, ['GET /', 'end'], { limits: { headerCount: 2 } }),
  refused('6585 5', 'one field more than the limit', `${GET}X: y\r\nX: y\r\n\r\n`, HEAD_TOO_LARGE, { limits: { headerCount: 2 } }),
  good('9110 15.5.14', 'a body as long as the limit', `${POST}Content-Length: 5\r\n\r\nhello`, ['POST / length=5', 'data "hello"', 'end'], { limits: { bodyBytes: 5 } }),
  refused('9110 15.5.14', 'a body announced longer than the limit', `${POST}Content-Length: 6\r\n\r\nhello!`, BODY_TOO_LARGE, { limits: { bodyBytes: 5 } }),
  good('9110 15.5.14', 'chunks as long as the limit', `${CHUNKED_POST}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'data "hello"', 'end'], { limits: { bodyBytes: 5 } }),
  refused('9110 15.5.14', 'chunks longer than the limit', `${CHUNKED_POST}2\r\nhe\r\n5\r\nllo!!\r\n0\r\n\r\n`, BODY_TOO_LARGE, { limits: { bodyBytes: 5 }, after: [CHUNKED_HEAD, 'data "hello"'] }),
  refused('9110 15.5.14', 'chunks longer than the limit, and then malformed', `${CHUNKED_POST}6\r\nhello!x`, BODY_TOO_LARGE, { limits: { bodyBytes: 5 }, after: [CHUNKED_HEAD, 'data "hello"'] }),
  good('6585 5', 'trailers as large as the limit', `${CHUNKED_POST}0\r\nX: yy\r\n\r\n`, [CHUNKED_HEAD, 'end', '  X: yy'], { limits: { trailerBytes: 9 } }),
  refused('6585 5', 'trailers larger than the limit', `${CHUNKED_POST}0\r\nX: yyy\r\n\r\n`, TRAILERS_TOO_LARGE, { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] }),
  refused('6585 5', 'trailers that do not end', `${CHUNKED_POST}0\r\nX: ${times('y', 50)}`, TRAILERS_TOO_LARGE, { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] }),
  refused('6585 5', 'trailers that are too large before they are malformed', `${CHUNKED_POST}0\r\nX: yyyyyyyyy\0\r\n\r\n`, TRAILERS_TOO_LARGE, { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] }),
  refused('6585 5', 'trailers that are malformed before they are too large', `${CHUNKED_POST}0\r\nX: \0yyyyyyyyyy\r\n\r\n`, MALFORMED, { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] }),
  refused('6585 5', 'a trailer’s name that is too large before it is malformed', `${CHUNKED_POST}0\r\n${times('y', 9)}\n`, TRAILERS_TOO_LARGE, { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] }),
  refused('6585 5', 'a trailer’s name that is malformed before it is too large', `${CHUNKED_POST}0\r\n${times('y', 8)}\n`, MALFORMED, { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] }),
  good('9112 7.1.1', 'chunk framing as large as the limit', `${CHUNKED_POST}1;${times('a', 16)}\r\nx\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'data "x"', 'end'], { limits: { chunkOverheadBytes: 20 } }),
  refused('9112 7.1.1', 'chunk framing larger than the limit', `${CHUNKED_POST}1;${times('a', 17)}\r\nx\r\n0\r\n\r\n`, OVERHEAD, { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] }),
  refused('9112 7.1.1', 'an extension that does not end', `${CHUNKED_POST}1;${times('a', 60)}`, OVERHEAD, { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] }),
  refused('9112 7.1.1', 'an extension that is too large before it is malformed', `${CHUNKED_POST}1;${times('a', 30)}\0`, OVERHEAD, { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] }),
  refused('9112 7.1.1', 'an extension that is too large before a DEL', `${CHUNKED_POST}1;a="${times('a', 17)}\x7f"\r\nx\r\n`, OVERHEAD, { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] }),
  refused('9112 7.1.1', 'an extension with a DEL before it is too large', `${CHUNKED_POST}1;a="${times('a', 14)}\x7f${times('a', 15)}"\r\nx\r\n`, MALFORMED, { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] }),
  refused('9112 7.1.1', 'a last chunk with an extension that is too large', `${CHUNKED_POST}0;${times('a', 30)}\r\n\r\n`, OVERHEAD, { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] }),
  refused('9112 7.1.1', 'a last chunk with an extension that is too large, and a trailer', `${CHUNKED_POST}0;${times('a', 30)}\r\nX: y\r\n\r\n`, OVERHEAD, { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] }),
  refused('9112 7.1.1', 'extensions that are small, on every chunk', `${CHUNKED_POST}${times(`1;${times('a', 30)}\r\nx\r\n`, 8)}0\r\n\r\n`, OVERHEAD, { limits: { chunkOverheadBytes: 60 }, after: [CHUNKED_HEAD, 'data "xx"'] }),
  good('9112 7.1.1', 'many chunks of one byte', `${CHUNKED_POST}${times('1\r\nx\r\n', 30)}0\r\n\r\n`, [CHUNKED_HEAD, `data "${times('x', 30)}"`, 'end'], { limits: { chunkOverheadBytes: 20 } }),
];
