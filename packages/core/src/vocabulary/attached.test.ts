import { describe, expect, test } from '@jest/globals';
import { Attached, makeRoom } from './attached.ts';

function withRoom<T extends object>(owner: T): T {
  makeRoom(owner);
  return owner;
}

describe('what is attached to an object', () => {
  const owners: readonly (readonly [string, object])[] = [
    ['an object', { a: 1 }],
    ['an object with room', withRoom({ a: 1 })],
    ['an object with room that is frozen since', Object.freeze(withRoom({ a: 1 }))],
    ['a frozen object', Object.freeze({ a: 1 })],
    ['a function', () => 1],
    ['a proxy', new Proxy({}, {})],
    ['an object without a prototype', Object.create(null) as object],
  ];

  test.each(owners)('is there once it is set, until it is set again: %s', (_, owner) => {
    const attached = new Attached<string>();
    expect(attached.of(owner)).toBeUndefined();
    attached.set(owner, 'first');
    expect(attached.of(owner)).toBe('first');
    attached.set(owner, 'second');
    expect(attached.of(owner)).toBe('second');
  });

  test.each([
    ['with room', withRoom({}), withRoom({})],
    ['without', {}, {}],
  ])('is apart from all else, on objects %s', (_, a, b) => {
    const [one, other] = [new Attached<number>(), new Attached<number>()];
    one.set(a, 1);
    other.set(a, 2);
    expect([one.of(a), other.of(a), one.of(b), other.of(b)]).toEqual([1, 2, undefined, undefined]);
  });

  test('does not show', () => {
    const owner = withRoom({ a: 1 });
    new Attached<number>().set(owner, 1);
    expect(Reflect.ownKeys(owner)).toEqual(['a']);
    expect({ ...owner }).toEqual({ a: 1 });
  });
});
