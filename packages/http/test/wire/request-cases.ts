/**
 * What a server makes of bytes: one row for each rule of RFC 9110 and RFC 9112 that a request can keep or break.
 *
 * `expect` is what `observe.ts` writes down: a line for every head, body, end and refusal. Every case is run whole, byte
 * by byte, cut in two at every place, and with another request behind it (request-cases.test.ts); and against node:http
 * (differential.test.ts).
 */

import type { ObserveOptions } from './observe.ts';

export interface WireCase extends ObserveOptions {
  readonly name: string;
  /** `9112 2.2` is RFC 9112 section 2.2. */
  readonly rfc: string;
  readonly bytes: string;
  readonly expect: readonly string[];
  /** The bytes that are left to the user of the connection. */
  readonly left?: string;
}

/** The beginning of a request that is right so far. */
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const CHUNKED_HEAD = 'POST / unknown-length';

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
  return { rfc, name, bytes, expect: [...after, `refused ${refusal}`], ...rest };
};

const LINE = '400 ERR_HTTP_LINE';
const MALFORMED = '400 ERR_HTTP_MALFORMED';
const METHOD = '400 ERR_HTTP_METHOD';
const TARGET = '400 ERR_HTTP_TARGET';
const HOST = '400 ERR_HTTP_HOST';
const LENGTH = '400 ERR_HTTP_CONTENT_LENGTH';
const CODING = '400 ERR_HTTP_TRANSFER_ENCODING';
const SIZE = '400 ERR_HTTP_CHUNK';
const VERSION = '505 ERR_HTTP_VERSION';
const TRUNCATED = '400 ERR_HTTP_TRUNCATED';

