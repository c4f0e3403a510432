/** Limits of responses, each at its last good byte and one beyond. */

import {
  BODY_TOO_LARGE,
  HEAD_TOO_LARGE,
  LINE,
  OK,
  good,
  refused,
  times,
  type WireCase,
} from '../wire-case.ts';

const HEAD_LIMIT = { headerBytes: 40 };

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const RESPONSE_LIMITS: readonly WireCase[] = [
  good('6585 5', 'a head as large as the limit', `${OK}X: ${times('y', 16)}\r\n\r\n`, ['200 OK', 'end'], { limits: HEAD_LIMIT, method: 'HEAD' }),
  refused('6585 5', 'a head one byte larger than the limit', `${OK}X: ${times('y', 17)}\r\n\r\n`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('9112 4', 'a malformed status line, although more behind it is too large', `HTTP/1.1 200 a\x7f\r\n\r\n${times('y', 60)}`, LINE, { limits: HEAD_LIMIT }),
  good('6585 5', 'a status line as large as the limit', `HTTP/1.1 200 ${times('y', 23)}\r\n\r\n`, [`200 ${times('y', 23)}`, 'end'], { limits: HEAD_LIMIT, method: 'HEAD' }),
  refused('6585 5', 'a status line one byte larger than the limit', `HTTP/1.1 200 ${times('y', 24)}\r\n\r\n`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('6585 5', 'a status line whose last byte is beyond the limit', `HTTP/1.1 200 ${times('y', 26)}\r\n\r\n`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('6585 5', 'a status line that does not end', `HTTP/1.1 200 ${times('y', 60)}`, HEAD_TOO_LARGE, { limits: HEAD_LIMIT }),
  refused('6585 5', 'more fields than the limit', `${OK}X: y\r\nX: y\r\n\r\n`, HEAD_TOO_LARGE, { limits: { headerCount: 1 } }),
  refused('9110 15.5.14', 'a body announced longer than the limit', `${OK}Content-Length: 6\r\n\r\nhello!`, BODY_TOO_LARGE, { limits: { bodyBytes: 5 } }),
  refused('9110 15.5.14', 'a body longer than the limit, until the end', `${OK}\r\nhello!`, BODY_TOO_LARGE, { limits: { bodyBytes: 5 }, eof: true, after: ['200 OK unknown-length close', 'data "hello"'] }),
];
