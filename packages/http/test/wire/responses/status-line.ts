/** Status lines and field lines of responses: RFC 9112 sections 4 and 5. */

import { LINE, MALFORMED, OK, good, refused, type WireCase } from '../wire-case.ts';

// One row, one line: oxfmt-ignore keeps it so.
// oxfmt-ignore
export const STATUS_LINES: readonly WireCase[] = [
  refused('9112 4', 'a reason with NUL, and no fields', 'HTTP/1.1 200 a\0b\r\n\r\n', LINE),
  good('9112 4', 'a response without a body', `${OK}Content-Length: 0\r\n\r\n`, ['200 OK', 'end']),
  good('9112 4', 'an empty reason', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', ['200', 'end']),
  good('9112 4', 'no reason and no space', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', ['200', 'end']),
  good('9112 4', 'a reason of several words and bytes that are not ASCII', 'HTTP/1.1 404 Nicht da, \xfc\tb\r\nContent-Length: 0\r\n\r\n', ['404 Nicht da, \xfc\tb', 'end']),
  good('9112 4', 'a reason between blanks, and a byte that is one only in Unicode', 'HTTP/1.1 200 \t \xa0a \t\r\nContent-Length: 0\r\n\r\n', ['200 \xa0a', 'end']),
  good('9110 15', 'a status that no one has registered', 'HTTP/1.1 799 X\r\nContent-Length: 0\r\n\r\n', ['799 X', 'end']),
  refused('9110 15', 'a status below 100', 'HTTP/1.1 042 X\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9112 4', 'a status of two digits', 'HTTP/1.1 20 X\r\nContent-Length: 0\r\n\r\n', MALFORMED),
  refused('9112 4', 'a status of four digits', 'HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n', MALFORMED),
  refused('9112 4', 'a reason with NUL', 'HTTP/1.1 200 a\0b\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9112 4', 'a reason with a control byte', 'HTTP/1.1 200 a\x1bb\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9112 4', 'two spaces before the status', 'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n', MALFORMED),
  refused('9112 4', 'a tab before the status', 'HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9112 4', 'a bare LF after the status line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n', MALFORMED),
  refused('9112 4', 'a bare CR in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n', MALFORMED),
  refused('9112 2.2', 'an empty line before the response', `\r\n${OK}Content-Length: 0\r\n\r\n`, LINE),
  refused('9110 2.5', 'HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9110 2.5', 'HTTP/0.9', 'HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n', LINE),
  refused('9112 2.3', 'another protocol', 'ICY 200 OK\r\n\r\n', MALFORMED),
  refused('9112 2.3', 'a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', MALFORMED),
  refused('9112 5.1', 'a space before the colon', `${OK}X : y\r\n\r\n`, MALFORMED),
  refused('9112 5.2', 'a value that goes on in the next line', `${OK}X: y\r\n z\r\n\r\n`, MALFORMED),
  refused('9110 5.5', 'a value with NUL', `${OK}X: \0\r\n\r\n`, MALFORMED),
];
