/** CONNECT and Upgrade: RFC 9110 sections 9.3.6 and 7.8. */

import { GET, LENGTH, POST, TARGET, good, refused, type WireCase } from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const SWITCHES: readonly WireCase[] = [
  good('9110 9.3.6', 'CONNECT that is granted', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03', ['CONNECT a:80 upgrade', 'end'], { answer: 200, left: '\x16\x03' }),
  good('9110 9.3.6', 'CONNECT to an IPv6 address', 'CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n', ['CONNECT [::1]:443 upgrade', 'end']),
  good('9110 9.3.6', 'CONNECT that is not granted', `CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n${GET}\r\n`, ['CONNECT a:80 upgrade', 'end', 'GET /', 'end'], { answer: 405 }),
  good('9110 9.3.6', 'CONNECT of HTTP/1.0 leaves the tunnel’s bytes', 'CONNECT a:80 HTTP/1.0\r\n\r\n\x16\x03', ['CONNECT a:80 (1.0) upgrade close', 'end'], { left: '\x16\x03' }),
  good('9110 9.3.6', 'CONNECT of HTTP/1.0 that is not granted', 'CONNECT a:80 HTTP/1.0\r\n\r\n', ['CONNECT a:80 (1.0) upgrade close', 'end'], { answer: 405 }),
  good('9110 9.3.6', 'CONNECT that is granted, behind another request', `${GET}\r\nCONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nGET`, ['GET /', 'end', 'CONNECT a:80 upgrade', 'end'], { left: 'GET' }),
  good('9110 9.3.6', 'CONNECT that is not granted, behind and before another request', `${GET}\r\nCONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n${GET}\r\n`, ['GET /', 'end', 'CONNECT a:80 upgrade', 'end', 'GET /', 'end'], { answer: 405 }),
  good('9110 9.3.6', 'CONNECT that announces no body', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', ['CONNECT a:80 upgrade', 'end']),
  refused('9110 9.3.6', 'CONNECT with a body', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx', LENGTH),
  refused('9110 9.3.6', 'CONNECT with chunks', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', LENGTH),
  refused('9112 3.2.3', 'CONNECT without a port', 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused('9112 3.2.3', 'CONNECT with a path', 'CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  refused('9112 3.2.3', 'CONNECT with a user', 'CONNECT u@a:80 HTTP/1.1\r\nHost: a\r\n\r\n', TARGET),
  good('9110 7.8', 'Upgrade that is granted', `${GET}Connection: Upgrade\r\nUpgrade: echo\r\n\r\nhello`, ['GET / upgrade', 'end'], { answer: 101, left: 'hello' }),
  good('9110 7.8', 'Upgrade that is ignored', `${GET}Connection: upgrade\r\nUpgrade: echo\r\n\r\n${GET}\r\n`, ['GET / upgrade', 'end', 'GET /', 'end']),
  good('9110 7.8', 'Upgrade that is granted, with close', `${GET}Connection: upgrade, close\r\nUpgrade: echo\r\n\r\nhello`, ['GET / upgrade close', 'end'], { answer: 101, left: 'hello' }),
  good('9110 7.8', 'Upgrade that is ignored, with close', `${GET}Connection: upgrade, close\r\nUpgrade: echo\r\n\r\n`, ['GET / upgrade close', 'end']),
  good('9110 7.8', 'Upgrade in HTTP/1.0', 'GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n', ['GET / (1.0) close', 'end']),
  good('9110 7.8', 'Upgrade without its connection option', `${GET}Upgrade: echo\r\n\r\n`, ['GET /', 'end']),
  good('9110 7.8', 'Upgrade with its option in Proxy-Connection', `${GET}Proxy-Connection: upgrade\r\nUpgrade: echo\r\n\r\n`, ['GET /', 'end']),
  good('9110 7.8', 'Upgrade of a request with a body', `${POST}Connection: upgrade\r\nUpgrade: echo\r\nContent-Length: 1\r\n\r\nx`, ['POST / length=1', 'data "x"', 'end']),
  good('9110 7.8', 'the end after an Upgrade that is ignored', `${GET}Connection: upgrade\r\nUpgrade: echo\r\n\r\n`, ['GET / upgrade', 'end', 'closed'], { eof: true }),
];
