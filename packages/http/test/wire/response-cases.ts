/**
 * What a client makes of bytes: one row for each rule of RFC 9110 and RFC 9112 that a response can keep or break.
 *
 * The client has sent one request, a GET unless `method` says another. Every case is run whole, byte by byte, cut in two
 * at every place, and with another response behind it that no request asked for (response-cases.test.ts).
 */

import type { WireCase } from './request-cases.ts';

const good = (
  rfc: string,
  name: string,
  bytes: string,
  expect: readonly string[],
  options: Partial<WireCase> = {},
): WireCase => ({ rfc, name, bytes, expect, ...options });

const refused = (
  rfc: string,
  name: string,
  bytes: string,
  refusal: string,
  options: Partial<WireCase> & { readonly after?: readonly string[] } = {},
): WireCase => {
  const { after = [], ...rest } = options;
  return { rfc, name, bytes, expect: [...after, `refused 400 ${refusal}`], ...rest };
};

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const LINE = 'ERR_HTTP_LINE';
const MALFORMED = 'ERR_HTTP_MALFORMED';
const LENGTH = 'ERR_HTTP_CONTENT_LENGTH';
const CODING = 'ERR_HTTP_TRANSFER_ENCODING';
const TRUNCATED = 'ERR_HTTP_TRUNCATED';

const STATUS_LINES: readonly WireCase[] = [
  good('9112 4', 'a response without a body', `${OK}Content-Length: 0\r\n\r\n`, ['200 OK', 'end']),
  good('9112 4', 'an empty reason', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', ['200', 'end']),
  good('9112 4', 'no reason and no space', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', [
    '200',
    'end',
  ]),
  good(
    '9112 4',
    'a reason of several words and bytes that are not ASCII',
    'HTTP/1.1 404 Nicht da, \xfc\tb\r\nContent-Length: 0\r\n\r\n',
    ['404 Nicht da, \xfc\tb', 'end'],
  ),
  good(
    '9110 15',
    'a status that nobody has registered',
    'HTTP/1.1 799 X\r\nContent-Length: 0\r\n\r\n',
    ['799 X', 'end'],
  ),
  refused('9110 15', 'a status below 100', 'HTTP/1.1 042 X\r\nContent-Length: 0\r\n\r\n', LINE),
  refused(
    '9112 4',
    'a status of two digits',
    'HTTP/1.1 20 X\r\nContent-Length: 0\r\n\r\n',
    MALFORMED,
  ),
  refused(
    '9112 4',
    'a status of four digits',
    'HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n',
    MALFORMED,
  ),
  refused('9112 4', 'a reason with NUL', 'HTTP/1.1 200 a\0b\r\nContent-Length: 0\r\n\r\n', LINE),
  refused(
    '9112 4',
    'a reason with a control byte',
    'HTTP/1.1 200 a\x1bb\r\nContent-Length: 0\r\n\r\n',
    LINE,
  ),
  refused(
    '9112 4',
    'two spaces before the status',
    'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n',
    MALFORMED,
  ),
  refused(
    '9112 4',
    'a tab before the status',
    'HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n',
    LINE,
  ),
  refused(
    '9112 4',
    'a bare LF after the status line',
    'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
    MALFORMED,
  ),
  refused(
    '9112 4',
    'a bare CR in the reason',
    'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n',
    MALFORMED,
  ),
  refused(
    '9112 2.2',
    'an empty line before the response',
    `\r\n${OK}Content-Length: 0\r\n\r\n`,
    LINE,
  ),
  refused('9110 2.5', 'HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9110 2.5', 'HTTP/0.9', 'HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9112 2.3', 'another protocol', 'ICY 200 OK\r\n\r\n', MALFORMED),
  refused('9112 2.3', 'a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', MALFORMED),
  refused('9112 5.1', 'a space before the colon', `${OK}X : y\r\n\r\n`, MALFORMED),
  refused(
    '9112 5.2',
    'a value that goes on in the next line',
    `${OK}X: y\r\n z\r\n\r\n`,
    MALFORMED,
  ),
  refused('9110 5.5', 'a value with NUL', `${OK}X: \0\r\n\r\n`, MALFORMED),
];

