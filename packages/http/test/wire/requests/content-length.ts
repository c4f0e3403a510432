/** Bodies of a known length, and ends inside a message: RFC 9112 sections 6.2, 6.3 and 8. */

import { GET, LENGTH, POST, TRUNCATED, good, refused, type WireCase } from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const CONTENT_LENGTHS: readonly WireCase[] = [
  good('9112 6.2', 'a body of a known length', `${POST}Content-Length: 5\r\n\r\nhello`, ['POST / length=5', 'data "hello"', 'end']),
  good('9112 6.2', 'a body of no bytes', `${POST}Content-Length: 0\r\n\r\n`, ['POST /', 'end']),
  good('9112 6.3', 'a GET with a body', `${GET}Content-Length: 2\r\n\r\nhi`, ['GET / length=2', 'data "hi"', 'end']),
  good('9112 6.2', 'a body that looks like a request', `${POST}Content-Length: 27\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n`, ['POST / length=27', 'data "GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"', 'end']),
  good('9110 5.6.3', 'spaces and tabs around a Content-Length', `${POST}Content-Length: \t5\t \r\n\r\nhello`, ['POST / length=5', 'data "hello"', 'end']),
  good('9112 6.3', 'a body with NUL and all else', `${POST}Content-Length: 6\r\n\r\n\0\t\r\n\x80\xff`, ['POST / length=6', `data ${JSON.stringify('\0\t\r\n\x80\xff')}`, 'end']),
  refused('9112 6.3', 'two equal Content-Lengths', `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, LENGTH),
  refused('9112 6.3', 'two different Content-Lengths', `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`, LENGTH),
  refused('9112 6.3', 'a list of equal Content-Lengths', `${POST}Content-Length: 5, 5\r\n\r\nhello`, LENGTH),
  refused('9112 6.3', 'a list of different Content-Lengths', `${POST}Content-Length: 5,6\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length with a plus sign', `${POST}Content-Length: +5\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length with a minus sign', `${POST}Content-Length: -5\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length padded with zeros', `${POST}Content-Length: 005\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a hexadecimal Content-Length', `${POST}Content-Length: 0x5\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length with a fraction', `${POST}Content-Length: 5.0\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length with an exponent', `${POST}Content-Length: 1e1\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length with a space inside', `${POST}Content-Length: 1 1\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length with a tab inside', `${POST}Content-Length: 1\t1\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a quoted Content-Length', `${POST}Content-Length: "5"\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'an empty Content-Length', `${POST}Content-Length:\r\n\r\n`, LENGTH),
  refused('9110 8.6', 'a Content-Length that a 64-bit number cannot hold', `${POST}Content-Length: 18446744073709551617\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'a Content-Length that a JavaScript number cannot hold', `${POST}Content-Length: 9007199254740993\r\n\r\nhello`, LENGTH),
  refused('9112 8', 'a body that is cut short', `${POST}Content-Length: 5\r\n\r\nhel`, TRUNCATED, { eof: true, after: ['POST / length=5', 'data "hel"'] }),
  refused('9112 8', 'a body that never comes', `${POST}Content-Length: 5\r\n\r\n`, TRUNCATED, { eof: true, after: ['POST / length=5'] }),
  refused('9112 8', 'a head that is cut short', `${GET}X: y\r\n`, TRUNCATED, { eof: true }),
  refused('9112 8', 'a request line that is cut short', `GET`, TRUNCATED, { eof: true }),
  good('9112 9.6', 'the end after a whole request', `${GET}\r\n`, ['GET /', 'end', 'closed'], { eof: true }),
  good('9112 9.6', 'the end without a request', '', ['closed'], { eof: true }),
];
