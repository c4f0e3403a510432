import { describe, expect, test } from '@jest/globals';
import { Interest, Ready, ReadyBits } from './interest.ts';
import { WOULD_BLOCK } from './would-block.ts';

describe('Ready', () => {
  test.each([
    ['isReadable', ReadyBits.READABLE],
    ['isWritable', ReadyBits.WRITABLE],
    ['isReadClosed', ReadyBits.READ_CLOSED],
    ['isWriteClosed', ReadyBits.WRITE_CLOSED],
    ['isError', ReadyBits.ERROR],
  ] as const)('%s reports its own bit and of no other', (getter, bit) => {
    expect(new Ready(bit)[getter]).toBe(true);
    expect(new Ready(31 & ~bit)[getter]).toBe(false);
  });

  test('has an interest when one of its bits is met', () => {
    const ready = new Ready(ReadyBits.READABLE | ReadyBits.ERROR);
    expect(ready.has(Interest.READABLE)).toBe(true);
    expect(ready.has(Interest.WRITABLE)).toBe(false);
    expect(ready.has(Interest.READABLE | Interest.WRITABLE)).toBe(true);
  });

  test('is empty without a bit', () => {
    expect(new Ready(0).isEmpty).toBe(true);
    expect(new Ready(ReadyBits.ERROR).isEmpty).toBe(false);
  });

  test('shares the bits of the interests, which can be combined', () => {
    expect([Interest.READABLE, Interest.WRITABLE]).toEqual([1, 2]);
    expect([ReadyBits.READABLE, ReadyBits.WRITABLE]).toEqual([1, 2]);
  });
});

describe('WOULD_BLOCK', () => {
  test('is a separate value: no number, not null, and named in a debugger', () => {
    const outcomes: unknown[] = [0, 1, null, undefined];
    expect(outcomes).not.toContain(WOULD_BLOCK);
    expect(String(WOULD_BLOCK)).toBe('Symbol(awaitio.WOULD_BLOCK)');
  });
});
