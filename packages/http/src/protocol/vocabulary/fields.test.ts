import { describe, expect, test } from '@jest/globals';
import { fieldList, fieldValue, hasField, isFieldValue, isToken } from './fields.ts';

describe('fields to be sent', () => {
  test('come from nothing, a record, pairs, or anything that iterates over pairs', () => {
    expect(fieldList(undefined)).toEqual([]);
    expect(fieldList({ a: 'x', b: 5, c: ['y', 'z'], d: undefined })).toEqual([
      'a',
      'x',
      'b',
      '5',
      'c',
      'y',
      'c',
      'z',
    ]);
    expect(
      fieldList([
        ['a', 'x'],
        ['a', 'y'],
      ]),
    ).toEqual(['a', 'x', 'a', 'y']);
    expect(fieldList(new Map([['a', 'x']]))).toEqual(['a', 'x']);
    expect(fieldList(new Headers({ A: 'x' }))).toEqual(['a', 'x']);
  });

  test.each(['a\r\nb: c', 'a\nb: c', 'a\r', 'a\0', 'a\x7f', 'snow \u2603'])(
    'refuse the value %j, which could end the line or has no byte',
    (value) => {
      const refusal = expect.objectContaining({
        name: 'LocalProtocolError',
        code: 'ERR_HTTP_HEADER_VALUE',
        message: expect.stringMatching(/^header x: expected a value of visible latin1/),
      });
      expect(() => fieldList({ x: value })).toThrow(refusal);
      expect(() => fieldList({ x: ['fine', value] })).toThrow(refusal);
      expect(() => fieldList([['x', value]])).toThrow(refusal);
    },
  );

  test.each(['', 'a b', 'a:', 'a\r\n', 'a\0', '\u00e9', '(a)'])(
    'refuse the name %j, which is no token',
    (name) => {
      expect(() => fieldList([[name, 'x']])).toThrow(
        expect.objectContaining({ code: 'ERR_HTTP_HEADER_NAME' }),
      );
    },
  );

  test('refuse what is no text, from programs without types', () => {
    expect(() => fieldList([['x', undefined as unknown as string]])).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_HEADER_VALUE' }),
    );
    expect(() => fieldList([[1 as unknown as string, 'x']])).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_HEADER_NAME' }),
    );
  });

  test.each([
    [{ headers: { a: 'b' } }, 'headers', 'a value of type object'],
    [{ a: null }, 'a', 'null'],
    [{ a: true }, 'a', 'a value of type boolean'],
    [{ a: new Date(0) }, 'a', 'a value of type object'],
    [{ a: ['b', {}] }, 'a', 'a value of type object'],
    [[['a', () => {}]], 'a', 'a value of type function'],
  ])('say what came where the value of %j is no text', (input, name, came) => {
    expect(() => fieldList(input as never)).toThrow(
      expect.objectContaining({
        name: 'LocalProtocolError',
        code: 'ERR_HTTP_HEADER_VALUE',
        message: `header ${name}: expected a string, a number or a list of strings, got ${came}`,
      }),
    );
  });

  test('are checked also when a program makes up more names than are remembered', () => {
    for (let count = 0; count < 1_100; count += 1) fieldList({ [`name-${count}`]: 'x' });
    expect(fieldList({ 'name-1099': 'x', 'name-0': 'y' })).toEqual([
      'name-1099',
      'x',
      'name-0',
      'y',
    ]);
    expect(() => fieldList({ 'bad name': 'x' })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_HEADER_NAME' }),
    );
  });

  test('are found by their name in lower case', () => {
    const fields = ['Content-Type', 'a', 'date', 'b', 'DATE', 'c'];
    expect(fieldValue(fields, 'date')).toBe('b');
    expect(fieldValue(fields, 'content-type')).toBe('a');
    expect(fieldValue(fields, 'host')).toBeUndefined();
    expect(hasField(fields, 'date')).toBe(true);
    expect(hasField(fields, 'etag')).toBe(false);
  });

  test('have the alphabets of RFC 9110', () => {
    const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    expect(characters.filter(isToken).join('')).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    );
    expect(characters.filter((one) => !isFieldValue(one))).toEqual(
      characters.filter((one) => (one < ' ' && one !== '\t') || one === '\x7f'),
    );
  });
});

test('a flat list is neither a record nor pairs, and is refused', () => {
  const flat = ['Retry-After', '10'] as unknown as Iterable<[string, string]>;
  expect(() => fieldList(flat)).toThrow('expected a record, or pairs of a name and a value');
});

test.each([null, 5, 'X: y', true])('%j is neither, and is refused', (input) => {
  expect(() => fieldList(input as never)).toThrow(
    'expected a record, or pairs of a name and a value',
  );
});
