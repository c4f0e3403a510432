import { describe, expect, test } from '@jest/globals';
import { Headers, NO_HEADERS } from './headers.ts';

/** Headers over a text, as the decoder makes them: positions, and nothing cut out. */
function headersOf(text: string): Headers {
  const spans: number[] = [];
  let at = 0;
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1).trim();
    const start = at + line.indexOf(value, colon + 1);
    spans.push(at, at + colon, start, start + value.length);
    at += line.length + 2;
  }
  return new Headers(text, spans);
}

const headers = headersOf('Host: a\r\nX-Many: one\r\nEmpty:\r\nx-many: two\r\nX-MANY: three');

describe('received headers', () => {
  test('are found whatever their case', () => {
    expect(headers.get('host')).toBe('a');
    expect(headers.get('HOST')).toBe('a');
    expect(headers.has('hOsT')).toBe(true);
  });

  test('are not found by a name that is only like theirs', () => {
    expect(headers.get('hos')).toBeNull();
    expect(headers.get('hosts')).toBeNull();
    expect(headers.get('most')).toBeNull();
    expect(headers.has('')).toBe(false);
  });

  test('do not mix letters with the characters beside them', () => {
    const odd = headersOf('X@[`{: 1\r\nx`{@[: 2');
    expect(odd.get('x@[`{')).toBe('1');
    expect(odd.get('X`{@[')).toBe('2');
  });

  test('join the values of a repeated name, in order', () => {
    expect(headers.get('x-many')).toBe('one, two, three');
    expect(headers.getAll('X-Many')).toEqual(['one', 'two', 'three']);
    expect(headers.getAll('none')).toEqual([]);
  });

  test('tell an empty value from none', () => {
    expect(headers.get('empty')).toBe('');
    expect(headers.has('empty')).toBe(true);
  });

  test('are iterated as they were written', () => {
    expect([...headers]).toEqual([
      ['Host', 'a'],
      ['X-Many', 'one'],
      ['Empty', ''],
      ['x-many', 'two'],
      ['X-MANY', 'three'],
    ]);
    expect(headers.size).toBe(5);
  });

  test('of Set-Cookie are kept apart', () => {
    expect(headersOf('Set-Cookie: a\r\nX: y\r\nSET-COOKIE: b').getSetCookie()).toEqual(['a', 'b']);
    expect(headers.getSetCookie()).toEqual([]);
  });

  test('are what the web has, several of a name included', () => {
    const web = headersOf('Set-Cookie: a\r\nX: y\r\nSET-COOKIE: b\r\nX: z').toWeb();
    expect(web).toBeInstanceOf(globalThis.Headers);
    expect([web.get('x'), web.getSetCookie()]).toEqual(['y, z', ['a', 'b']]);
  });

  test('are given to the web as they are', () => {
    const received = headersOf('Set-Cookie: a\r\nX: y\r\nSET-COOKIE: b\r\nX: z');
    const web: globalThis.Headers = received;
    expect(web).toBe(received);
    expect([...new globalThis.Headers(received)]).toEqual([...received.toWeb()]);
    expect(new globalThis.Headers(received).getSetCookie()).toEqual(['a', 'b']);
  });

  test('are iterated in every way that those of the web are', () => {
    const seen: unknown[] = [];
    const self = {};
    headers.forEach(function (this: unknown, value, name, all) {
      seen.push([name, value], this === self, all === headers);
    }, self);
    const pairs = [...headers];
    expect(seen).toEqual(pairs.flatMap((pair) => [pair, true, true]));
    expect([...headers.entries()]).toEqual(pairs);
    expect([...headers.keys()]).toEqual(pairs.map(([name]) => name));
    expect([...headers.values()]).toEqual(pairs.map(([, value]) => value));
  });

  test('are given to functions alone', () => {
    expect(() => headers.forEach(undefined as never)).toThrow(
      'expected `callback` to be a function',
    );
  });

  test.each(['append', 'set', 'delete'] as const)('are not changed by %s', (operation) => {
    const before = [...headers];
    expect(() => headers[operation]('Host', 'b')).toThrow('cannot be changed; copy them');
    expect([...headers]).toEqual(before);
  });

  test('are listed with names in lower case', () => {
    expect(headersOf('Set-Cookie: a\r\nSET-COOKIE: b').toArray()).toEqual([
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
    ]);
  });

  test('of Cookie are joined with a semicolon, and of other names of six letters with a comma', () => {
    const cookies = headersOf('Cookie: a=1\r\nCOOKIE: b=2\r\nServer: x\r\nServer: y');
    expect(cookies.get('cookie')).toBe('a=1; b=2');
    expect(cookies.get('server')).toBe('x, y');
  });

  test.each([undefined, null, 5])('are not found by %s, which is no name', (name) => {
    for (const call of ['get', 'getAll', 'has'] as const) {
      expect(() => headers[call](name as never)).toThrow('expected `name` to be a string');
    }
  });

  test('may be none', () => {
    expect([...NO_HEADERS]).toEqual([]);
    expect(NO_HEADERS.size).toBe(0);
    expect(NO_HEADERS.get('host')).toBeNull();
  });
});

describe('a callback of forEach', () => {
  const one = headersOf('a: 1');
  const withThen = (attributes: PropertyDescriptor): object =>
    // oxlint-disable-next-line unicorn/no-thenable -- what programs return
    Object.defineProperty({}, 'then', attributes);

  test('returns whatever a function without a promise returns', () => {
    for (const returned of [undefined, null, 1, 'x', {}, withThen({ value: 1 })]) {
      expect(() => one.forEach(() => returned)).not.toThrow();
    }
  });

  test.each([
    ['a promise', () => Promise.resolve()],
    ['a promise that is rejected', () => Promise.reject(new Error('x'))],
    ['what awaits as one', () => withThen({ value: () => {} })],
    [
      'what fails as one',
      () =>
        withThen({
          get: () => {
            throw new Error('x');
          },
        }),
    ],
  ])('that returns %s is refused', (_name, callback) => {
    expect(() => one.forEach(callback)).toThrow(
      expect.objectContaining({ name: 'LocalProtocolError' }),
    );
  });
});
