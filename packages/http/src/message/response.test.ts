import { describe, expect, jest, test } from '@jest/globals';
import { LocalProtocolError } from '../protocol/vocabulary/errors.ts';
import { errorResponse } from './error-response.ts';
import { fieldsToSend, HttpResponse, type ResponseBody, type ResponseInit } from './response.ts';

const INJECTION = ['X-First', 'a\r\nX-Injected: yes'];

/** The constructor as a program in JavaScript may call it. */
const Response = HttpResponse as unknown as new (
  body: ResponseBody,
  init: ResponseInit | undefined,
  fields: readonly string[],
) => HttpResponse;

describe('the fields of a response', () => {
  test('cannot be given unchecked, as a third argument of the constructor', () => {
    expect(new Response('hello', undefined, INJECTION).fields).toEqual([]);
    expect(new Response('hello', { headers: { 'X-Own': 'b' } }, INJECTION).fields).toEqual([
      'X-Own',
      'b',
    ]);
  });

  test('cannot be replaced: those that were checked are sent', () => {
    const response = HttpResponse.text('hello');
    (response as { fields: readonly string[] }).fields = INJECTION;
    expect(fieldsToSend(response)).toEqual(['Content-Type', 'text/plain; charset=utf-8']);
    expect(() => (HttpResponse.text('a').fields as string[]).push(...INJECTION)).toThrow(TypeError);
  });

  test('are checked in every other way that a program may give them', () => {
    const headers = { 'X-First': 'a\r\nX-Injected: yes' };
    const error = expect.objectContaining({ code: 'ERR_HTTP_HEADER_VALUE' });
    expect(() => new HttpResponse('hello', { headers })).toThrow(error);
    expect(() => HttpResponse.text('hello', { headers })).toThrow(error);
    expect(() => HttpResponse.json({}, { headers })).toThrow(error);
    expect(() => HttpResponse.stream(['hello'], { headers })).toThrow(error);
    expect(() => HttpResponse.empty({ headers })).toThrow(error);
    expect(() => errorResponse(503, headers)).toThrow(error);
    expect(() => errorResponse(503, INJECTION as unknown as Iterable<[string, string]>)).toThrow(
      LocalProtocolError,
    );
  });

  test('begin with the type of the body, unless they have one', () => {
    expect(HttpResponse.text('hello', { headers: { 'X-Own': 'b' } }).fields).toEqual([
      'Content-Type',
      'text/plain; charset=utf-8',
      'X-Own',
      'b',
    ]);
    expect(HttpResponse.text('<p>', { headers: { 'content-type': 'text/html' } }).fields).toEqual([
      'content-type',
      'text/html',
    ]);
    expect(HttpResponse.json(1, { headers: {} }).fields).toEqual([
      'Content-Type',
      'application/json',
    ]);
    expect(errorResponse(503, { 'Retry-After': 7 }).fields).toEqual([
      'Content-Type',
      'text/plain; charset=utf-8',
      'Retry-After',
      '7',
    ]);
  });

  test('are an own property, so that two responses with other headers are not equal', () => {
    const response = (value: string): HttpResponse =>
      HttpResponse.text('hello', { headers: { 'X-Own': value } });
    expect(response('a')).toEqual(response('a'));
    expect(response('a')).not.toEqual(response('b'));
    expect(Object.keys(response('a'))).toContain('fields');
  });

  test('are refused as a flat list, which is neither a record nor pairs', () => {
    const flat = ['Retry-After', '10'] as unknown as Iterable<[string, string]>;
    expect(() => errorResponse(503, flat)).toThrow(
      'expected a record, or pairs of a name and a value',
    );
  });
});

describe('a promise in place of a value', () => {
  test('is refused, with the word that is missing', () => {
    const named = (name: string, what: string): RegExp =>
      new RegExp(
        `^${name}: expected .* to be ${what}, got an object \\(Promise\\): an .await. may be`,
      );
    expect(() => HttpResponse.json(Promise.resolve({ a: 1 }))).toThrow(
      named('HttpResponse.json', 'a value that JSON can hold'),
    );
    expect(() => HttpResponse.text(Promise.resolve('a') as never)).toThrow(
      named('HttpResponse.text', 'a string'),
    );
    expect(HttpResponse.json({}).body).toBe('{}');
    expect(HttpResponse.json(new Map()).body).toBe('{}');
  });

  test('that rejects later ends no process: its reason goes to stderr', async () => {
    const print = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const reading = Promise.reject(new Error('the body is not JSON'));
      expect(() => HttpResponse.json(reading)).toThrow('may be missing');
      expect(() => HttpResponse.text(Promise.reject(new Error('gone')) as never)).toThrow(
        'missing',
      );
      await new Promise(setImmediate);
      const lines = print.mock.calls.join('\n');
      expect(lines).toMatch(/HttpResponse\.json.*the body is not JSON/s);
    } finally {
      jest.restoreAllMocks();
    }
  });
});

test.each([NaN, -1, 0.5, Infinity, '5', null])(
  'a length of %p is refused where the response is made, not when its body is sent',
  (length) => {
    const options = { length } as never;
    for (const make of [
      () => HttpResponse.stream(['a'], options),
      () => new HttpResponse(['a'], options),
    ]) {
      expect(make).toThrow(/expected `length` to be a whole number from 0, got/);
    }
  },
);
