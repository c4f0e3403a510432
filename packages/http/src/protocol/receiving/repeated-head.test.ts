import { describe, expect, test } from '@jest/globals';
import { RequestHead } from '../vocabulary/events.ts';
import { NO_HEADERS } from '../vocabulary/headers.ts';
import { RepeatedHead } from './repeated-head.ts';

type Facts = Pick<RequestHead, 'contentLength' | 'keepAlive' | 'upgrade'>;

const USUAL: Facts = { contentLength: 3, keepAlive: true, upgrade: false };
const TEXT = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n';
/** As long as the other, and of the same kind. */
const OTHER_TEXT = TEXT.replace('Host: a', 'Host: b');

const head = (facts: Partial<Facts> = {}): RequestHead => {
  const { contentLength, keepAlive, upgrade } = { ...USUAL, ...facts };
  return new RequestHead('POST', '/', '1.1', NO_HEADERS, contentLength, keepAlive, false, upgrade);
};

const remembering = (text: string, of: RequestHead): RepeatedHead => {
  const repeated = new RepeatedHead();
  repeated.remember(text, of);
  return repeated;
};

describe('a text that is no whole head', () => {
  test.each(['', TEXT.slice(0, -1), TEXT.slice(0, -2), `${TEXT}a`, 'GET / HTTP/1.1\n\n'])(
    'is not remembered: %j',
    (text) => {
      expect(remembering(text, head()).find(`${text}abc`, 0)).toBe(undefined);
    },
  );
});

describe('a head that is remembered', () => {
  const first = head();
  const repeated = remembering(TEXT, first);

  test('is found where it begins again, before a body of any content', () => {
    for (const body of ['abc', 'xyz', '\r\n\r', '\x00\x80\xff']) {
      expect(repeated.find(TEXT + body, 0)).toBe(first);
    }
  });

  test('is found as often as it is looked for', () => {
    const stream = `${TEXT}abc${TEXT}def`;
    for (const at of [0, TEXT.length + 3, 0]) expect(repeated.find(stream, at)).toBe(first);
  });

  test('is found in the middle of a text, with anything before and behind it', () => {
    expect(repeated.find(`\r\n${TEXT}abc`, 2)).toBe(first);
    expect(repeated.find(`${OTHER_TEXT}abc${TEXT}abcGET`, TEXT.length + 3)).toBe(first);
  });

  test('is found nowhere but where it begins', () => {
    const stream = `${TEXT}abc${TEXT}abc`;
    const places = Array.from(stream, (_character, at) => at);
    const found = places.filter((at) => repeated.find(stream, at) !== undefined);
    expect(found).toEqual([0, TEXT.length + 3]);
  });

  test('is not found when one byte is another one, whichever it is', () => {
    for (let at = 0; at < TEXT.length; at += 1) {
      const byte = String.fromCharCode(TEXT.charCodeAt(at) ^ 0x20);
      const changed = TEXT.slice(0, at) + byte + TEXT.slice(at + 1);
      expect({ at, found: repeated.find(`${changed}abc`, 0) }).toEqual({ at, found: undefined });
    }
  });

  test('is not found before all of its body is there', () => {
    for (const body of ['', 'a', 'ab']) {
      expect(repeated.find(TEXT + body, 0)).toBeUndefined();
      expect(repeated.find(`GET${TEXT}${body}`, 3)).toBeUndefined();
    }
  });

  test('is not found before all of it is there, if it has no body', () => {
    const bodiless = remembering(TEXT, head({ contentLength: 0 }));
    for (let end = 0; end < TEXT.length; end += 1) {
      expect(bodiless.find(TEXT.slice(0, end), 0)).toBeUndefined();
    }
    expect(bodiless.find(TEXT, 0)).toBeDefined();
  });

  test('tells how long it is', () => {
    expect(repeated.length).toBe(TEXT.length);
  });
});

test('nothing is found before anything is remembered', () => {
  const repeated = new RepeatedHead();
  for (const text of ['', TEXT]) expect(repeated.find(text, 0)).toBeUndefined();
  expect(repeated.length).toBe(0);
});

test('a head takes the place of the one before it, also a longer or a shorter one', () => {
  const repeated = remembering(OTHER_TEXT, head());
  for (const text of [TEXT, `${TEXT.slice(0, -2)}X: y\r\n\r\n`, TEXT.replace('Host: a\r\n', '')]) {
    const next = head();
    repeated.remember(text, next);
    expect(repeated.find(`${text}abc`, 0)).toBe(next);
    expect(repeated.find(`${OTHER_TEXT}abc`, 0)).toBeUndefined();
    expect(repeated.length).toBe(text.length);
  }
});

describe.each<[string, Partial<Facts>]>([
  ['whose body has no length', { contentLength: undefined }],
  ['that ends the connection', { keepAlive: false }],
  ['that ends the connection, without a body', { keepAlive: false, contentLength: 0 }],
  ['that asks for another protocol', { upgrade: true, contentLength: 0 }],
])('a head %s', (_what, facts) => {
  test('is not remembered', () => {
    const repeated = remembering(TEXT, head(facts));
    for (const body of ['', 'abc']) expect(repeated.find(TEXT + body, 0)).toBeUndefined();
  });

  test('leaves the one before it, which is still right', () => {
    const before = head();
    const repeated = remembering(OTHER_TEXT, before);
    repeated.remember(`${TEXT}longer`, head(facts));
    expect(repeated.find(`${TEXT}longer`, 0)).toBeUndefined();
    expect(repeated.find(`${OTHER_TEXT}abc`, 0)).toBe(before);
    expect(repeated.length).toBe(OTHER_TEXT.length);
  });
});
