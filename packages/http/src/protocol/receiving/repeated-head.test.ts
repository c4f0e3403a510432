import { describe, expect, test } from '@jest/globals';
import { RequestHead } from '../vocabulary/events.ts';
import { NO_HEADERS } from '../vocabulary/headers.ts';
import { RepeatedHead } from './repeated-head.ts';

const TEXT = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n';

type Facts = Partial<Pick<RequestHead, 'contentLength' | 'keepAlive' | 'upgrade'>>;

const head = (facts: Facts = {}): RequestHead => {
  const { contentLength, keepAlive, upgrade } = {
    contentLength: 3,
    keepAlive: true,
    upgrade: false,
    ...facts,
  };
  return new RequestHead('POST', '/', '1.1', NO_HEADERS, contentLength, keepAlive, false, upgrade);
};

const remembering = (text: string, of: RequestHead): RepeatedHead => {
  const repeated = new RepeatedHead();
  repeated.remember(text, of);
  return repeated;
};

describe('a head that is remembered', () => {
  const first = head();
  const repeated = remembering(TEXT, first);

  test('is found nowhere but where it begins, as often as it is looked for', () => {
    const stream = `${TEXT}abc${TEXT}\x00\xff\r`;
    const places = Array.from(stream, (_character, at) => at);
    expect(places.filter((at) => repeated.find(stream, at) === first)).toEqual([
      0,
      TEXT.length + 3,
    ]);
    expect(places.filter((at) => repeated.find(stream, at) !== undefined)).toHaveLength(2);
    expect(repeated.length).toBe(TEXT.length);
  });

  test('is not found when one byte is another one, whichever it is', () => {
    for (let at = 0; at < TEXT.length; at += 1) {
      const byte = String.fromCharCode(TEXT.charCodeAt(at) ^ 0x20);
      const changed = TEXT.slice(0, at) + byte + TEXT.slice(at + 1);
      expect({ at, found: repeated.find(`${changed}abc`, 0) }).toEqual({ at, found: undefined });
    }
  });

  test('is not found before all of it and of its body is there', () => {
    for (let end = 0; end < TEXT.length + 3; end += 1) {
      expect(repeated.find(`${TEXT}abc`.slice(0, end), 0)).toBeUndefined();
    }
    const bodiless = remembering(TEXT, head({ contentLength: 0 }));
    expect(bodiless.find(TEXT.slice(0, -1), 0)).toBeUndefined();
    expect(bodiless.find(TEXT, 0)).toBeDefined();
  });

  test('is replaced by the next one', () => {
    const next = head();
    const other = remembering(`${TEXT.slice(0, -2)}X: y\r\n\r\n`, head());
    other.remember(TEXT, next);
    expect(other.find(`${TEXT}abc`, 0)).toBe(next);
    expect(other.length).toBe(TEXT.length);
  });
});

test('nothing is found before anything is remembered', () => {
  for (const text of ['', TEXT]) expect(new RepeatedHead().find(text, 0)).toBeUndefined();
});

test.each<[what: string, text: string, of: RequestHead]>([
  ['a text without its last byte', TEXT.slice(0, -1), head()],
  ['a text with a byte more', `${TEXT}a`, head()],
  ['a head whose body has no length', TEXT, head({ contentLength: undefined })],
  ['a head that ends the connection', TEXT, head({ keepAlive: false })],
  ['a head that asks for another protocol', TEXT, head({ upgrade: true })],
])('%s is not remembered, and leaves the one before it', (_what, text, of) => {
  const before = head();
  const repeated = remembering(TEXT.replace('a', 'b'), before);
  repeated.remember(text, of);
  expect(repeated.find(`${text}abc`, 0)).toBeUndefined();
  expect(repeated.find(`${TEXT.replace('a', 'b')}abc`, 0)).toBe(before);
});
