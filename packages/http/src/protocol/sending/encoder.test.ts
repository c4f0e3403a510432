import { describe, expect, test } from '@jest/globals';
import { encodeRequestHead, encodeResponseHead } from './encoder.ts';
import { takeFramingFields } from './outgoing-fields.ts';

const head = (fields: readonly string[]): string =>
  encodeRequestHead({
    method: 'GET',
    target: '/',
    fields,
    framing: { kind: 'none' },
    connection: undefined,
  });

describe('the head of a request', () => {
  test('has the fields of its list, also of one that was changed since', () => {
    const fields = ['A', 'b'];
    expect(head(fields)).toBe('GET / HTTP/1.1\r\nA: b\r\n\r\n');
    fields.push('C', 'd');
    expect(head(fields)).toBe('GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n');
  });

  test('has those of a list that cannot change each time, whatever comes between', () => {
    const one = Object.freeze(['A', '1']);
    const other = Object.freeze(['A', '2']);
    for (const fields of [one, one, other, other, one, ['A', '3'], one]) {
      expect(head(fields)).toBe(`GET / HTTP/1.1\r\nA: ${fields[1]}\r\n\r\n`);
    }
  });
});

test.each([0, 1, 19, 1_023, 1_024, 70_000])(
  'the head of a response says that its body has %i bytes, each time',
  (length) => {
    const parts = { status: 200, fields: [], date: '', connection: undefined };
    const encoded = (): string =>
      encodeResponseHead({ ...parts, framing: { kind: 'length', length, isSent: true } });
    const expected = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
    expect([encoded(), encoded()]).toEqual([expected, expected]);
  },
);

test('a field that is as long as one of framing is left where it is, uncopied', () => {
  const fields = ['User-Agent', 'x', 'Content-Offset', 'y', 'Transfer-Encodinx', 'z'];
  expect(takeFramingFields(fields, undefined).fields).toBe(fields);
});
