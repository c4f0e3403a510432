import { describe, expect, test } from '@jest/globals';
import { DEFAULT_LIMITS } from '../vocabulary/limits.ts';
import {
  checkHost,
  checkRequestLine,
  checkTarget,
  checkTransferEncoding,
  isLastHost,
  parseContentLength,
  shortContentLength,
} from './request-rules.ts';

// The wire tables have these rules behind the parser; here they stand alone, so that none leans on what the parser
// refuses before.

const refusal = (code: string, statusHint = 400): unknown =>
  expect.objectContaining({ name: 'RemoteProtocolError', code, statusHint });

describe('a request line', () => {
  const check = (line: string, version: number, method = 'GET'): unknown => {
    const start = line.indexOf('/');
    const end = line.search(/[ \t]HTTP/);
    const text = `${line}\r\n`;
    const places = { text, start: 0, targetStart: start, targetEnd: end };
    return checkRequestLine(places, method, { version }, DEFAULT_LIMITS);
  };

  test('is a method, a target and a version with one space between them', () => {
    expect(check('GET / HTTP/1.1', 11)).toBe('1.1');
    expect(check('GET /a HTTP/1.0', 10)).toBe('1.0');
  });

  test.each(['GET  / HTTP/1.1', 'GET\t/ HTTP/1.1', 'GETS / HTTP/1.1', 'GET /\tHTTP/1.1'])(
    'is not %j',
    (line) => {
      expect(() => check(line, 11)).toThrow(refusal('ERR_HTTP_LINE'));
    },
  );

  test('ends with a version, or is refused for the one that the parser read', () => {
    expect(() => check('GET / HTTP/1.1x', 11)).toThrow(refusal('ERR_HTTP_LINE'));
    expect(() => check('GET / HTTP/1.0 ', 10)).toThrow(refusal('ERR_HTTP_LINE'));
    expect(() => check('GET / HTTP/0.9', 9)).toThrow(refusal('ERR_HTTP_LINE'));
    expect(() => check('GET / HTTP/2.0', 20)).toThrow(refusal('ERR_HTTP_VERSION', 505));
  });

  test('has a target within the limit', () => {
    const limits = { ...DEFAULT_LIMITS, targetBytes: 3 };
    const length = (target: string): unknown =>
      checkRequestLine(
        {
          text: `GET ${target} HTTP/1.1\r\n`,
          start: 0,
          targetStart: 4,
          targetEnd: 4 + target.length,
        },
        'GET',
        { version: 11 },
        limits,
      );
    expect(length('/ab')).toBe('1.1');
    expect(() => length('/abc')).toThrow(refusal('ERR_HTTP_TARGET_TOO_LONG', 414));
  });
});

describe('a target', () => {
  test.each([
    ['GET', '/'],
    ['GET', '//a'],
    ['OPTIONS', '*'],
    ['OPTIONS', '/'],
    ['GET', 'http://a'],
    ['GET', 'https://a:1/b?c'],
    ['CONNECT', 'a:1'],
    ['CONNECT', '[::1]:443'],
  ])('%s %s', (method, target) => {
    expect(() => checkTarget(method, target)).not.toThrow();
  });

  test.each([
    ['GET', '*'],
    ['GET', 'a'],
    ['GET', 'a:1'],
    ['GET', 'http:/a'],
    ['GET', 'http://'],
    ['GET', 'http://u@a/'],
    ['GET', 'http://a,b/'],
    ['GET', '/#'],
    ['GET', 'http://a/#'],
    ['CONNECT', '/'],
    ['CONNECT', 'a'],
    ['CONNECT', 'a:'],
    ['CONNECT', 'a:123456'],
    ['CONNECT', 'http://a:1'],
    ['CONNECT', 'u@a:1'],
  ])('%s %s is refused', (method, target) => {
    expect(() => checkTarget(method, target)).toThrow(refusal('ERR_HTTP_TARGET'));
  });
});

describe('a Host', () => {
  test('is there once, and may be missing in HTTP/1.0', () => {
    expect(() => checkHost('a', 1, '1.1')).not.toThrow();
    expect(() => checkHost(undefined, 0, '1.0')).not.toThrow();
    expect(() => checkHost(undefined, 0, '1.1')).toThrow(refusal('ERR_HTTP_HOST'));
    expect(() => checkHost('a', 2, '1.1')).toThrow(refusal('ERR_HTTP_HOST'));
    expect(() => checkHost('a', 2, '1.0')).toThrow(refusal('ERR_HTTP_HOST'));
  });

  test.each(['', ' ', 'a b', 'a,b', 'u@a', 'a/b', 'a:b', 'a:1:2', ':1', '[::1', 'a%zz', '\xe9'])(
    'is not %j, also after one that was right',
    (host) => {
      checkHost('a', 1, '1.1');
      expect(isLastHost(`:${host}\r\n`, 1, 1 + host.length)).toBe(false);
      expect(() => checkHost(host, 1, '1.1')).toThrow(refusal('ERR_HTTP_HOST'));
      expect(() => checkHost(host, 1, '1.0')).toThrow(refusal('ERR_HTTP_HOST'));
    },
  );
});

test('the host of one request is known again in the next', () => {
  checkHost('a:1', 1, '1.1');
  expect(isLastHost('Host: a:1\r\n', 6, 9)).toBe(true);
  expect(isLastHost('Host: a:12\r\n', 6, 10)).toBe(false);
  expect(isLastHost('Host: b:1\r\n', 6, 9)).toBe(false);
});

describe('a Content-Length', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['1234567890', 1_234_567_890],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s', (value, length) => {
    expect(parseContentLength(value)).toBe(length);
    expect(shortContentLength(`:${value}\r\n`, 1, 1 + value.length)).toBe(
      value.length > 15 ? -1 : length,
    );
  });

  test.each([
    '',
    '00',
    '01',
    '+1',
    '-1',
    '1.0',
    '1e1',
    '0x1',
    ' 1',
    '1 ',
    '1,1',
    '\u0661',
    '9007199254740992',
    '9'.repeat(400),
  ])('is not %j', (value) => {
    expect(() => parseContentLength(value)).toThrow(refusal('ERR_HTTP_CONTENT_LENGTH'));
    expect(shortContentLength(`:${value}1`, 1, 1 + value.length)).toBe(-1);
  });
});

describe('a Transfer-Encoding', () => {
  test('is chunked, in any case', () => {
    expect(() => checkTransferEncoding('Chunked', '1.1')).not.toThrow();
  });

  test.each([
    '',
    'gzip',
    'chunked, gzip',
    'chunked, chunked',
    ', chunked',
    'xchunked',
    'chunked;q=1',
  ])('is not %j', (value) => {
    expect(() => checkTransferEncoding(value, '1.1')).toThrow(
      refusal('ERR_HTTP_TRANSFER_ENCODING'),
    );
  });

  test('that ends with chunked, once, is only unknown here', () => {
    expect(() => checkTransferEncoding('gzip,\tchunked', '1.1')).toThrow(
      refusal('ERR_HTTP_TRANSFER_ENCODING', 501),
    );
  });

  test('has no place in HTTP/1.0', () => {
    expect(() => checkTransferEncoding('chunked', '1.0')).toThrow(
      refusal('ERR_HTTP_TRANSFER_ENCODING'),
    );
  });
});
