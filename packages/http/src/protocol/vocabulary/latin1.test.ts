import { expect, test } from '@jest/globals';
import { latin1, latin1Bytes } from './latin1.ts';

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

test.each([0, 1, 13, 64, 65, 256])('text of %i characters is as many bytes again', (length) => {
  const bytes = BYTES.subarray(BYTES.length - length);
  const again = latin1Bytes(latin1(bytes));
  expect([...again]).toEqual([...bytes]);
  expect(again.buffer.byteLength).toBe(length);
});
