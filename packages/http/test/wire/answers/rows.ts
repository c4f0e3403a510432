/** Odd and hostile answers, and what becomes of the request that gets one. */
import { gzipSync } from 'node:zlib';

export interface AnswerRow {
  readonly name: string;
  /** The bytes of the server, as latin1. */
  readonly bytes: string;
  /** `200 body`, or the code of the error; `~` before the code: of reading the body, not of the request. */
  readonly expect: string;
  /** @default 'GET' */
  readonly method?: string;
  /** Whether the server ends the connection after its answer. @default false */
  readonly ends?: boolean;
  /** Whether the connection may carry another request. @default false */
  readonly isReused?: boolean;
}

export const OK = 'HTTP/1.1 200 OK\r\n';
const gzip = (text: string): string => gzipSync(text).toString('latin1');
export const gzipped = (bytes: string, fields = ''): string =>
  `${OK}Content-Encoding: gzip\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n${bytes}`;

export const row = (
  name: string,
  bytes: string,
  expect: string,
  more: Partial<AnswerRow> = {},
): AnswerRow => ({ name, bytes, expect, ...more });
export const reused = { isReused: true };
export const ends = { ends: true };

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const ANSWERS: readonly AnswerRow[] = [
  row('a length', `${OK}Content-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('an empty body', `${OK}Content-Length: 0\r\n\r\n`, '200 ', reused),
  row('chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n`, '200 ok', reused),
  row('chunks with extensions', `${OK}Transfer-Encoding: chunked\r\n\r\n2;a=b;c\r\nok\r\n0\r\n\r\n`, '200 ok', reused),
  row('chunks in upper-case hex', `${OK}Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n`, '200 0123456789', reused),
  row('trailers', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n`, '200 ok', reused),
  row('the end of the connection', `${OK}\r\nok`, '200 ok', ends),
  row('the end of the connection at once', `${OK}\r\n`, '200 ', ends),
  row('Connection: close and a length', `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nok`, '200 ok'),
  row('HTTP/1.0 and a length', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', '200 ok'),
  row('HTTP/1.0 that keeps alive', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok', '200 ok', reused),
  row('HTTP/1.0 until the end', 'HTTP/1.0 200 OK\r\n\r\nok', '200 ok', ends),
  row('no reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', '200 ok', reused),
  row('no reason, and no space', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', '200 ok', reused),
  row('a reason in UTF-8', 'HTTP/1.1 200 \xc3\xa9\r\nContent-Length: 2\r\n\r\nok', '200 ok', reused),
  row('an unknown status', 'HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok', '299 ok', reused),
  row('a status above 599', 'HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok', '999 ok', reused),
  row('204 without a length', 'HTTP/1.1 204 No Content\r\n\r\n', '204 ', reused),
  row('304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '304 ', reused),
  row('HEAD with a length', `${OK}Content-Length: 5\r\n\r\n`, '200 ', { ...reused, method: 'HEAD' }),
  row('HEAD with chunks announced', `${OK}Transfer-Encoding: chunked\r\n\r\n`, '200 ', { ...reused, method: 'HEAD' }),
  row('HEAD with a coding', `${OK}Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n`, '200 ', { ...reused, method: 'HEAD' }),
  row('100 before it', `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('103 twice before it', `${'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(2)}${OK}Content-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('64 informational ones', `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(64)}${OK}Content-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('65 informational ones', `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(65)}${OK}Content-Length: 2\r\n\r\nok`, 'ERR_HTTP_TOO_MANY_INFORMATIONAL'),
  row('blanks around a value', `${OK}Content-Length:   2  \r\n\r\nok`, '200 ok', reused),
  row('a field without a value', `${OK}X:\r\nContent-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('the same field many times', `${OK}${'X: y\r\n'.repeat(50)}Content-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('Keep-Alive that is nonsense', `${OK}Keep-Alive: ,,=;timeout\r\nContent-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('gzip', gzipped(gzip('hello')), '200 hello', reused),
  row('gzip of nothing', gzipped(gzip('')), '200 ', reused),
  row('gzip without bytes', `${OK}Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n`, '200 ', reused),
  row('gzip in chunks', `${OK}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n${gzip('hello').length.toString(16)}\r\n${gzip('hello')}\r\n0\r\n\r\n`, '200 hello', reused),
  row('no chunk in gzip', `${OK}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, '200 ', reused),
  row('gzip until the end', `${OK}Content-Encoding: gzip\r\n\r\n${gzip('hello')}`, '200 hello', ends),
  row('gzip twice', gzipped(gzip(gzip('hello').slice(0))).replace('gzip\r\n', 'identity, gzip\r\n'), `200 ${Buffer.from(gzip('hello')).toString()}`, reused),
  row('gzip cut short', gzipped(gzip('hello').slice(0, -4)), '~ERR_HTTP_CONTENT_CODING', reused),
  row('gzip cut short by the end', `${OK}Content-Encoding: gzip\r\n\r\n${gzip('hello').slice(0, -4)}`, '~ERR_HTTP_CONTENT_CODING', ends),
  row('gzip with a wrong sum', gzipped(`${gzip('hello').slice(0, -8)}XXXXXXXX`), '~ERR_HTTP_CONTENT_CODING', reused),
  row('what is no gzip', gzipped('hello'), '~ERR_HTTP_CONTENT_CODING', reused),
  row('an unknown coding', `${OK}Content-Encoding: rot13\r\nContent-Length: 2\r\n\r\nbx`, '~ERR_HTTP_CONTENT_CODING'),
  row('nothing', '', 'ECONNRESET', ends),
  row('half a status line', 'HTTP/1.', 'ERR_HTTP_TRUNCATED', ends),
  row('half a head', `${OK}Content-Le`, 'ERR_HTTP_TRUNCATED', ends),
  row('a body cut short', `${OK}Content-Length: 5\r\n\r\nhel`, '~ERR_HTTP_TRUNCATED', ends),
  row('chunks cut short', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`, '~ERR_HTTP_TRUNCATED', ends),
  row('chunks without their end', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`, '~ERR_HTTP_TRUNCATED', ends),
  row('only an informational one', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'ECONNRESET', ends),
  row('another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED|ERR_HTTP_VERSION'),
  row('HTML alone', '<html>hello</html>\r\n\r\n', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a TLS alert', '\x15\x03\x03\x00\x02\x02\x28', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED|ERR_HTTP_TRUNCATED', ends),
  row('HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n', 'ERR_HTTP_LINE'),
  row('HTTP/1.9', 'HTTP/1.9 200 OK\r\nContent-Length: 0\r\n\r\n', 'ERR_HTTP_VERSION'),
  row('a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a status that is none', 'HTTP/1.1 abc OK\r\n\r\n', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('101 that was not asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n', 'ERR_HTTP_SWITCH'),
  row('two lengths that differ', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a negative length', `${OK}Content-Length: -2\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length in hex', `${OK}Content-Length: 0x2\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length above all bounds', `${OK}Content-Length: 99999999999999999999\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('chunks twice', `${OK}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('an unknown transfer coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('a chunk size that is none', `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, '~ERR_HTTP_CHUNK'),
  row('a chunk size above all bounds', `${OK}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`, '~ERR_HTTP_CHUNK|ERR_HTTP_MALFORMED'),
  row('a chunk that is longer than it says', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n`, '~ERR_HTTP_MALFORMED|ERR_HTTP_CHUNK'),
  row('a field of lines', `${OK}X: a\r\n b\r\nContent-Length: 2\r\n\r\nok`, 'ERR_HTTP_MALFORMED|ERR_HTTP_LINE'),
  row('a field name with a blank', `${OK}X y: z\r\n\r\n`, 'ERR_HTTP_MALFORMED'),
  row('a field without a colon', `${OK}nonsense\r\n\r\n`, 'ERR_HTTP_MALFORMED'),
  row('a NUL in a value', `${OK}X: a\0b\r\n\r\n`, 'ERR_HTTP_MALFORMED'),
  row('bare LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'ERR_HTTP_MALFORMED|ERR_HTTP_LINE'),
  row('a head above its limit', `${OK}X: ${'y'.repeat(20_000)}\r\n\r\n`, 'ERR_HTTP_HEADERS_TOO_LARGE'),
  row('too many fields', `${OK}${'X: y\r\n'.repeat(2_000)}\r\n`, 'ERR_HTTP_HEADERS_TOO_LARGE'),
  row('trailers above their limit', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, '~ERR_HTTP_TRAILERS_TOO_LARGE'),
  row('a redirect to nowhere', 'HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 2\r\n\r\nok', '302 ok', reused),
  row('a redirect to a file', 'HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 2\r\n\r\nok', '302 ok', reused),
  row('a redirect without a place', 'HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nok', '302 ok', reused),
  row('an answer with another behind it', `${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 4\r\n\r\nevil`, '200 ok'),
  row('an answer with a byte behind it', `${OK}Content-Length: 2\r\n\r\nokX`, '200 ok'),
];
