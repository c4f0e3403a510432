/** Answers that two readers could take for different ones, that never end, or that lead elsewhere; what becomes of each. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { ends, gzipped, OK, reused, row, type AnswerRow } from './rows.ts';

const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const coded = (coding: string, bytes: Buffer): string =>
  `${OK}Content-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes.toString('latin1')}`;
const redirect = (status: number, location: string): string =>
  `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 2\r\n\r\nok`;

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const ATTACKS: readonly AnswerRow[] = [
  // Lengths.
  row('the same length twice', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length with a sign', `${OK}Content-Length: +2\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length with a point', `${OK}Content-Length: 2.0\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length with a blank in it', `${OK}Content-Length: 1 2\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length without a value', `${OK}Content-Length:\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH|ERR_HTTP_MALFORMED'),
  row('a length with zeros before it', `${OK}Content-Length: 0002\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length and a tab', `${OK}Content-Length:\t2\t\r\n\r\nok`, '200 ok', reused),
  row('a length at 2^63', `${OK}Content-Length: 9223372036854775808\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('a length at 2^53', `${OK}Content-Length: 9007199254740993\r\n\r\nok`, 'ERR_HTTP_CONTENT_LENGTH|~ERR_HTTP_TRUNCATED', ends),
  row('a length in letters of another case', `${OK}cOnTeNt-LeNgTh: 2\r\n\r\nok`, '200 ok', reused),
  row('a length behind a name with a blank', `${OK}Content-Length : 2\r\n\r\nok`, 'ERR_HTTP_MALFORMED'),
  row('204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok', '204 '),
  row('204 with chunks', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', '204 '),
  row('304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok', '304 '),
  row('HEAD with a body', `${OK}Content-Length: 2\r\n\r\nok`, '200 ', { method: 'HEAD' }),
  row('103 with a length', `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, '200 ok', reused),
  // Transfer codings.
  row('chunks in another case', `${OK}Transfer-Encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n`, '200 ok', reused),
  row('chunks and blanks', `${OK}Transfer-Encoding: \t chunked \r\n\r\n2\r\nok\r\n0\r\n\r\n`, '200 ok', reused),
  row('chunks that are not last', `${OK}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('chunks in quotes', `${OK}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('chunks with a parameter', `${OK}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('chunks with a letter more', `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('the transfer coding identity', `${OK}Transfer-Encoding: identity\r\n\r\nok`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('no transfer coding', `${OK}Transfer-Encoding:\r\n\r\nok`, 'ERR_HTTP_TRANSFER_ENCODING|ERR_HTTP_MALFORMED'),
  row('chunks in two fields', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'ERR_HTTP_TRANSFER_ENCODING'),
  row('a length behind chunks', `${OK}Transfer-Encoding: chunked\r\nX: y\r\nContent-Length: 0\r\n\r\n2\r\nok\r\n0\r\n\r\n`, 'ERR_HTTP_CONTENT_LENGTH'),
  row('chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 'ERR_HTTP_TRANSFER_ENCODING'),
  // Chunks.
  row('a chunk size with a sign', `${CHUNKED}+2\r\nok\r\n0\r\n\r\n`, '~ERR_HTTP_CHUNK'),
  row('a chunk size with 0x', `${CHUNKED}0x2\r\nok\r\n0\r\n\r\n`, '~ERR_HTTP_CHUNK'),
  row('a chunk size with a blank before it', `${CHUNKED} 2\r\nok\r\n0\r\n\r\n`, '~ERR_HTTP_CHUNK'),
  row('a chunk size with a blank behind it', `${CHUNKED}2 \r\nok\r\n0\r\n\r\n`, '~ERR_HTTP_CHUNK'),
  row('no chunk size', `${CHUNKED}\r\nok\r\n0\r\n\r\n`, '~ERR_HTTP_CHUNK'),
  row('a chunk with bare LF', `${CHUNKED}2\nok\n0\n\n`, '~ERR_HTTP_CHUNK|ERR_HTTP_MALFORMED'),
  row('a chunk that ends with LF', `${CHUNKED}2\r\nok\n0\r\n\r\n`, '~ERR_HTTP_CHUNK|ERR_HTTP_MALFORMED'),
  row('a chunk that is shorter than it says', `${CHUNKED}5\r\nok\r\n0\r\n\r\n`, '~ERR_HTTP_CHUNK|ERR_HTTP_MALFORMED|ERR_HTTP_TRUNCATED', ends),
  row('a chunk size with many zeros', `${CHUNKED}${'0'.repeat(15)}2\r\nok\r\n0\r\n\r\n`, '200 ok', reused),
  row('an extension with a bare CR', `${CHUNKED}2;a\rb\r\nok\r\n0\r\n\r\n`, '~ERR_HTTP_CHUNK|ERR_HTTP_MALFORMED'),
  row('an extension in quotes', `${CHUNKED}2;a="b;\\"c"\r\nok\r\n0\r\n\r\n`, '200 ok', reused),
  row('more framing than data', `${CHUNKED}${`1;${'x'.repeat(2_000)}\r\na\r\n`.repeat(30)}0\r\n\r\n`, '~ERR_HTTP_CHUNK_OVERHEAD'),
  row('a trailer that is malformed', `${CHUNKED}2\r\nok\r\n0\r\nX y: z\r\n\r\n`, '~ERR_HTTP_MALFORMED'),
  row('a trailer that would be a length', `${CHUNKED}2\r\nok\r\n0\r\nContent-Length: 9\r\n\r\n`, '~ERR_HTTP_CONTENT_LENGTH'),
  row('the last chunk without an end of its trailers', `${CHUNKED}2\r\nok\r\n0\r\n`, '~ERR_HTTP_TRUNCATED', ends),
  // Heads.
  row('an empty line before it', `\r\n${OK}Content-Length: 2\r\n\r\nok`, 'ERR_HTTP_LINE'),
  row('two blanks in the status line', 'HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a status below 100', 'HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a version in small letters', 'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('HTTP/1.10', 'HTTP/1.10 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED|ERR_HTTP_VERSION'),
  row('HTTP/0.9', 'HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_VERSION|ERR_HTTP_LINE'),
  row('a bare CR in the status line', 'HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a bare CR in a value', `${OK}X: a\rContent-Length: 9\r\n\r\n`, 'ERR_HTTP_MALFORMED'),
  row('a bare CR in place of the end', `${OK}Content-Length: 2\r\r\nok`, 'ERR_HTTP_MALFORMED'),
  row('a name that is empty', `${OK}: x\r\nContent-Length: 2\r\n\r\nok`, 'ERR_HTTP_MALFORMED'),
  row('a name in UTF-8', `${OK}\xc3\xa9: x\r\nContent-Length: 2\r\n\r\nok`, 'ERR_HTTP_MALFORMED'),
  row('a field before the status line', `X: y\r\n${OK}Content-Length: 2\r\n\r\nok`, 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('a blank before the first field', `${OK} X: y\r\nContent-Length: 2\r\n\r\nok`, 'ERR_HTTP_MALFORMED'),
  row('a value of bytes above 127', `${OK}X: \xff\xfe\r\nContent-Length: 2\r\n\r\nok`, '200 ok', reused),
  row('a request in place of an answer', 'GET /evil HTTP/1.1\r\nHost: evil\r\n\r\n', 'ERR_HTTP_LINE|ERR_HTTP_MALFORMED'),
  row('an informational one with nonsense in it', 'HTTP/1.1 103 Hints\r\nX y\r\n\r\n', 'ERR_HTTP_MALFORMED'),
  row('a reason above its limit', `HTTP/1.1 200 ${'y'.repeat(20_000)}\r\n\r\n`, 'ERR_HTTP_HEADERS_TOO_LARGE'),
  row('Connection: close, and another behind it', `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nok${OK}Content-Length: 4\r\n\r\nevil`, '200 ok'),
  row('Connection: close in a list', `${OK}Connection: x, Close\r\nContent-Length: 2\r\n\r\nok`, '200 ok'),
  row('HTTP/1.0 that closes and keeps alive', 'HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 2\r\n\r\nok', '200 ok'),
  row('Upgrade without a switch', `${OK}Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nok`, '200 ok'),
  row('Keep-Alive of no time', `${OK}Keep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok`, '200 ok'),
  row('408 before it was asked', 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', '408 '),
  // Content codings.
  row('deflate', coded('deflate', deflateSync('hello')), '200 hello', reused),
  row('deflate without its frame', coded('deflate', deflateRawSync('hello')), '200 hello', reused),
  row('brotli', coded('br', brotliCompressSync('hello')), '200 hello', reused),
  row('x-gzip', coded('x-gzip', gzipSync('hello')), '200 hello', reused),
  row('GZIP in capitals', coded('GZIP', gzipSync('hello')), '200 hello', reused),
  row('identity', coded('identity', Buffer.from('hello')), '200 hello', reused),
  row('brotli cut short', coded('br', brotliCompressSync('hello'.repeat(50)).subarray(0, 10)), '~ERR_HTTP_CONTENT_CODING', reused),
  row('two members of gzip', gzipped(gzipSync('hel').toString('latin1') + gzipSync('lo').toString('latin1')), '200 hello', reused),
  row('more codings than anyone needs', coded(Array(20).fill('gzip').join(', '), gzipSync('x')), '~ERR_HTTP_CONTENT_CODING'),
  row('a body above the limit of a text', `${OK}Content-Length: 2000000\r\n\r\n`, '~ERR_BODY_TOO_LONG'),
  row('gzip that becomes above the limit of a text', gzipped(gzipSync(Buffer.alloc(2_000_000)).toString('latin1')), '~ERR_BODY_TOO_LONG'),
  // Redirects.
  row('a redirect to another scheme', redirect(301, 'javascript:alert(1)'), '301 ok', reused),
  row('a redirect in two places', 'HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 2\r\n\r\nok', '302 ok', reused),
  row('300 with a place', redirect(300, '/a'), '300 ok', reused),
  row('304 with a place', 'HTTP/1.1 304 Not Modified\r\nLocation: /a\r\n\r\n', '304 ', reused),
];
