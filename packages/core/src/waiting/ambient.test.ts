import { expect, test } from '@jest/globals';
import { currentScope } from './ambient.ts';

test('a test runner that cleans the globals after a file leaves alone what finds the scope', () => {
  const state: unknown = Reflect.get(globalThis, Symbol.for('@awaitio/core: scopes 1'));
  expect(currentScope()).toBeUndefined();
  expect(Object.getOwnPropertyDescriptor(state, 'storage')).toMatchObject({
    configurable: false,
    writable: true,
  });
});
