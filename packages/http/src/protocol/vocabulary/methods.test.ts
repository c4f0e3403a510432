import { describe, expect, test } from '@jest/globals';
import { HttpConnection } from '../connection.ts';
import { isIdempotent, methodOf } from './methods.ts';

const NUMBERS = [...Array.from({ length: 34 }, (_, number) => number), 46];

describe('methods', () => {
  test.each(NUMBERS.map((number) => methodOf(number) as string))(
    '%s has the number that the parser gives it',
    (method) => {
      const target = method === 'CONNECT' ? 'a:80' : '/';
      const connection = new HttpConnection('server');
      connection.receive(Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`));
      expect(connection.nextEvent()).toMatchObject({ type: 'request', method });
    },
  );

  test('are idempotent where RFC 9110 section 9.2.2 and RFC 9205 say so', () => {
    expect(NUMBERS.map((number) => methodOf(number) as string).filter(isIdempotent)).toEqual([
      'DELETE',
      'GET',
      'HEAD',
      'PUT',
      'OPTIONS',
      'TRACE',
      'QUERY',
    ]);
  });
});
