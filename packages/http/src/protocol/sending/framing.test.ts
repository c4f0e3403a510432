import { describe, expect, test } from '@jest/globals';
import { BodyCounter, isBodiless, requestFraming, responseFraming } from './framing.ts';

describe('the framing of a response', () => {
  test.each([
    // RFC 9112 section 6.3, in its order.
    ['GET', 204, 5, '1.1', { kind: 'none' }],
    ['GET', 304, undefined, '1.1', { kind: 'none' }],
    ['GET', 304, 5, '1.1', { kind: 'length', length: 5, isSent: false }],
    ['GET', 103, undefined, '1.1', { kind: 'none' }],
    ['CONNECT', 200, 5, '1.1', { kind: 'none' }],
    ['CONNECT', 403, 5, '1.1', { kind: 'length', length: 5, isSent: true }],
    ['HEAD', 200, 5, '1.1', { kind: 'length', length: 5, isSent: false }],
    ['HEAD', 200, undefined, '1.1', { kind: 'chunked', isSent: false }],
    ['HEAD', 200, undefined, '1.0', { kind: 'close', isSent: false }],
    ['GET', 200, 0, '1.1', { kind: 'length', length: 0, isSent: true }],
    ['GET', 200, undefined, '1.1', { kind: 'chunked', isSent: true }],
    ['GET', 200, undefined, '1.0', { kind: 'close', isSent: true }],
    [undefined, 400, 5, '1.1', { kind: 'length', length: 5, isSent: true }],
  ] as const)(
    'to %s, status %s, length %s, HTTP/%s',
    (method, status, length, version, expected) => {
      expect(responseFraming(method, status, length, version)).toEqual(expected);
    },
  );
});

describe('the framing of a request', () => {
  test.each([
    ['GET', undefined, false, { kind: 'none' }],
    ['CONNECT', 5, true, { kind: 'none' }],
    // RFC 9110 section 8.6: methods that anticipate a body say that there is none.
    ['POST', undefined, false, { kind: 'length', length: 0, isSent: true }],
    ['PUT', undefined, false, { kind: 'length', length: 0, isSent: true }],
    ['PATCH', undefined, false, { kind: 'length', length: 0, isSent: true }],
    ['POST', 5, true, { kind: 'length', length: 5, isSent: true }],
    ['POST', undefined, true, { kind: 'chunked', isSent: true }],
    ['GET', 5, true, { kind: 'length', length: 5, isSent: true }],
  ] as const)('%s, length %s, with a body: %s', (method, length, hasBody, expected) => {
    expect(requestFraming(method, length, hasBody)).toEqual(expected);
  });
});

describe('the count of a body', () => {
  test('refuses the byte after the last announced one', () => {
    const counter = new BodyCounter({ kind: 'length', length: 5, isSent: true });
    counter.add(2);
    counter.add(3);
    counter.finish();
    expect(() => counter.add(1)).toThrow(
      expect.objectContaining({
        code: 'ERR_HTTP_BODY_TOO_LONG',
        message: 'the body is longer than its Content-Length: announced 5 bytes, got 6 so far',
      }),
    );
  });

  test('refuses an end before the last announced byte', () => {
    const counter = new BodyCounter({ kind: 'length', length: 5, isSent: true });
    counter.add(4);
    expect(() => counter.finish()).toThrow(
      expect.objectContaining({
        code: 'ERR_HTTP_BODY_TOO_SHORT',
        message: 'the body is shorter than its Content-Length: announced 5 bytes, got 4',
      }),
    );
  });

  test('lets a body of unknown length have any', () => {
    const counter = new BodyCounter({ kind: 'chunked', isSent: true });
    counter.finish();
    counter.add(1_000_000);
    counter.finish();
    expect(counter).toBeInstanceOf(BodyCounter);
  });
});

test('1xx, 204 and 304 have no body, and no other status', () => {
  const statuses = Array.from({ length: 900 }, (_, index) => index + 100);
  expect(statuses.filter(isBodiless)).toEqual([...statuses.slice(0, 100), 204, 304]);
});