const BODIES: readonly WireCase[] = [
  good('9112 6.3', 'a body of a known length', `${OK}Content-Length: 5\r\n\r\nhello`, [
    '200 OK length=5',
    'data "hello"',
    'end',
  ]),
  good('9112 7.1', 'a chunked body with trailers', `${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\n\r\n`, [
    '200 OK unknown-length',
    'data "hello"',
    'end',
    '  X: y',
  ]),
  good(
    '9112 6.3',
    'a body that ends with the connection',
    `${OK}\r\nhello`,
    ['200 OK unknown-length close', 'data "hello"', 'end'],
    { eof: true },
  ),
  good(
    '9112 6.3',
    'an empty body that ends with the connection',
    `${OK}\r\n`,
    ['200 OK unknown-length close', 'end'],
    { eof: true },
  ),
  good(
    '9112 6.3',
    'a body that ends with the connection, of a head without fields or reason',
    'HTTP/1.0 200\r\n\r\nhello',
    ['200 (1.0) unknown-length close', 'data "hello"', 'end'],
    { eof: true },
  ),
  good(
    '9112 6.3',
    'the end after a whole response',
    `${OK}Content-Length: 0\r\n\r\n`,
    ['200 OK', 'end'],
    { eof: true },
  ),
  refused('9112 8', 'a body that is cut short', `${OK}Content-Length: 5\r\n\r\nhel`, TRUNCATED, {
    eof: true,
    after: ['200 OK length=5', 'data "hel"'],
  }),
  refused('9112 8', 'chunks that are cut short', `${CHUNKED}5\r\nhello\r\n0\r\n`, TRUNCATED, {
    eof: true,
    after: ['200 OK unknown-length', 'data "hello"'],
  }),
  refused('9112 8', 'a head that is cut short', `${OK}X: y\r\n`, TRUNCATED, { eof: true }),
  good('9112 9.6', 'the end without a response', '', ['closed'], { eof: true }),
  refused(
    '9112 6.1',
    'Content-Length beside Transfer-Encoding',
    `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.3',
    'two Content-Lengths',
    `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length with a sign',
    `${OK}Content-Length: +5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length padded with zeros',
    `${OK}Content-Length: 05\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9112 6.1',
    'Transfer-Encoding in HTTP/1.0',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    CODING,
  ),
  {
    rfc: '9112 6.1',
    name: 'a coding that is not spoken here',
    bytes: `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    expect: ['refused 501 ERR_HTTP_TRANSFER_ENCODING'],
  },
  refused('9112 6.3', 'a coding without chunked', `${OK}Transfer-Encoding: gzip\r\n\r\nxx`, CODING),
  refused(
    '9112 7.1',
    'a chunk size with a sign',
    `${CHUNKED}+5\r\nhello\r\n0\r\n\r\n`,
    'ERR_HTTP_CHUNK',
    { after: ['200 OK unknown-length'] },
  ),
  refused('9112 7.1', 'no line end after data', `${CHUNKED}5\r\nhello0\r\n\r\n`, MALFORMED, {
    after: ['200 OK unknown-length', 'data "hello"'],
  }),
];

const BODILESS: readonly WireCase[] = [
  good('9110 9.3.2', 'the answer to HEAD', `${OK}Content-Length: 5\r\n\r\n`, ['200 OK', 'end'], {
    method: 'HEAD',
  }),
  good('9110 9.3.2', 'the answer to HEAD without a length', `${OK}\r\n`, ['200 OK', 'end'], {
    method: 'HEAD',
  }),
  good('9110 9.3.2', 'the answer to HEAD that announces chunks', CHUNKED, ['200 OK', 'end'], {
    method: 'HEAD',
  }),
  good(
    '9110 9.3.2',
    'the last answer to HEAD',
    `${OK}Connection: close\r\n\r\n`,
    ['200 OK close', 'end'],
    { method: 'HEAD' },
  ),
  good(
    '9110 9.3.2',
    'the answer to HEAD in HTTP/1.0',
    'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n',
    ['200 OK (1.0) close', 'end'],
    { method: 'HEAD' },
  ),
  good(
    '9112 6.3',
    '204 with a Content-Length',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    ['204 No Content', 'end'],
  ),
  good(
    '9112 6.3',
    '204 with Transfer-Encoding',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    ['204 No Content', 'end'],
  ),
  good(
    '9112 6.3',
    '304 with a Content-Length',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    ['304 Not Modified', 'end'],
  ),
  good(
    '9110 15.2',
    'informational responses',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    ['100 Continue', '103 Early Hints', '200 OK', 'end'],
  ),
  good(
    '9112 6.3',
    'an informational response with a Content-Length',
    `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    ['103 Early Hints', '200 OK', 'end'],
  ),
  good(
    '9112 6.3',
    'an informational response with Transfer-Encoding',
    `HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    ['103 Early Hints', '200 OK', 'end'],
  ),
  good(
    '9110 15.2',
    'an informational response with Connection: close, which the next one may not mean',
    `HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    ['100 Continue', '200 OK', 'end'],
  ),
  good(
    '9112 9.6',
    'the end after an informational response',
    'HTTP/1.1 100 Continue\r\n\r\n',
    ['100 Continue', 'closed'],
    { eof: true },
  ),
];

