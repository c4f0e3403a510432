import { describe, expect, test } from '@jest/globals';
import { attached } from './attached.ts';

describe('a field that is attached', () => {
  const owners: readonly (readonly [string, object])[] = [
    ['an object', { a: 1 }],
    ['a frozen object', Object.freeze({ a: 1 })],
    ['a function', () => 1],
    ['a proxy', new Proxy({}, {})],
    ['an object without a prototype', Object.create(null) as object],
  ];

  test.each(owners)(
    'is there once it is set, and replaced when it is set again: %s',
    (_, owner) => {
      const field = attached<string>();
      expect(field.of(owner)).toBeUndefined();
      field.set(owner, 'first');
      expect(field.of(owner)).toBe('first');
      field.set(owner, 'second');
      expect(field.of(owner)).toBe('second');
    },
  );

  test('is apart from all others', () => {
    const [one, other] = [attached<number>(), attached<number>()];
    const [a, b] = [{}, {}];
    one.set(a, 1);
    other.set(a, 2);
    expect([one.of(a), other.of(a), one.of(b), other.of(b)]).toEqual([1, 2, undefined, undefined]);
  });

  test('stays what it is when its owner is frozen afterwards', () => {
    const field = attached<number>();
    const owner = {};
    field.set(owner, 1);
    Object.freeze(owner);
    field.set(owner, 2);
    expect(field.of(owner)).toBe(2);
  });

  test('does not show on its owner', () => {
    const owner = { a: 1 };
    attached<number>().set(owner, 1);
    expect(Reflect.ownKeys(owner)).toEqual(['a']);
    expect({ ...owner }).toEqual({ a: 1 });
  });
});
