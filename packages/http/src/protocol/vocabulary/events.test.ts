import { describe, expect, test } from '@jest/globals';
import { Data } from './events.ts';

const BYTES = Uint8Array.of(0, 13, 65, 127, 128, 255);
const TEXT = '\0\rA\x7f\x80\xff';

describe.each([
  ['bytes', new Data(BYTES)],
  ['text', new Data(TEXT)],
])('a piece of a body that was kept as %s', (_what, data) => {
  test('is as long as its bytes, which are the same however often they are asked for', () => {
    expect(data.length).toBe(6);
    expect([...data.bytes]).toEqual([...BYTES]);
    expect(data.bytes).toBe(data.bytes);
  });
});

test('a piece knows its text only where that costs nothing', () => {
  expect(new Data(TEXT).latin1).toBe(TEXT);
  expect(new Data(BYTES).latin1).toBeUndefined();
});
