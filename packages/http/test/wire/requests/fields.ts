/** Field lines: RFC 9112 section 5, RFC 9110 sections 5.5 and 5.6. */

import { GET, MALFORMED, POST, good, refused, type WireCase } from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const FIELDS: readonly WireCase[] = [
  good('9112 5', 'an empty value', `${GET}X:\r\nY:  \r\n\r\n`, ['GET /', 'end']),
  good('9112 5', 'spaces and tabs around a value', `${GET}X: \t y z \t \r\n\r\n`, ['GET /', 'end']),
  good('9110 5.5', 'a value with bytes that are not ASCII', `${GET}X: \x80\xff\r\n\r\n`, ['GET /', 'end']),
  good('9110 5.6.2', 'every character a name may have', `${GET}!#$%&'*+-.^_\`|~09azAZ: y\r\n\r\n`, ['GET /', 'end']),
  refused('9112 5.1', 'a space before the colon', `${GET}X : y\r\n\r\n`, MALFORMED),
  refused('9112 5.1', 'a tab before the colon', `${GET}X\t: y\r\n\r\n`, MALFORMED),
  refused('9112 5.1', 'a space before the colon of Content-Length', `${POST}Content-Length : 1\r\n\r\nx`, MALFORMED),
  refused('9112 5.1', 'a space before the colon of Transfer-Encoding', `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`, MALFORMED),
  refused('9112 5.2', 'a value that goes on in the next line (obs-fold)', `${GET}X: y\r\n z\r\n\r\n`, MALFORMED),
  refused('9112 5.2', 'a value that goes on after a tab', `${GET}X: y\r\n\tz\r\n\r\n`, MALFORMED),
  refused('9112 5.2', 'a Transfer-Encoding that goes on in the next line', `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`, MALFORMED),
  refused('9112 2.2', 'white space before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', MALFORMED),
  refused('9112 2.2', 'a tab before the first field', 'GET / HTTP/1.1\r\n\tHost: a\r\n\r\n', MALFORMED),
  refused('9112 5', 'a line without a colon', `${GET}X\r\n\r\n`, MALFORMED),
  refused('9112 5', 'a field without a name', `${GET}: y\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with a space', `${GET}X Y: z\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with a tab', `${GET}X\tY: z\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with a bracket', `${GET}X(Y): z\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with NUL', `${GET}X\0: z\r\n\r\n`, MALFORMED),
  refused('9110 5.6.2', 'a name with a byte that is not ASCII', `${GET}X\xe9: z\r\n\r\n`, MALFORMED),
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
