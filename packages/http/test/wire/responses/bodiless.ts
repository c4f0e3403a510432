/** Responses that have no body whatever they announce: RFC 9112 section 6.3, rules 1 and 2. */

import { CHUNKED_OK, OK, good, type WireCase } from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const BODILESS: readonly WireCase[] = [
  good('9110 9.3.2', 'the answer to HEAD', `${OK}Content-Length: 5\r\n\r\n`, ['200 OK', 'end'], { method: 'HEAD' }),
  good('9110 9.3.2', 'the answer to HEAD without a length', `${OK}\r\n`, ['200 OK', 'end'], { method: 'HEAD' }),
  good('9110 9.3.2', 'the answer to HEAD that announces chunks', CHUNKED_OK, ['200 OK', 'end'], { method: 'HEAD' }),
  good('9110 9.3.2', 'the last answer to HEAD', `${OK}Connection: close\r\n\r\n`, ['200 OK close', 'end'], { method: 'HEAD' }),
  good('9110 9.3.2', 'the answer to HEAD in HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n', ['200 OK (1.0) close', 'end'], { method: 'HEAD' }),
  good('9112 6.3', '204 with a Content-Length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', ['204 No Content', 'end']),
  good('9112 6.3', '204 with Transfer-Encoding', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n', ['204 No Content', 'end']),
  good('9112 6.3', '304 with a Content-Length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', ['304 Not Modified', 'end']),
  good('9110 15.2', 'informational responses', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, ['100 Continue', '103 Early Hints', '200 OK', 'end']),
  good('9112 6.3', 'an informational response with a Content-Length', `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, ['103 Early Hints', '200 OK', 'end']),
  good('9112 6.3', 'an informational response with Transfer-Encoding', `HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, ['103 Early Hints', '200 OK', 'end']),
  good('9110 15.2', 'an informational response with Connection: close, which the next one may not mean', `HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, ['100 Continue', '200 OK', 'end']),
  good('9112 9.6', 'the end after an informational response', 'HTTP/1.1 100 Continue\r\n\r\n', ['100 Continue', 'closed'], { eof: true }),
];
