/** What lets a connection live on, pipelining, and expectations: RFC 9112 section 9, RFC 9110 section 10.1.1. */

import {
  CHUNKED_HEAD,
  CHUNKED_POST,
  GET,
  METHOD,
  POST,
  good,
  refused,
  type WireCase,
} from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const PERSISTENCE: readonly WireCase[] = [
  good('9112 9.3', 'Connection: close', `${GET}Connection: close\r\n\r\n`, ['GET / close', 'end']),
  good('9112 9.3', 'bytes after Connection: close are ignored', `${GET}Connection: close\r\n\r\nGET /two HTTP/1.1\r\n\0`, ['GET / close', 'end']),
  good('9110 7.6.1', 'close in a list, in capitals, with tabs around it', `${GET}Connection: foo,\tCLOSE\t, bar\r\n\r\n`, ['GET / close', 'end']),
  good('9110 7.6.1', 'close in the second of two lines', `${GET}Connection: foo\r\nConnection: close\r\n\r\n`, ['GET / close', 'end']),
  good('9112 9.3', 'close beside keep-alive', `${GET}Connection: keep-alive, close\r\n\r\n`, ['GET / close', 'end']),
  good('9110 7.6.1', 'an option that only begins like close', `${GET}Connection: closed\r\n\r\n`, ['GET /', 'end']),
  good('9112 9.3', 'HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', ['GET / (1.0) close', 'end']),
  good('9112 9.3', 'HTTP/1.0 with keep-alive', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', ['GET / (1.0)', 'end']),
  good('9112 9.3', 'HTTP/1.0 with keep-alive and close', 'GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n', ['GET / (1.0) close', 'end']),
  good('9112 C.2.2', 'HTTP/1.0 with Proxy-Connection: keep-alive', 'GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n', ['GET / (1.0) close', 'end']),
  good('9112 C.2.2', 'Proxy-Connection: close, which says nothing of this connection', `${GET}Proxy-Connection: close\r\n\r\n`, ['GET /', 'end']),
  good('9112 9.3.2', 'pipelined requests', `${GET}\r\n${POST}Content-Length: 2\r\n\r\nhi${CHUNKED_POST}1\r\n!\r\n0\r\n\r\n${GET}\r\n`, ['GET /', 'end', 'POST / length=2', 'data "hi"', 'end', CHUNKED_HEAD, 'data "!"', 'end', 'GET /', 'end']),
  refused('9112 9.3.2', 'a good request followed by garbage', `${GET}\r\n\0garbage`, METHOD, { after: ['GET /', 'end'] }),
  refused('9112 9.3.2', 'a good body followed by garbage', `${POST}Content-Length: 2\r\n\r\nhi!garbage`, METHOD, { after: ['POST / length=2', 'data "hi"', 'end'] }),
  good('9110 10.1.1', 'Expect: 100-continue', `${POST}Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx`, ['POST / length=1 expects-continue', 'data "x"', 'end']),
  good('9110 10.1.1', 'Expect: 100-continue in HTTP/1.0', 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx', ['POST / (1.0) length=1 close', 'data "x"', 'end']),
  refused('9110 10.1.1', 'another expectation', `${POST}Expect: teapot\r\nContent-Length: 1\r\n\r\nx`, '417 ERR_HTTP_EXPECT'),
  refused('9110 10.1.1', 'another expectation beside 100-continue', `${POST}Expect: 100-continue\r\nExpect: teapot\r\nContent-Length: 1\r\n\r\nx`, '417 ERR_HTTP_EXPECT'),
];
