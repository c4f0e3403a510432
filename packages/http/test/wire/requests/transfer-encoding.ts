/** Transfer-Encoding, alone and beside Content-Length: RFC 9112 sections 6.1 and 6.3. */

import {
  CHUNKED_HEAD,
  CODING,
  LENGTH,
  MALFORMED,
  POST,
  UNKNOWN_CODING,
  good,
  refused,
  type WireCase,
} from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const TRANSFER_ENCODINGS: readonly WireCase[] = [
  refused('9112 6.1', 'Content-Length before Transfer-Encoding', `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'Transfer-Encoding before Content-Length', `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, LENGTH),
  refused('9112 6.1', 'a Content-Length of 0 beside Transfer-Encoding', `${POST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'an unknown Transfer-Encoding beside Content-Length', `${POST}Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello`, LENGTH),
  refused('9112 6.1', 'a coding before chunked, unknown here', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, UNKNOWN_CODING),
  refused('9112 6.1', 'a coding before chunked, in a separate line', `${POST}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, UNKNOWN_CODING),
  refused('9112 6.3', 'chunked not last', `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.3', 'a Transfer-Encoding without chunked', `${POST}Transfer-Encoding: gzip\r\n\r\n`, CODING),
  refused('9112 6.3', 'Transfer-Encoding: identity', `${POST}Transfer-Encoding: identity\r\n\r\n`, CODING),
  refused('9112 6.1', 'chunked twice', `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'chunked twice, in two lines', `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'an empty Transfer-Encoding', `${POST}Transfer-Encoding:\r\n\r\n`, CODING),
  refused('9112 6.1', 'an empty Transfer-Encoding before a full one', `${POST}Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'an empty element before chunked', `${POST}Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'a name that ends in chunked', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'a name that begins with chunked', `${POST}Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 7', 'chunked with a parameter', `${POST}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'chunked in quotes', `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'chunked with a vertical tab before it', `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, MALFORMED),
  refused('9112 6.1', 'chunked with a space inside', `${POST}Transfer-Encoding: chun ked\r\n\r\n0\r\n\r\n`, CODING),
  refused('9112 6.1', 'Transfer-Encoding in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', CODING),
  refused('9112 6.1', 'Transfer-Encoding in a persistent HTTP/1.0', 'POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', CODING),
  good('9112 6.1', 'chunked in capitals, with tabs around it', `${POST}Transfer-Encoding:\tCHUNKED\t\r\n\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'end']),
  good('9112 6.1', 'a name with an underscore is another field', `${POST}Transfer_Encoding: chunked\r\nContent-Length: 1\r\n\r\nx`, ['POST / length=1', 'data "x"', 'end']),
];
