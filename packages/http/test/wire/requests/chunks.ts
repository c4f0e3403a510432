/** Chunks, their extensions and their trailers: RFC 9112 section 7.1. */

import {
  CHUNK,
  CHUNKED_HEAD,
  CHUNKED_POST,
  CODING,
  LENGTH,
  MALFORMED,
  TRUNCATED,
  good,
  refused,
  type WireCase,
} from '../wire-case.ts';

const broken = (
  name: string,
  chunks: string,
  refusal = MALFORMED,
  data: readonly string[] = [],
): WireCase =>
  refused('9112 7.1', name, `${CHUNKED_POST}${chunks}`, refusal, {
    after: [CHUNKED_HEAD, ...data],
  });

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const CHUNKS: readonly WireCase[] = [
  good('9112 7.1', 'chunks', `${CHUNKED_POST}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'data "hello!"', 'end']),
  good('9112 7.1', 'no chunks but the last', `${CHUNKED_POST}0\r\n\r\n`, [CHUNKED_HEAD, 'end']),
  good('9112 7.1', 'a size in small and capital letters', `${CHUNKED_POST}a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'data "01234567890123456789a"', 'end']),
  good('9112 7.1', 'a size with leading zeros', `${CHUNKED_POST}0005\r\nhello\r\n000\r\n\r\n`, [CHUNKED_HEAD, 'data "hello"', 'end']),
  good('9112 7.1.1', 'chunk extensions', `${CHUNKED_POST}5;a;b=c;d="e \\" f"\r\nhello\r\n0;g\r\n\r\n`, [CHUNKED_HEAD, 'data "hello"', 'end']),
  good('9112 7.1.2', 'trailers', `${CHUNKED_POST}5\r\nhello\r\n0\r\nX: y \r\nZ:\r\n\r\n`, [CHUNKED_HEAD, 'data "hello"', 'end', '  X: y', '  Z: ']),
  good('9112 7.1.2', 'a trailer named as the connection’s options', `${CHUNKED_POST}0\r\nConnection: close\r\n\r\n`, [CHUNKED_HEAD, 'end', '  Connection: close']),
  good('9112 7.1', 'data that looks like a last chunk', `${CHUNKED_POST}5\r\n0\r\n\r\n\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'data "0\\r\\n\\r\\n"', 'end']),
  good('9112 7.1.1', 'an extension whose value is empty, which frames nothing', `${CHUNKED_POST}5;a=\r\nhello\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'data "hello"', 'end']),
  broken('a size of 17 digits', '10000000000000000\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a size with a plus sign', '+5\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a size with a minus sign', '-5\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a size that is no number', 'x\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('no size', '\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a space before a size', ' 5\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a space after a size', '5 \r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a tab after a size', '5\t\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a space before an extension', '5 ;a\r\nhello\r\n0\r\n\r\n', CHUNK),
  broken('a space after the semicolon', '5; a\r\nhello\r\n0\r\n\r\n'),
  broken('an extension without a name', '5;\r\nhello\r\n0\r\n\r\n'),
  broken('an extension with a control byte', '5;a\x01\r\nhello\r\n0\r\n\r\n'),
  broken('an extension with a bare LF', '5;a\nhello\r\n0\r\n\r\n'),
  broken('an extension with a bare LF in quotes', '5;a="\n"\r\nhello\r\n0\r\n\r\n'),
  broken('an extension with a bare CR', '5;a\rhello\r\n0\r\n\r\n'),
  broken('an extension with an open quote', '5;a="b\r\nhello\r\n0\r\n\r\n'),
  broken('a bare LF after a size', '5\nhello\r\n0\r\n\r\n'),
  broken('a bare CR after a size', '5\rhello\r\n0\r\n\r\n'),
  broken('no line end after data', '5\r\nhello0\r\n\r\n', MALFORMED, ['data "hello"']),
  broken('a bare LF after data', '5\r\nhello\n0\r\n\r\n', MALFORMED, ['data "hello"']),
  broken('a bare CR after data', '5\r\nhello\r0\r\n\r\n', MALFORMED, ['data "hello"']),
  broken('data longer than its size', '4\r\nhello\r\n0\r\n\r\n', MALFORMED, ['data "hell"']),
  broken('data shorter than its size', '6\r\nhello\r\n0\r\n\r\n', MALFORMED, ['data "hello\\r"']),
  broken('a bare LF after the last chunk', '0\n\r\n'),
  broken('an empty line that is a bare LF', '0\r\n\n'),
  broken('a Content-Length among the trailers', '0\r\nContent-Length: 5\r\n\r\n', LENGTH),
  broken('a Transfer-Encoding among the trailers', '0\r\nTransfer-Encoding: gzip\r\n\r\n', CODING),
  broken('a trailer with a space before the colon', '0\r\nX : y\r\n\r\n'),
  broken('a trailer that goes on in the next line', '0\r\nX: y\r\n z\r\n\r\n'),
  broken('a trailer with NUL', '0\r\nX: \0\r\n\r\n'),
  refused('9112 8', 'chunks that are cut short', `${CHUNKED_POST}5\r\nhel`, TRUNCATED, { eof: true, after: [CHUNKED_HEAD, 'data "hel"'] }),
  refused('9112 8', 'chunks without a last one', `${CHUNKED_POST}5\r\nhello\r\n`, TRUNCATED, { eof: true, after: [CHUNKED_HEAD, 'data "hello"'] }),
  refused('9112 8', 'trailers that are cut short', `${CHUNKED_POST}0\r\nX: y\r\n`, TRUNCATED, { eof: true, after: [CHUNKED_HEAD] }),
];
