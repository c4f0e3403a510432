import { expect, test } from '@jest/globals';
import { elementsOf, trimBlanks } from './lists.ts';

test('spaces and tabs are white space, and nothing else is', () => {
  expect(trimBlanks('\t a \t b\t ')).toBe('a \t b');
  expect(trimBlanks(' \t ')).toBe('');
  expect(trimBlanks('')).toBe('');
  expect(trimBlanks('\xa0a\x0b\r\n')).toBe('\xa0a\x0b\r\n');
});

test('a list is elements between commas, in lower case, the empty ones too', () => {
  expect(elementsOf('Close')).toEqual(['close']);
  expect(elementsOf(' a ,\tB\t,c d,')).toEqual(['a', 'b', 'c d', '']);
  expect(elementsOf('')).toEqual(['']);
});

test('blanks take time by their number, not by its square', () => {
  // By the square, this would take minutes.
  const blanks = ' '.repeat(4_000_000);
  expect(elementsOf(`a${blanks}b`)).toHaveLength(1);
  expect(trimBlanks(`${blanks}a${blanks}b${blanks}`)).toHaveLength(4_000_002);
});
