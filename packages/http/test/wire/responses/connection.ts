/** What lets a connection live on, and switches: RFC 9112 section 9, RFC 9110 sections 7.8 and 9.3.6. */

import { OK, UNSOLICITED, good, refused, type WireCase } from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const CONNECTION: readonly WireCase[] = [
  good('9112 9.3', 'Connection: close', `${OK}Connection: close\r\nContent-Length: 0\r\n\r\n`, ['200 OK close', 'end']),
  good('9112 9.3', 'HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', ['200 OK (1.0) close', 'end']),
  good('9112 9.3', 'HTTP/1.0 with keep-alive', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', ['200 OK (1.0)', 'end']),
  good('9112 9.3', 'HTTP/1.0 with keep-alive and close', 'HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n', ['200 OK (1.0) close', 'end']),
  refused('9112 9.2', 'a response that no request asked for', `${OK}Content-Length: 0\r\n\r\n`, UNSOLICITED, { method: null }),
  refused('9112 9.2', 'bytes that no request asked for', 'x', UNSOLICITED, { method: null }),
  good('9110 15.2.2', '101 that was asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello', ['101 Switching Protocols upgrade'], { upgrade: true, left: 'hello' }),
  refused('9110 15.2.2', '101 that was not asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n', '400 ERR_HTTP_SWITCH'),
  good('9110 7.8', 'a refused upgrade', `${OK}Content-Length: 2\r\n\r\nhi`, ['200 OK length=2', 'data "hi"', 'end'], { upgrade: true }),
  good('9110 9.3.6', '200 to CONNECT', `${OK}\r\nhello`, ['200 OK upgrade'], { method: 'CONNECT', left: 'hello' }),
  good('9110 9.3.6', '200 to CONNECT with a Content-Length', `${OK}Content-Length: 5\r\n\r\nhello`, ['200 OK upgrade'], { method: 'CONNECT', left: 'hello' }),
  good('9110 9.3.6', '200 to CONNECT with Connection: close', `${OK}Connection: close\r\n\r\nhello`, ['200 OK upgrade close'], { method: 'CONNECT', left: 'hello' }),
  good('9110 9.3.6', 'CONNECT refused', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', ['403 Forbidden length=2', 'data "no"', 'end'], { method: 'CONNECT' }),
];
