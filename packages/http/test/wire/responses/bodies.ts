/** Bodies of responses: RFC 9112 section 6.3. */

import {
  CHUNK,
  CHUNKED_OK,
  CODING,
  LENGTH,
  MALFORMED,
  OK,
  TRUNCATED,
  UNKNOWN_CODING,
  good,
  refused,
  type WireCase,
} from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const BODIES: readonly WireCase[] = [
  good('9112 6.3', 'a body of a known length', `${OK}Content-Length: 5\r\n\r\nhello`, ['200 OK length=5', 'data "hello"', 'end']),
  good('9112 7.1', 'a chunked body with trailers', `${CHUNKED_OK}5\r\nhello\r\n0\r\nX: y\r\n\r\n`, ['200 OK unknown-length', 'data "hello"', 'end', '  X: y']),
  good('9112 6.3', 'a body that ends with the connection', `${OK}\r\nhello`, ['200 OK unknown-length close', 'data "hello"', 'end'], { eof: true }),
  good('9112 6.3', 'an empty body that ends with the connection', `${OK}\r\n`, ['200 OK unknown-length close', 'end'], { eof: true }),
  good('9112 6.3', 'a body that ends with the connection, of a head without fields or reason', 'HTTP/1.0 200\r\n\r\nhello', ['200 (1.0) unknown-length close', 'data "hello"', 'end'], { eof: true }),
  good('9112 6.3', 'the end after a whole response', `${OK}Content-Length: 0\r\n\r\n`, ['200 OK', 'end'], { eof: true }),
  refused('9112 8', 'a body that is cut short', `${OK}Content-Length: 5\r\n\r\nhel`, TRUNCATED, { eof: true, after: ['200 OK length=5', 'data "hel"'] }),
  refused('9112 8', 'chunks that are cut short', `${CHUNKED_OK}5\r\nhello\r\n0\r\n`, TRUNCATED, { eof: true, after: ['200 OK unknown-length', 'data "hello"'] }),
  refused('9112 8', 'a head that is cut short', `${OK}X: y\r\n`, TRUNCATED, { eof: true }),
  good('9112 9.6', 'the end without a response', '', ['closed'], { eof: true }),
  refused('9112 6.1', 'Content-Length beside Transfer-Encoding', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.3', 'two Content-Lengths', `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length with a sign', `${OK}Content-Length: +5\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length padded with zeros', `${OK}Content-Length: 05\r\n\r\nhello`, LENGTH),
  refused('9112 6.1', 'Transfer-Encoding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', CODING),
  refused('9112 6.1', 'a coding that is not spoken here', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, UNKNOWN_CODING),
  refused('9112 6.3', 'a coding without chunked', `${OK}Transfer-Encoding: gzip\r\n\r\nxx`, CODING),
  refused('9112 7.1', 'a chunk size with a sign', `${CHUNKED_OK}+5\r\nhello\r\n0\r\n\r\n`, CHUNK, { after: ['200 OK unknown-length'] }),
  refused('9112 7.1', 'no line end after data', `${CHUNKED_OK}5\r\nhello0\r\n\r\n`, MALFORMED, { after: ['200 OK unknown-length', 'data "hello"'] }),
];