const REQUEST_LINES: readonly WireCase[] = [
  good('9112 3', 'a request without a body', `${GET}\r\n`, ['GET /', 'end']),
  good(
    '9112 3',
    'a request with fields and a query',
    `GET /a?b=%20c HTTP/1.1\r\nHost: a:80\r\nX: y\r\n\r\n`,
    ['GET /a?b=%20c', 'end'],
  ),
  good(
    '9110 5.6.7',
    'characters that browsers leave in a query',
    'GET /a?"<>\\^`{|} HTTP/1.1\r\nHost: a\r\n\r\n',
    ['GET /a?"<>\\^`{|}', 'end'],
  ),
  good('9110 9.1', 'a method of WebDAV', 'PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n', [
    'PROPFIND /',
    'end',
  ]),
  good('9110 9.1', 'a method with a hyphen', 'M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n', [
    'M-SEARCH /',
    'end',
  ]),
  good('9110 9.1', 'QUERY', 'QUERY / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx', [
    'QUERY / length=1',
    'data "x"',
    'end',
  ]),
  good('9112 3.2.2', 'a target in absolute form', 'GET http://a:80/b HTTP/1.1\r\nHost: a\r\n\r\n', [
    'GET http://a:80/b',
    'end',
  ]),
  good(
    '9112 3.2.2',
    'a target in absolute form without a path',
    'GET http://[::1]?x HTTP/1.1\r\nHost: a\r\n\r\n',
    ['GET http://[::1]?x', 'end'],
  ),
  good('9112 3.2.4', 'OPTIONS with an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', [
    'OPTIONS *',
    'end',
  ]),
  refused('9112 3.2.4', 'GET with an asterisk', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused('9112 3.2.3', 'GET with an authority', 'GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused(
    '9112 3.2',
    'a target that is a path without a slash',
    'GET a HTTP/1.1\r\nHost: a\r\n\r\n',
    TARGET,
  ),
  refused(
    '9112 3.2.2',
    'a target with a scheme and no authority',
    'GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n',
    TARGET,
  ),
  refused(
    '9110 4.2.4',
    'a target with a user in its authority',
    'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    TARGET,
  ),
  refused('9112 3.2', 'a target with a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused(
    '9112 3.2',
    'a target with a control byte',
    'GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n',
    TARGET,
  ),
  refused('9112 3.2', 'a target with NUL', 'GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused(
    '9112 3.2',
    'a target with a byte that is not ASCII',
    'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n',
    TARGET,
  ),
  refused('9112 3.2', 'a target with a space', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', MALFORMED),
  refused('9112 3', 'an unknown method', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', METHOD),
  refused('9110 9.1', 'a method in lower case', 'get / HTTP/1.1\r\nHost: a\r\n\r\n', METHOD),
  refused('9110 9.1', 'a method that goes on', 'GETS / HTTP/1.1\r\nHost: a\r\n\r\n', METHOD),
  refused('9112 3', 'no method', ' / HTTP/1.1\r\nHost: a\r\n\r\n', METHOD),
  refused('9112 3', 'garbage', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', METHOD),
  refused('9112 3', 'a method of RTSP', 'DESCRIBE / RTSP/1.0\r\nHost: a\r\n\r\n', LINE),
  refused('9112 3', 'a version of RTSP', 'OPTIONS / RTSP/1.0\r\nHost: a\r\n\r\n', LINE),
  refused('9112 3', 'a version of ICE', 'SOURCE / ICE/1.0\r\nHost: a\r\n\r\n', LINE),
  refused('9112 3', 'two spaces after the method', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', LINE),
  refused('9112 3', 'two spaces before the version', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n', LINE),
  refused('9112 3', 'a tab after the method', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', LINE),
  refused('9112 3', 'a tab before the version', 'GET /\tHTTP/1.1\r\nHost: a\r\n\r\n', LINE),
  refused('9112 3', 'a space before the method', ' GET / HTTP/1.1\r\nHost: a\r\n\r\n', METHOD),
  refused(
    '9112 3',
    'a space after the version',
    'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
    '400 ERR_HTTP_VERSION',
  ),
  refused('9112 2.3', 'no version (HTTP/0.9)', 'GET /x\r\nHost: a\r\n\r\n', LINE),
  refused('9112 2.3', 'no version and no fields', 'GET /x\r\n\r\n', LINE),
  refused('9112 2.3', 'no version, and a bare LF', 'GET /x\nHost: a\r\n\r\n', LINE),
  refused('9112 2.3', 'no version, and a space', 'GET /x \r\nHost: a\r\n\r\n', MALFORMED),
  refused('9112 2.3', 'no target', 'GET HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused('9110 2.5', 'HTTP/2.0', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', VERSION),
  refused('9110 2.5', 'HTTP/3.0', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n', VERSION),
  refused('9110 2.5', 'HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', VERSION),
  refused('9110 2.5', 'HTTP/0.9', 'GET / HTTP/0.9\r\nHost: a\r\n\r\n', LINE),
  refused('9110 2.5', 'HTTP/1', 'GET / HTTP/1\r\nHost: a\r\n\r\n', '400 ERR_HTTP_VERSION'),
  refused('9110 2.5', 'HTTP/1.10', 'GET / HTTP/1.10\r\nHost: a\r\n\r\n', '400 ERR_HTTP_VERSION'),
  refused('9110 2.5', 'HTTP/01.1', 'GET / HTTP/01.1\r\nHost: a\r\n\r\n', '400 ERR_HTTP_VERSION'),
  refused('9112 2.3', 'a version in lower case', 'GET / http/1.1\r\nHost: a\r\n\r\n', MALFORMED),
  refused('9113 3.4', 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', VERSION),
  refused(
    '9113 3.4',
    'the method of the preface of HTTP/2',
    'PRI / HTTP/1.1\r\nHost: a\r\n\r\n',
    '400 ERR_HTTP_VERSION',
  ),
  good('9112 2.2', 'an empty line before the request', `\r\n${GET}\r\n`, ['GET /', 'end']),
  good(
    '9112 2.2',
    'an empty line after a body',
    `${POST}Content-Length: 1\r\n\r\nx\r\n${GET}\r\n`,
    ['POST / length=1', 'data "x"', 'end', 'GET /', 'end'],
  ),
  good('9112 2.2', 'as many empty lines as the limit allows', `\r\n\r\n\r\n\r\n${GET}\r\n`, [
    'GET /',
    'end',
  ]),
  refused(
    '9112 2.2',
    'more empty lines than the limit allows',
    `\r\n\r\n\r\n\r\n\r\n${GET}\r\n`,
    LINE,
  ),
  good('9112 2.2', 'an empty line and the end', '\r\n', ['closed'], { eof: true }),
  good('9112 2.2', 'half an empty line and the end', '\r', ['closed'], { eof: true }),
  refused('9112 2.2', 'a bare LF before the request', `\n${GET}\r\n`, LINE),
  refused('9112 2.2', 'a bare CR before the request', `\r${GET}\r\n`, LINE),
  refused(
    '9112 2.2',
    'a bare LF after the request line',
    'GET / HTTP/1.1\nHost: a\r\n\r\n',
    '400 ERR_HTTP_VERSION',
  ),
  refused(
    '9112 2.2',
    'a bare CR after the request line',
    'GET / HTTP/1.1\rHost: a\r\n\r\n',
    MALFORMED,
  ),
];

const FIELDS: readonly WireCase[] = [
  good('9112 5', 'an empty value', `${GET}X:\r\nY:  \r\n\r\n`, ['GET /', 'end']),
  good('9112 5', 'spaces and tabs around a value', `${GET}X: \t y z \t \r\n\r\n`, ['GET /', 'end']),
  good('9110 5.5', 'a value with bytes that are not ASCII', `${GET}X: \x80\xff\r\n\r\n`, [
    'GET /',
    'end',
  ]),
  good('9110 5.6.2', 'every character a name may have', `${GET}!#$%&'*+-.^_\`|~09azAZ: y\r\n\r\n`, [
    'GET /',
    'end',
  ]),
  refused('9112 5.1', 'a space before the colon', `${GET}X : y\r\n\r\n`, MALFORMED),
  refused('9112 5.1', 'a tab before the colon', `${GET}X\t: y\r\n\r\n`, MALFORMED),
  refused(
    '9112 5.1',
    'a space before the colon of Content-Length',
    `${POST}Content-Length : 1\r\n\r\nx`,
    MALFORMED,
  ),
  refused(
    '9112 5.1',
    'a space before the colon of Transfer-Encoding',
    `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    MALFORMED,
  ),
  refused(
    '9112 5.2',
    'a value that goes on in the next line (obs-fold)',
    `${GET}X: y\r\n z\r\n\r\n`,
    MALFORMED,
  ),
  refused('9112 5.2', 'a value that goes on after a tab', `${GET}X: y\r\n\tz\r\n\r\n`, MALFORMED),
  refused(
    '9112 5.2',
    'a Transfer-Encoding that goes on in the next line',
    `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
    MALFORMED,
  ),
  refused(
    '9112 2.2',
    'white space before the first field',
    'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
    MALFORMED,
  ),
  refused(
    '9112 2.2',
    'a tab before the first field',
    'GET / HTTP/1.1\r\n\tHost: a\r\n\r\n',
    MALFORMED,
  ),
  refused('9112 5', 'a line without a colon', `${GET}X\r\n\r\n`, MALFORMED),
  refused('9112 5', 'a field without a name', `${GET}: y\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with a space', `${GET}X Y: z\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with a tab', `${GET}X\tY: z\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with a bracket', `${GET}X(Y): z\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with NUL', `${GET}X\0: z\r\n\r\n`, MALFORMED),
  refused(
    '9110 5.6.2',
    'a name with a byte that is not ASCII',
    `${GET}X\xe9: z\r\n\r\n`,
    MALFORMED,
  ),
  refused('9110 5.5', 'a value with NUL', `${GET}X: y\0z\r\n\r\n`, MALFORMED),
  refused('9110 5.5', 'a value with a control byte', `${GET}X: y\x0bz\r\n\r\n`, MALFORMED),
  refused('9110 5.5', 'a value with DEL', `${GET}X: y\x7fz\r\n\r\n`, MALFORMED),
  refused('9112 2.2', 'a bare CR in a value', `${GET}X: y\rz\r\n\r\n`, MALFORMED),
  refused('9112 2.2', 'a bare CR before a field', `${GET}\rX: y\r\n\r\n`, MALFORMED),
  refused('9112 2.2', 'a bare LF after a value', `${GET}X: y\nZ: w\r\n\r\n`, MALFORMED),
  refused('9112 2.2', 'a bare LF after an empty value', `${GET}X:\nZ: w\r\n\r\n`, MALFORMED),
  refused('9112 2.2', 'a head that ends with bare LFs', 'GET / HTTP/1.1\r\nHost: a\n\n', MALFORMED),
  refused('9112 2.2', 'a head whose empty line is a bare LF', `${GET}\n`, MALFORMED),
  refused('9112 2.2', 'a head whose empty line is a bare CR', `${GET}\r${GET}`, MALFORMED),
];

const HOSTS: readonly WireCase[] = [
  good('9110 7.2', 'a Host with a port', 'GET / HTTP/1.1\r\nHost: a.b-c:8080\r\n\r\n', [
    'GET /',
    'end',
  ]),
  good('9110 7.2', 'a Host that is an IPv6 address', 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', [
    'GET /',
    'end',
  ]),
  good('3986 3.2.3', 'a Host with a colon and no port', 'GET / HTTP/1.1\r\nHost: a:\r\n\r\n', [
    'GET /',
    'end',
  ]),
  good('3986 2.1', 'a Host with a percent-encoded byte', 'GET / HTTP/1.1\r\nHost: a%2Db\r\n\r\n', [
    'GET /',
    'end',
  ]),
  good('9110 7.2', 'HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', ['GET / (1.0) close', 'end']),
  refused('9112 3.2', 'no Host', 'GET / HTTP/1.1\r\n\r\n', HOST),
  refused('9112 3.2', 'two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', HOST),
  refused('9112 3.2', 'the same Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', HOST),
  refused(
    '9112 3.2',
    'two Hosts in HTTP/1.0',
    'GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n',
    HOST,
  ),
  refused('9112 3.2', 'an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host of white space', 'GET / HTTP/1.1\r\nHost: \t \r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a user', 'GET / HTTP/1.1\r\nHost: user@host\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', HOST),
  refused('9112 3.2', 'a list of Hosts', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', HOST),
  refused(
    '9112 3.2',
    'a Host with a port that is no number',
    'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n',
    HOST,
  ),
  refused('9112 3.2', 'a Host with two ports', 'GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host that is only a port', 'GET / HTTP/1.1\r\nHost: :80\r\n\r\n', HOST),
  refused(
    '3986 2.1',
    'a Host with a broken percent-encoding',
    'GET / HTTP/1.1\r\nHost: a%2\r\n\r\n',
    HOST,
  ),
  refused(
    '3986 3.2.2',
    'a Host with an open bracket',
    'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n',
    HOST,
  ),
  refused(
    '9112 3.2',
    'a Host with a byte that is not ASCII',
    'GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n',
    HOST,
  ),
];

const LENGTHS: readonly WireCase[] = [
  good('9112 6.2', 'a body of a known length', `${POST}Content-Length: 5\r\n\r\nhello`, [
    'POST / length=5',
    'data "hello"',
    'end',
  ]),
  good('9112 6.2', 'a body of no bytes', `${POST}Content-Length: 0\r\n\r\n`, ['POST /', 'end']),
  good('9112 6.3', 'a GET with a body', `${GET}Content-Length: 2\r\n\r\nhi`, [
    'GET / length=2',
    'data "hi"',
    'end',
  ]),
  good(
    '9112 6.2',
    'a body that looks like a request',
    `${POST}Content-Length: 27\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n`,
    ['POST / length=27', 'data "GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"', 'end'],
  ),
  good(
    '9110 5.6.3',
    'spaces and tabs around a Content-Length',
    `${POST}Content-Length: \t5\t \r\n\r\nhello`,
    ['POST / length=5', 'data "hello"', 'end'],
  ),
  good(
    '9112 6.3',
    'a body with NUL and all else',
    `${POST}Content-Length: 6\r\n\r\n\0\t\r\n\x80\xff`,
    ['POST / length=6', `data ${JSON.stringify('\0\t\r\n\x80\xff')}`, 'end'],
  ),
  refused(
    '9112 6.3',
    'two equal Content-Lengths',
    `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9112 6.3',
    'two different Content-Lengths',
    `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    LENGTH,
  ),
  refused(
    '9112 6.3',
    'a list of equal Content-Lengths',
    `${POST}Content-Length: 5, 5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9112 6.3',
    'a list of different Content-Lengths',
    `${POST}Content-Length: 5,6\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length with a plus sign',
    `${POST}Content-Length: +5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length with a minus sign',
    `${POST}Content-Length: -5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length padded with zeros',
    `${POST}Content-Length: 005\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a hexadecimal Content-Length',
    `${POST}Content-Length: 0x5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length with a fraction',
    `${POST}Content-Length: 5.0\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length with an exponent',
    `${POST}Content-Length: 1e1\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length with a space inside',
    `${POST}Content-Length: 1 1\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length with a tab inside',
    `${POST}Content-Length: 1\t1\r\n\r\nhello`,
    LENGTH,
  ),
  refused('9110 8.6', 'a quoted Content-Length', `${POST}Content-Length: "5"\r\n\r\nhello`, LENGTH),
  refused('9110 8.6', 'an empty Content-Length', `${POST}Content-Length:\r\n\r\n`, LENGTH),
  refused(
    '9110 8.6',
    'a Content-Length that a 64-bit number cannot hold',
    `${POST}Content-Length: 18446744073709551617\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9110 8.6',
    'a Content-Length that a JavaScript number cannot hold',
    `${POST}Content-Length: 9007199254740993\r\n\r\nhello`,
    LENGTH,
  ),
  refused('9112 8', 'a body that is cut short', `${POST}Content-Length: 5\r\n\r\nhel`, TRUNCATED, {
    eof: true,
    after: ['POST / length=5', 'data "hel"'],
  }),
  refused('9112 8', 'a body that never comes', `${POST}Content-Length: 5\r\n\r\n`, TRUNCATED, {
    eof: true,
    after: ['POST / length=5'],
  }),
  refused('9112 8', 'a head that is cut short', `${GET}X: y\r\n`, TRUNCATED, { eof: true }),
  refused('9112 8', 'a request line that is cut short', `GET`, TRUNCATED, { eof: true }),
  good('9112 9.6', 'the end after a whole request', `${GET}\r\n`, ['GET /', 'end', 'closed'], {
    eof: true,
  }),
  good('9112 9.6', 'the end without a request', '', ['closed'], { eof: true }),
];

const CODINGS: readonly WireCase[] = [
  refused(
    '9112 6.1',
    'Content-Length before Transfer-Encoding',
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'Transfer-Encoding before Content-Length',
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    LENGTH,
  ),
  refused(
    '9112 6.1',
    'a Content-Length of 0 beside Transfer-Encoding',
    `${POST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'an unknown Transfer-Encoding beside Content-Length',
    `${POST}Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello`,
    LENGTH,
  ),
  refused(
    '9112 6.1',
    'a coding before chunked, unknown here',
    `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    '501 ERR_HTTP_TRANSFER_ENCODING',
  ),
  refused(
    '9112 6.1',
    'a coding before chunked, in a line of its own',
    `${POST}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    '501 ERR_HTTP_TRANSFER_ENCODING',
  ),
  refused(
    '9112 6.3',
    'chunked not last',
    `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.3',
    'a Transfer-Encoding without chunked',
    `${POST}Transfer-Encoding: gzip\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.3',
    'Transfer-Encoding: identity',
    `${POST}Transfer-Encoding: identity\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'chunked twice',
    `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'chunked twice, in two lines',
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused('9112 6.1', 'an empty Transfer-Encoding', `${POST}Transfer-Encoding:\r\n\r\n`, CODING),
  refused(
    '9112 6.1',
    'an empty Transfer-Encoding before a full one',
    `${POST}Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'an empty element before chunked',
    `${POST}Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'a name that ends in chunked',
    `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'a name that begins with chunked',
    `${POST}Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 7',
    'chunked with a parameter',
    `${POST}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'chunked in quotes',
    `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'chunked with a vertical tab before it',
    `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
    MALFORMED,
  ),
  refused(
    '9112 6.1',
    'chunked with a space inside',
    `${POST}Transfer-Encoding: chun ked\r\n\r\n0\r\n\r\n`,
    CODING,
  ),
  refused(
    '9112 6.1',
    'Transfer-Encoding in HTTP/1.0',
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    CODING,
  ),
  refused(
    '9112 6.1',
    'Transfer-Encoding in a persistent HTTP/1.0',
    'POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    CODING,
  ),
  good(
    '9112 6.1',
    'chunked in capitals, with tabs around it',
    `${POST}Transfer-Encoding:\tCHUNKED\t\r\n\r\n0\r\n\r\n`,
    [CHUNKED_HEAD, 'end'],
  ),
  good(
    '9112 6.1',
    'a name with an underscore is another field',
    `${POST}Transfer_Encoding: chunked\r\nContent-Length: 1\r\n\r\nx`,
    ['POST / length=1', 'data "x"', 'end'],
  ),
];

const chunkRefused = (
  name: string,
  chunks: string,
  refusal = MALFORMED,
  data: readonly string[] = [],
): WireCase =>
  refused('9112 7.1', name, `${CHUNKED}${chunks}`, refusal, { after: [CHUNKED_HEAD, ...data] });

const CHUNKS: readonly WireCase[] = [
  good('9112 7.1', 'chunks', `${CHUNKED}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`, [
    CHUNKED_HEAD,
    'data "hello!"',
    'end',
  ]),
  good('9112 7.1', 'no chunks but the last', `${CHUNKED}0\r\n\r\n`, [CHUNKED_HEAD, 'end']),
  good(
    '9112 7.1',
    'a size in small and capital letters',
    `${CHUNKED}a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n`,
    [CHUNKED_HEAD, 'data "01234567890123456789a"', 'end'],
  ),
  good('9112 7.1', 'a size with leading zeros', `${CHUNKED}0005\r\nhello\r\n000\r\n\r\n`, [
    CHUNKED_HEAD,
    'data "hello"',
    'end',
  ]),
  good('9112 7.1.1', 'chunk extensions', `${CHUNKED}5;a;b=c;d="e \\" f"\r\nhello\r\n0;g\r\n\r\n`, [
    CHUNKED_HEAD,
    'data "hello"',
    'end',
  ]),
  good('9112 7.1.2', 'trailers', `${CHUNKED}5\r\nhello\r\n0\r\nX: y \r\nZ:\r\n\r\n`, [
    CHUNKED_HEAD,
    'data "hello"',
    'end',
    '  X: y',
    '  Z: ',
  ]),
  good(
    '9112 7.1.2',
    'a trailer named as the connection’s options',
    `${CHUNKED}0\r\nConnection: close\r\n\r\n`,
    [CHUNKED_HEAD, 'end', '  Connection: close'],
  ),
  good('9112 7.1', 'data that looks like a last chunk', `${CHUNKED}5\r\n0\r\n\r\n\r\n0\r\n\r\n`, [
    CHUNKED_HEAD,
    'data "0\\r\\n\\r\\n"',
    'end',
  ]),
  good(
    '9112 7.1.1',
    'an extension whose value is empty, which frames nothing',
    `${CHUNKED}5;a=\r\nhello\r\n0\r\n\r\n`,
    [CHUNKED_HEAD, 'data "hello"', 'end'],
  ),
  chunkRefused('a size of 17 digits', '10000000000000000\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a size with a plus sign', '+5\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a size with a minus sign', '-5\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a size that is no number', 'x\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('no size', '\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a space before a size', ' 5\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a space after a size', '5 \r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a tab after a size', '5\t\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a space before an extension', '5 ;a\r\nhello\r\n0\r\n\r\n', SIZE),
  chunkRefused('a space after the semicolon', '5; a\r\nhello\r\n0\r\n\r\n'),
  chunkRefused('an extension without a name', '5;\r\nhello\r\n0\r\n\r\n'),
  chunkRefused('an extension with a control byte', '5;a\x01\r\nhello\r\n0\r\n\r\n'),
  chunkRefused('an extension with a bare LF', '5;a\nhello\r\n0\r\n\r\n'),
  chunkRefused('an extension with a bare LF in quotes', '5;a="\n"\r\nhello\r\n0\r\n\r\n'),
  chunkRefused('an extension with a bare CR', '5;a\rhello\r\n0\r\n\r\n'),
  chunkRefused('an extension with an open quote', '5;a="b\r\nhello\r\n0\r\n\r\n'),
  chunkRefused('a bare LF after a size', '5\nhello\r\n0\r\n\r\n'),
  chunkRefused('a bare CR after a size', '5\rhello\r\n0\r\n\r\n'),
  chunkRefused('no line end after data', '5\r\nhello0\r\n\r\n', MALFORMED, ['data "hello"']),
  chunkRefused('a bare LF after data', '5\r\nhello\n0\r\n\r\n', MALFORMED, ['data "hello"']),
  chunkRefused('a bare CR after data', '5\r\nhello\r0\r\n\r\n', MALFORMED, ['data "hello"']),
  chunkRefused('data longer than its size', '4\r\nhello\r\n0\r\n\r\n', MALFORMED, ['data "hell"']),
  chunkRefused('data shorter than its size', '6\r\nhello\r\n0\r\n\r\n', MALFORMED, [
    'data "hello\\r"',
  ]),
  chunkRefused('a bare LF after the last chunk', '0\n\r\n'),
  chunkRefused('an empty line that is a bare LF', '0\r\n\n'),
  chunkRefused('a Content-Length among the trailers', '0\r\nContent-Length: 5\r\n\r\n', LENGTH),
  chunkRefused(
    'a Transfer-Encoding among the trailers',
    '0\r\nTransfer-Encoding: gzip\r\n\r\n',
    CODING,
  ),
  chunkRefused('a trailer with a space before the colon', '0\r\nX : y\r\n\r\n'),
  chunkRefused('a trailer that goes on in the next line', '0\r\nX: y\r\n z\r\n\r\n'),
  chunkRefused('a trailer with NUL', '0\r\nX: \0\r\n\r\n'),
  refused('9112 8', 'chunks that are cut short', `${CHUNKED}5\r\nhel`, TRUNCATED, {
    eof: true,
    after: [CHUNKED_HEAD, 'data "hel"'],
  }),
  refused('9112 8', 'chunks without a last one', `${CHUNKED}5\r\nhello\r\n`, TRUNCATED, {
    eof: true,
    after: [CHUNKED_HEAD, 'data "hello"'],
  }),
  refused('9112 8', 'trailers that are cut short', `${CHUNKED}0\r\nX: y\r\n`, TRUNCATED, {
    eof: true,
    after: [CHUNKED_HEAD],
  }),
];

const PERSISTENCE: readonly WireCase[] = [
  good('9112 9.3', 'Connection: close', `${GET}Connection: close\r\n\r\n`, ['GET / close', 'end']),
  good(
    '9112 9.3',
    'bytes after Connection: close are ignored',
    `${GET}Connection: close\r\n\r\nGET /two HTTP/1.1\r\n\0`,
    ['GET / close', 'end'],
  ),
  good(
    '9110 7.6.1',
    'close in a list, in capitals, with tabs around it',
    `${GET}Connection: foo,\tCLOSE\t, bar\r\n\r\n`,
    ['GET / close', 'end'],
  ),
  good(
    '9110 7.6.1',
    'close in the second of two lines',
    `${GET}Connection: foo\r\nConnection: close\r\n\r\n`,
    ['GET / close', 'end'],
  ),
  good('9112 9.3', 'close beside keep-alive', `${GET}Connection: keep-alive, close\r\n\r\n`, [
    'GET / close',
    'end',
  ]),
  good('9110 7.6.1', 'an option that only begins like close', `${GET}Connection: closed\r\n\r\n`, [
    'GET /',
    'end',
  ]),
  good('9112 9.3', 'HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', ['GET / (1.0) close', 'end']),
  good('9112 9.3', 'HTTP/1.0 with keep-alive', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', [
    'GET / (1.0)',
    'end',
  ]),
  good(
    '9112 9.3',
    'HTTP/1.0 with keep-alive and close',
    'GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n',
    ['GET / (1.0) close', 'end'],
  ),
  good(
    '9112 C.2.2',
    'HTTP/1.0 with Proxy-Connection: keep-alive',
    'GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n',
    ['GET / (1.0) close', 'end'],
  ),
  good(
    '9112 9.3.2',
    'pipelined requests',
    `${GET}\r\n${POST}Content-Length: 2\r\n\r\nhi${CHUNKED}1\r\n!\r\n0\r\n\r\n${GET}\r\n`,
    [
      'GET /',
      'end',
      'POST / length=2',
      'data "hi"',
      'end',
      CHUNKED_HEAD,
      'data "!"',
      'end',
      'GET /',
      'end',
    ],
  ),
  refused('9112 9.3.2', 'a good request followed by garbage', `${GET}\r\n\0garbage`, METHOD, {
    after: ['GET /', 'end'],
  }),
  refused(
    '9112 9.3.2',
    'a good body followed by garbage',
    `${POST}Content-Length: 2\r\n\r\nhi!garbage`,
    METHOD,
    { after: ['POST / length=2', 'data "hi"', 'end'] },
  ),
  good(
    '9110 10.1.1',
    'Expect: 100-continue',
    `${POST}Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx`,
    ['POST / length=1 expects-continue', 'data "x"', 'end'],
  ),
  good(
    '9110 10.1.1',
    'Expect: 100-continue in HTTP/1.0',
    'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx',
    ['POST / (1.0) length=1 close', 'data "x"', 'end'],
  ),
  refused(
    '9110 10.1.1',
    'another expectation',
    `${POST}Expect: teapot\r\nContent-Length: 1\r\n\r\nx`,
    '417 ERR_HTTP_EXPECT',
  ),
  refused(
    '9110 10.1.1',
    'another expectation beside 100-continue',
    `${POST}Expect: 100-continue\r\nExpect: teapot\r\nContent-Length: 1\r\n\r\nx`,
    '417 ERR_HTTP_EXPECT',
  ),
];

const SWITCHES: readonly WireCase[] = [
  good(
    '9110 9.3.6',
    'CONNECT that is granted',
    'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03',
    ['CONNECT a:80 upgrade', 'end'],
    { answer: 200, left: '\x16\x03' },
  ),
  good(
    '9110 9.3.6',
    'CONNECT to an IPv6 address',
    'CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    ['CONNECT [::1]:443 upgrade', 'end'],
  ),
  good(
    '9110 9.3.6',
    'CONNECT that is not granted',
    `CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n${GET}\r\n`,
    ['CONNECT a:80 upgrade', 'end', 'GET /', 'end'],
    { answer: 405 },
  ),
  good(
    '9110 9.3.6',
    'CONNECT of HTTP/1.0 leaves the tunnel’s bytes',
    'CONNECT a:80 HTTP/1.0\r\n\r\n\x16\x03',
    ['CONNECT a:80 (1.0) upgrade close', 'end'],
    { left: '\x16\x03' },
  ),
  good(
    '9110 9.3.6',
    'CONNECT of HTTP/1.0 that is not granted',
    'CONNECT a:80 HTTP/1.0\r\n\r\n',
    ['CONNECT a:80 (1.0) upgrade close', 'end'],
    { answer: 405 },
  ),
  good(
    '9110 9.3.6',
    'CONNECT that announces no body',
    'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    ['CONNECT a:80 upgrade', 'end'],
  ),
  refused(
    '9110 9.3.6',
    'CONNECT with a body',
    'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx',
    LENGTH,
  ),
  refused(
    '9110 9.3.6',
    'CONNECT with chunks',
    'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    LENGTH,
  ),
  refused('9112 3.2.3', 'CONNECT without a port', 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused('9112 3.2.3', 'CONNECT with a path', 'CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused(
    '9112 3.2.3',
    'CONNECT with a user',
    'CONNECT u@a:80 HTTP/1.1\r\nHost: a\r\n\r\n',
    TARGET,
  ),
  good(
    '9110 7.8',
    'Upgrade that is granted',
    `${GET}Connection: Upgrade\r\nUpgrade: echo\r\n\r\nhello`,
    ['GET / upgrade', 'end'],
    { answer: 101, left: 'hello' },
  ),
  good(
    '9110 7.8',
    'Upgrade that is ignored',
    `${GET}Connection: upgrade\r\nUpgrade: echo\r\n\r\n${GET}\r\n`,
    ['GET / upgrade', 'end', 'GET /', 'end'],
  ),
  good(
    '9110 7.8',
    'Upgrade that is granted, with close',
    `${GET}Connection: upgrade, close\r\nUpgrade: echo\r\n\r\nhello`,
    ['GET / upgrade close', 'end'],
    { answer: 101, left: 'hello' },
  ),
  good(
    '9110 7.8',
    'Upgrade that is ignored, with close',
    `${GET}Connection: upgrade, close\r\nUpgrade: echo\r\n\r\n`,
    ['GET / upgrade close', 'end'],
  ),
  good(
    '9110 7.8',
    'Upgrade in HTTP/1.0',
    'GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
    ['GET / (1.0) close', 'end'],
  ),
  good('9110 7.8', 'Upgrade without its connection option', `${GET}Upgrade: echo\r\n\r\n`, [
    'GET /',
    'end',
  ]),
  good(
    '9110 7.8',
    'Upgrade of a request with a body',
    `${POST}Connection: upgrade\r\nUpgrade: echo\r\nContent-Length: 1\r\n\r\nx`,
    ['POST / length=1', 'data "x"', 'end'],
  ),
  good(
    '9110 7.8',
    'the end after an Upgrade that is ignored',
    `${GET}Connection: upgrade\r\nUpgrade: echo\r\n\r\n`,
    ['GET / upgrade', 'end', 'closed'],
    { eof: true },
  ),
];

const times = (text: string, count: number): string => text.repeat(count);
const HEAD_LIMIT = { headerBytes: 64 };
/** A request of 64 bytes, and one of 65. */
const OF_64 = `${GET}X: ${times('y', 32)}\r\n\r\n`;
const OF_65 = `${GET}X: ${times('y', 33)}\r\n\r\n`;

const LIMITS: readonly WireCase[] = [
  good(
    '9112 3',
    'a target as long as the limit',
    `GET /${times('a', 9)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    ['GET /aaaaaaaaa', 'end'],
    { limits: { targetBytes: 10 } },
  ),
  refused(
    '9112 3',
    'a target one byte longer than the limit',
    `GET /${times('a', 10)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    '414 ERR_HTTP_TARGET_TOO_LONG',
    { limits: { targetBytes: 10 } },
  ),
  refused(
    '9112 3',
    'a target that does not end',
    `GET /${times('a', 100)}`,
    '414 ERR_HTTP_TARGET_TOO_LONG',
    { limits: { targetBytes: 10, headerBytes: 50 } },
  ),
  refused(
    '9112 3',
    'a target that is too long, and fields that are too large',
    `GET /${times('a', 30)} HTTP/1.1\r\nHost: a\r\nX: ${times('y', 50)}\r\n\r\n`,
    '414 ERR_HTTP_TARGET_TOO_LONG',
    { limits: { targetBytes: 10, ...HEAD_LIMIT } },
  ),
  refused(
    '9112 3',
    'a target that may be longer than the head',
    `GET /${times('a', 100)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: { targetBytes: 1_000, ...HEAD_LIMIT } },
  ),
  good('6585 5', 'a head as large as the limit', OF_64, ['GET /', 'end'], { limits: HEAD_LIMIT }),
  refused(
    '6585 5',
    'a head one byte larger than the limit',
    OF_65,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: HEAD_LIMIT },
  ),
  refused(
    '6585 5',
    'a head that does not end',
    `${GET}X: ${times('y', 100)}`,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: HEAD_LIMIT },
  ),
  good(
    '6585 5',
    'a head as large as the limit, with an empty last value',
    `${GET}X:${times(' ', 33)}\r\n\r\n`,
    ['GET /', 'end'],
    { limits: HEAD_LIMIT },
  ),
  refused(
    '6585 5',
    'a head that is too large by the space of an empty value',
    `${GET}X:${times(' ', 34)}\r\n\r\n`,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: HEAD_LIMIT },
  ),
  refused(
    '6585 5',
    'a head that is too large by the space before a value',
    `${GET}X:${times(' ', 33)}y\r\n\r\n`,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: HEAD_LIMIT },
  ),
  refused(
    '6585 5',
    'a head that is too large before it is malformed',
    `${GET}X: ${times('y', 40)}\0\r\n\r\n`,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: HEAD_LIMIT },
  ),
  refused(
    '6585 5',
    'a head that is malformed before it is too large',
    `${GET}X: \0${times('y', 60)}\r\n\r\n`,
    MALFORMED,
    { limits: HEAD_LIMIT },
  ),
  refused(
    '6585 5',
    'a request line of spaces',
    `GET /${times(' ', 80)}HTTP/1.1\r\nHost: a\r\n\r\n`,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: HEAD_LIMIT },
  ),
  good(
    '6585 5',
    'a head without fields as large as the limit',
    'GET / HTTP/1.0\r\n\r\n',
    ['GET / (1.0) close', 'end'],
    { limits: { headerBytes: 18 } },
  ),
  refused(
    '6585 5',
    'a head without fields that is too large',
    'GET /a HTTP/1.0\r\n\r\n',
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: { headerBytes: 18 } },
  ),
  good('6585 5', 'as many fields as the limit', `${GET}X: y\r\n\r\n`, ['GET /', 'end'], {
    limits: { headerCount: 2 },
  }),
  refused(
    '6585 5',
    'one field more than the limit',
    `${GET}X: y\r\nX: y\r\n\r\n`,
    '431 ERR_HTTP_HEADERS_TOO_LARGE',
    { limits: { headerCount: 2 } },
  ),
  good(
    '9110 15.5.14',
    'a body as long as the limit',
    `${POST}Content-Length: 5\r\n\r\nhello`,
    ['POST / length=5', 'data "hello"', 'end'],
    { limits: { bodyBytes: 5 } },
  ),
  refused(
    '9110 15.5.14',
    'a body announced longer than the limit',
    `${POST}Content-Length: 6\r\n\r\nhello!`,
    '413 ERR_HTTP_BODY_TOO_LARGE',
    { limits: { bodyBytes: 5 } },
  ),
  good(
    '9110 15.5.14',
    'chunks as long as the limit',
    `${CHUNKED}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`,
    [CHUNKED_HEAD, 'data "hello"', 'end'],
    { limits: { bodyBytes: 5 } },
  ),
  refused(
    '9110 15.5.14',
    'chunks longer than the limit',
    `${CHUNKED}2\r\nhe\r\n5\r\nllo!!\r\n0\r\n\r\n`,
    '413 ERR_HTTP_BODY_TOO_LARGE',
    { limits: { bodyBytes: 5 }, after: [CHUNKED_HEAD, 'data "hello"'] },
  ),
  refused(
    '9110 15.5.14',
    'chunks longer than the limit, and then malformed',
    `${CHUNKED}6\r\nhello!x`,
    '413 ERR_HTTP_BODY_TOO_LARGE',
    { limits: { bodyBytes: 5 }, after: [CHUNKED_HEAD, 'data "hello"'] },
  ),
  good(
    '6585 5',
    'trailers as large as the limit',
    `${CHUNKED}0\r\nX: yy\r\n\r\n`,
    [CHUNKED_HEAD, 'end', '  X: yy'],
    { limits: { trailerBytes: 9 } },
  ),
  refused(
    '6585 5',
    'trailers larger than the limit',
    `${CHUNKED}0\r\nX: yyy\r\n\r\n`,
    '431 ERR_HTTP_TRAILERS_TOO_LARGE',
    { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '6585 5',
    'trailers that do not end',
    `${CHUNKED}0\r\nX: ${times('y', 50)}`,
    '431 ERR_HTTP_TRAILERS_TOO_LARGE',
    { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '6585 5',
    'trailers that are too large before they are malformed',
    `${CHUNKED}0\r\nX: yyyyyyyyy\0\r\n\r\n`,
    '431 ERR_HTTP_TRAILERS_TOO_LARGE',
    { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '6585 5',
    'trailers that are malformed before they are too large',
    `${CHUNKED}0\r\nX: \0yyyyyyyyyy\r\n\r\n`,
    MALFORMED,
    { limits: { trailerBytes: 9 }, after: [CHUNKED_HEAD] },
  ),
  good(
    '9112 7.1.1',
    'chunk framing as large as the limit',
    `${CHUNKED}1;${times('a', 16)}\r\nx\r\n0\r\n\r\n`,
    [CHUNKED_HEAD, 'data "x"', 'end'],
    { limits: { chunkOverheadBytes: 20 } },
  ),
  refused(
    '9112 7.1.1',
    'chunk framing larger than the limit',
    `${CHUNKED}1;${times('a', 17)}\r\nx\r\n0\r\n\r\n`,
    '400 ERR_HTTP_CHUNK_OVERHEAD',
    { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '9112 7.1.1',
    'an extension that does not end',
    `${CHUNKED}1;${times('a', 60)}`,
    '400 ERR_HTTP_CHUNK_OVERHEAD',
    { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '9112 7.1.1',
    'an extension that is too large before it is malformed',
    `${CHUNKED}1;${times('a', 30)}\0`,
    '400 ERR_HTTP_CHUNK_OVERHEAD',
    { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '9112 7.1.1',
    'a last chunk with an extension that is too large',
    `${CHUNKED}0;${times('a', 30)}\r\n\r\n`,
    '400 ERR_HTTP_CHUNK_OVERHEAD',
    { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '9112 7.1.1',
    'a last chunk with an extension that is too large, and a trailer',
    `${CHUNKED}0;${times('a', 30)}\r\nX: y\r\n\r\n`,
    '400 ERR_HTTP_CHUNK_OVERHEAD',
    { limits: { chunkOverheadBytes: 20 }, after: [CHUNKED_HEAD] },
  ),
  refused(
    '9112 7.1.1',
    'extensions that are small, on every chunk',
    `${CHUNKED}${times(`1;${times('a', 30)}\r\nx\r\n`, 8)}0\r\n\r\n`,
    '400 ERR_HTTP_CHUNK_OVERHEAD',
    { limits: { chunkOverheadBytes: 60 }, after: [CHUNKED_HEAD, 'data "xx"'] },
  ),
  good(
    '9112 7.1.1',
    'many chunks of one byte',
    `${CHUNKED}${times('1\r\nx\r\n', 30)}0\r\n\r\n`,
    [CHUNKED_HEAD, `data "${times('x', 30)}"`, 'end'],
    { limits: { chunkOverheadBytes: 20 } },
  ),
];

export const REQUEST_CASES: readonly WireCase[] = [
  ...REQUEST_LINES,
  ...FIELDS,
  ...HOSTS,
  ...LENGTHS,
  ...CODINGS,
  ...CHUNKS,
  ...PERSISTENCE,
  ...SWITCHES,
  ...LIMITS,
];