const PERSISTENCE: readonly WireCase[] = [
  good('9112 9.3', 'Connection: close', `${OK}Connection: close\r\nContent-Length: 0\r\n\r\n`, [
    '200 OK close',
    'end',
  ]),
  good('9112 9.3', 'HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', [
    '200 OK (1.0) close',
    'end',
  ]),
  good(
    '9112 9.3',
    'HTTP/1.0 with keep-alive',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
    ['200 OK (1.0)', 'end'],
  ),
  good(
    '9112 9.3',
    'HTTP/1.0 with keep-alive and close',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n',
    ['200 OK (1.0) close', 'end'],
  ),
  refused(
    '9112 9.2',
    'a response that no request asked for',
    `${OK}Content-Length: 0\r\n\r\n`,
    'ERR_HTTP_UNSOLICITED',
    { method: null },
  ),
  refused('9112 9.2', 'bytes that no request asked for', 'x', 'ERR_HTTP_UNSOLICITED', {
    method: null,
  }),
];

const SWITCHES: readonly WireCase[] = [
  good(
    '9110 15.2.2',
    '101 that was asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello',
    ['101 Switching Protocols upgrade'],
    { upgrade: true, left: 'hello' },
  ),
  refused(
    '9110 15.2.2',
    '101 that was not asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
    'ERR_HTTP_SWITCH',
  ),
  good(
    '9110 7.8',
    'a refused upgrade',
    `${OK}Content-Length: 2\r\n\r\nhi`,
    ['200 OK length=2', 'data "hi"', 'end'],
    { upgrade: true },
  ),
  good('9110 9.3.6', '200 to CONNECT', `${OK}\r\nhello`, ['200 OK upgrade'], {
    method: 'CONNECT',
    left: 'hello',
  }),
  good(
    '9110 9.3.6',
    '200 to CONNECT with a Content-Length',
    `${OK}Content-Length: 5\r\n\r\nhello`,
    ['200 OK upgrade'],
    { method: 'CONNECT', left: 'hello' },
  ),
  good(
    '9110 9.3.6',
    '200 to CONNECT with Connection: close',
    `${OK}Connection: close\r\n\r\nhello`,
    ['200 OK upgrade close'],
    { method: 'CONNECT', left: 'hello' },
  ),
  good(
    '9110 9.3.6',
    'CONNECT refused',
    'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    ['403 Forbidden length=2', 'data "no"', 'end'],
    { method: 'CONNECT' },
  ),
];

const times = (text: string, count: number): string => text.repeat(count);
const HEAD_LIMIT = { headerBytes: 40 };
const TOO_LARGE = 'refused 431 ERR_HTTP_HEADERS_TOO_LARGE';

const LIMITS: readonly WireCase[] = [
  good(
    '6585 5',
    'a head as large as the limit',
    `${OK}X: ${times('y', 16)}\r\n\r\n`,
    ['200 OK', 'end'],
    { limits: HEAD_LIMIT, method: 'HEAD' },
  ),
  {
    rfc: '6585 5',
    name: 'a head one byte larger than the limit',
    bytes: `${OK}X: ${times('y', 17)}\r\n\r\n`,
    expect: [TOO_LARGE],
    limits: HEAD_LIMIT,
  },
  good(
    '6585 5',
    'a status line as large as the limit',
    `HTTP/1.1 200 ${times('y', 23)}\r\n\r\n`,
    [`200 ${times('y', 23)}`, 'end'],
    { limits: HEAD_LIMIT, method: 'HEAD' },
  ),
  {
    rfc: '6585 5',
    name: 'a status line one byte larger than the limit',
    bytes: `HTTP/1.1 200 ${times('y', 24)}\r\n\r\n`,
    expect: [TOO_LARGE],
    limits: HEAD_LIMIT,
  },
  {
    rfc: '6585 5',
    name: 'a status line that does not end',
    bytes: `HTTP/1.1 200 ${times('y', 60)}`,
    expect: [TOO_LARGE],
    limits: HEAD_LIMIT,
  },
  {
    rfc: '6585 5',
    name: 'more fields than the limit',
    bytes: `${OK}X: y\r\nX: y\r\n\r\n`,
    expect: [TOO_LARGE],
    limits: { headerCount: 1 },
  },
  {
    rfc: '9110 15.5.14',
    name: 'a body announced longer than the limit',
    bytes: `${OK}Content-Length: 6\r\n\r\nhello!`,
    expect: ['refused 413 ERR_HTTP_BODY_TOO_LARGE'],
    limits: { bodyBytes: 5 },
  },
  {
    rfc: '9110 15.5.14',
    name: 'a body longer than the limit, until the end',
    bytes: `${OK}\r\nhello!`,
    expect: ['200 OK unknown-length close', 'data "hello"', 'refused 413 ERR_HTTP_BODY_TOO_LARGE'],
    limits: { bodyBytes: 5 },
    eof: true,
  },
];

export const RESPONSE_CASES: readonly WireCase[] = [
  ...STATUS_LINES,
  ...BODIES,
  ...BODILESS,
  ...PERSISTENCE,
  ...SWITCHES,
  ...LIMITS,
];
