/** Texts that are nearly HTTP: the grammar of requests and responses, with the known ways to break them. */

import type { Random } from '@awaitio/core';
import {
  anyOf,
  choice,
  oneOf,
  rarely,
  repeat,
  sequence,
  write,
  type Part,
  type Rule,
} from './rules.ts';

const NEWLINE = oneOf('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\n\r', '');
const SPACE = oneOf(' ', ' ', ' ', ' ', '  ', '\t', '', '\x0b', '\xa0');
const BLANKS = oneOf(' ', '', '', '  ', '\t', ' \t ', '\x0b', '\r\n ', '\n ');

const METHOD = oneOf(
  choice('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH'),
  choice('CONNECT', 'QUERY', 'M-SEARCH', 'PROPFIND', 'PRI', 'SOURCE', 'DESCRIBE'),
  choice('get', 'FOO', 'GE', 'GETT', '', 'G\0T', 'HTTP/1.1'),
);
const TARGET = oneOf(
  choice('/', '/a', '/a?b=c&d', '/%20'),
  choice('*', 'a:80', 'http://a/', 'http://a:1/b?c', 'https://[::1]', 'http://u@a/', 'http:///'),
  choice('', '/a#b', '/\x01', '/\0', '/\xff', '/ b', 'a', '//', '/"<>'),
);
const VERSION = oneOf(
  'HTTP/1.1',
  choice('HTTP/1.0', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/3.0'),
  choice('HTTP/1', 'HTTP/1.', 'http/1.1', 'HTTP/1.10', 'HTTP/01.1', 'RTSP/1.0', 'ICE/1.0', ''),
);

const LENGTH_VALUE = oneOf(
  choice('0', '1', '5', '5', '12'),
  choice('05', '+5', '-5', '0x5', '5,5', '5, 5', '5 5', '5\t', '"5"', '5.0', '1e1', ''),
  choice('18446744073709551616', '9007199254740993', '9007199254740991', '4294967301'),
);
const CODING_VALUE = oneOf(
  choice('chunked', 'chunked', 'Chunked', '\tchunked '),
  choice('gzip, chunked', 'chunked, gzip', 'chunked, chunked', 'identity', 'gzip', ', chunked'),
  choice('xchunked', 'chunkedx', 'chunked;q=1', '"chunked"', 'chun ked', '', '\x0bchunked'),
);
const CONNECTION_VALUE = choice(
  'close',
  'keep-alive',
  'Close',
  'keep-alive, close',
  'close, x',
  'x,\tclose',
  'upgrade',
  'Upgrade, close',
  'closed',
  'xclose',
  'clo se',
  'close,',
  ',close',
  '"close"',
  '',
  'te, keep-alive',
  'upgrade keep-alive',
);
const HOST_VALUE = oneOf(
  choice('a', 'a:80', '[::1]', 'a.b'),
  choice('', 'a b', 'u@a', 'a/b', 'a, b', 'a:b', ':80', '[::1', 'a%2', '\xe9', 'a:1:2'),
);

const NAME = oneOf(
  choice('X', 'x-y', '!#$%&', 'A1'),
  choice('X Y', '', '\xe9', 'X(', 'X\0', ' X', '\tX'),
);
const VALUE = oneOf(
  choice('y', 'y z', '', 'a, b', '\x80\xff'),
  choice('\0', '\x7f', '\x0b', 'y\rz', 'y\nz', ':', '"', '\t'),
);
const COLON = oneOf(':', ':', ':', ' :', '\t:', '', '::', '\0:');

const field = (name: Part, value: Part): Rule =>
  sequence(name, COLON, BLANKS, value, BLANKS, NEWLINE);

const CONTENT_LENGTH = field(
  oneOf('Content-Length', 'content-length', 'Content-Length ', 'Content_Length', 'Content-Lengt'),
  LENGTH_VALUE,
);
const TRANSFER_ENCODING = field(
  oneOf(
    'Transfer-Encoding',
    'TRANSFER-encoding',
    'Transfer-Encoding\t',
    'Transfer_Encoding',
    'Transfer-Encodin',
  ),
  CODING_VALUE,
);
const CONNECTION = field(
  oneOf('Connection', 'connection', 'Proxy-Connection', 'Connectio'),
  CONNECTION_VALUE,
);
const HOST = field(oneOf('Host', 'host', 'Hos'), HOST_VALUE);
const SPECIAL = choice(
  CONTENT_LENGTH,
  TRANSFER_ENCODING,
  CONNECTION,
  field('Upgrade', choice('echo', 'h2c', 'websocket', '')),
  field('Expect', choice('100-continue', '100-Continue', 'teapot', '')),
  field('Trailer', 'X'),
  HOST,
);

const EXTENSION = oneOf(
  '',
  choice(';a', ';a=b', ';a="b"', ';a="\\"";c', ';a='),
  choice(
    ';',
    '; a',
    ' ;a',
    ';a b',
    ';a="',
    ';a=b"',
    ';a\0',
    ';a="\n"',
    ';\t',
    ';a;',
    ';a;;b',
    ';a=b;',
    ';a="b"c',
  ),
);
const chunk: Rule = (random) => {
  const data = anyOf(random, ['x', 'hello', '0\r\n\r\n', '\0\r\n', 'GET / HTTP/1.1\r\n']);
  const right = data.length.toString(16);
  const size = write(
    random,
    oneOf(
      right,
      `0${right}`,
      `000000000000000${right}`,
      right.toUpperCase(),
      choice(
        `+${right}`,
        `-${right}`,
        `0x${right}`,
        `${right} `,
        ` ${right}`,
        '',
        'g',
        'ffffffffffffffff',
        `1${'0'.repeat(16)}`,
        String(data.length + 1),
        String(data.length - 1),
      ),
    ),
  );
  return sequence(size, EXTENSION, NEWLINE, data, NEWLINE)(random);
};
const TRAILERS = oneOf('', repeat(choice(field(NAME, VALUE), SPECIAL), 1, 2));
const CHUNKS = sequence(
  repeat(chunk, 0, 3),
  oneOf('0', '00', ''),
  EXTENSION,
  NEWLINE,
  TRAILERS,
  NEWLINE,
);

const OTHER_FIELDS = repeat(oneOf(field(NAME, VALUE), SPECIAL), 0, 2);

/** Fields that frame a body, and the body. */
const FRAMED = oneOf(
  sequence(OTHER_FIELDS, NEWLINE),
  sequence('Content-Length: 5\r\n', OTHER_FIELDS, NEWLINE, choice('hello', 'hell', 'hello!')),
  sequence('Transfer-Encoding: chunked\r\n', OTHER_FIELDS, NEWLINE, CHUNKS),
  sequence(CONTENT_LENGTH, OTHER_FIELDS, NEWLINE, choice('', 'x', 'hello', 'hello, world')),
  sequence(TRANSFER_ENCODING, OTHER_FIELDS, NEWLINE, CHUNKS),
  sequence(CONTENT_LENGTH, TRANSFER_ENCODING, OTHER_FIELDS, NEWLINE, CHUNKS),
);

const REQUEST = sequence(
  rarely(0.1, repeat(NEWLINE, 1, 6)),
  METHOD,
  SPACE,
  TARGET,
  SPACE,
  VERSION,
  NEWLINE,
  oneOf('Host: a\r\n', HOST, ''),
  FRAMED,
);

const REASON = oneOf('OK', '', ' ', 'a b', '\xa0', '\0', '\t', 'a\rb');
const STATUS = oneOf(
  choice('200', '204', '304', '404'),
  choice('100', '101', '103', '199'),
  choice('099', '20', '2000', '+20', '999', 'abc'),
);
const RESPONSE = sequence(
  rarely(0.3, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  VERSION,
  SPACE,
  STATUS,
  SPACE,
  REASON,
  NEWLINE,
  FRAMED,
);

const REQUESTS = sequence(repeat(REQUEST, 1, 3), rarely(0.1, choice('\0', 'x', 'GET', '\r\n')));
const RESPONSES = sequence(RESPONSE, rarely(0.2, RESPONSE));

export function generate(role: 'server' | 'client', random: Random): string {
  return write(random, role === 'server' ? REQUESTS : RESPONSES);
}

/** What a changed text may get. */
export const DICTIONARY: readonly string[] = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  '\x7f',
  '\xff',
  ':',
  ';',
  ',',
  '"',
  '0',
  'Content-Length: 1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  '0\r\n\r\n',
  'GET / HTTP/1.1\r\n',
  'HTTP/1.1 200 OK\r\n',
];
