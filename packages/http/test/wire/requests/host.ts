/** Host: RFC 9112 section 3.2, RFC 9110 section 7.2. */

import { HOST, good, refused, type WireCase } from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const HOSTS: readonly WireCase[] = [
  good('9110 7.2', 'a Host with a port', 'GET / HTTP/1.1\r\nHost: a.b-c:8080\r\n\r\n', ['GET /', 'end']),
  good('9110 7.2', 'a Host that is an IPv6 address', 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', ['GET /', 'end']),
  good('3986 3.2.3', 'a Host with a colon and no port', 'GET / HTTP/1.1\r\nHost: a:\r\n\r\n', ['GET /', 'end']),
  good('3986 2.1', 'a Host with a percent-encoded byte', 'GET / HTTP/1.1\r\nHost: a%2Db\r\n\r\n', ['GET /', 'end']),
  good('9110 7.2', 'HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', ['GET / (1.0) close', 'end']),
  refused('9112 3.2', 'no Host', 'GET / HTTP/1.1\r\n\r\n', HOST),
  refused('9112 3.2', 'two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', HOST),
  refused('9112 3.2', 'the same Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', HOST),
  refused('9112 3.2', 'two Hosts in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', HOST),
  refused('9112 3.2', 'an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host of white space', 'GET / HTTP/1.1\r\nHost: \t \r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a user', 'GET / HTTP/1.1\r\nHost: user@host\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', HOST),
  refused('9112 3.2', 'a list of Hosts', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a port that is no number', 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with two ports', 'GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host that is only a port', 'GET / HTTP/1.1\r\nHost: :80\r\n\r\n', HOST),
  refused('3986 2.1', 'a Host with a broken percent-encoding', 'GET / HTTP/1.1\r\nHost: a%2\r\n\r\n', HOST),
  refused('3986 3.2.2', 'a Host with an open bracket', 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n', HOST),
  refused('9112 3.2', 'a Host with a byte that is not ASCII', 'GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n', HOST),
];
