import { describe, expect, test } from '@jest/globals';
import { encodeRequestHead } from './encoder.ts';
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

test('a field that is as long as one of framing is left where it is, uncopied', () => {
  const fields = ['User-Agent', 'x', 'Content-Offset', 'y', 'Transfer-Encodinx', 'z'];
  expect(takeFramingFields(fields, undefined).fields).toBe(fields);
});
