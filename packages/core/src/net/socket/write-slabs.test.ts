import { afterEach, describe, expect, test } from '@jest/globals';
import { copyToSlab, keepSlab, reuseSlabs, SLAB_SIZE } from './write-slabs.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (view: Uint8Array): string => Buffer.from(view).toString();

afterEach(reuseSlabs);

describe('copies of small writes', () => {
  test('are the bytes as they were, whatever becomes of the memory they came from', () => {
    const source = bytes('before');
    const copy = copyToSlab(source);
    source.fill(0);
    expect(text(copy)).toBe('before');
  });

  test('of one turn do not overlap, however many slabs they take', () => {
    const copies = Array.from({ length: 5_000 }, (_, index) => copyToSlab(bytes(`copy ${index}`)));
    expect(copies.map(text)).toEqual(copies.map((_, index) => `copy ${index}`));
    expect(new Set(copies.map(({ buffer }) => buffer)).size).toBeGreaterThan(1);
  });

  test('may be as large as a slab, and may be empty', () => {
    copyToSlab(bytes('first'));
    const whole = copyToSlab(new Uint8Array(SLAB_SIZE).fill(7));
    expect([whole.length, whole.every((byte) => byte === 7)]).toEqual([SLAB_SIZE, true]);
    expect(copyToSlab(new Uint8Array()).length).toBe(0);
  });

  test('lie in the memory of those of the turn before', () => {
    const { buffer } = copyToSlab(bytes('one turn'));
    reuseSlabs();
    expect(copyToSlab(bytes('the next')).buffer).toBe(buffer);
  });

  test('that are kept are not written over, in the same turn or in a later one', () => {
    const kept = copyToSlab(bytes('to be sent later'));
    keepSlab(kept);
    const others = [copyToSlab(bytes('of the same turn'))];
    reuseSlabs();
    for (let turn = 0; turn < 100; turn += 1) {
      others.push(copyToSlab(bytes('of a later turn.')));
      reuseSlabs();
    }
    expect(text(kept)).toBe('to be sent later');
    for (const other of others) expect(other.buffer).not.toBe(kept.buffer);
  });

  test('are kept by their own memory only: strings and foreign memory keep nothing', () => {
    const { buffer } = copyToSlab(bytes('a'));
    keepSlab('a');
    keepSlab(bytes('a'));
    reuseSlabs();
    expect(copyToSlab(bytes('b')).buffer).toBe(buffer);
  });

  test('of a turn that was unusually busy do not stay in memory', () => {
    const buffers = new Set(
      Array.from({ length: 40 }, () => copyToSlab(new Uint8Array(SLAB_SIZE)).buffer),
    );
    reuseSlabs();
    const again = Array.from({ length: 40 }, () => copyToSlab(new Uint8Array(SLAB_SIZE)).buffer);
    expect(buffers.size).toBe(40);
    expect(again.filter((buffer) => buffers.has(buffer))).toHaveLength(16);
  });
});
