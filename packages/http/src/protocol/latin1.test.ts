import { expect, test } from '@jest/globals';
import { latin1 } from './latin1.ts';

const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test('every byte is one character with its number', () => {
  const text = latin1(BYTES);
  expect(Array.from(text, (character) => character.charCodeAt(0))).toEqual([...BYTES]);
});

test('part of the bytes is part of the text', () => {
  expect(latin1(BYTES, 65, 68)).toBe('ABC');
  expect(latin1(BYTES.subarray(65), 0, 3)).toBe('ABC');
  expect(latin1(BYTES, 254)).toBe('\xfe\xff');
});
