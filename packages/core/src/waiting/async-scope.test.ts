import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from '@jest/globals';
import { AsyncScope, separateContexts } from './async-scope.ts';

describe('a scope', () => {
  const storage = new AsyncLocalStorage<string>();

  test('calls a function in the context in which it was made, with its arguments and result', () => {
    const scope = storage.run('made', () => new AsyncScope());
    const join = (a: number, b: string): string => `${a} ${b} ${storage.getStore()}`;
    storage.run('called', () => {
      expect(scope.run(join, 1, 'b')).toBe('1 b made');
      expect(storage.getStore()).toBe('called');
    });
  });

  test('keeps what is entered in it from its caller and from later calls', () => {
    const scope = new AsyncScope();
    const enter = (): void => {
      storage.enterWith('entered');
    };
    scope.run(enter);
    expect(storage.getStore()).toBeUndefined();
    expect(scope.run(() => storage.getStore())).toBeUndefined();
  });

  test('lets what is entered in it reach the work that starts there', async () => {
    const scope = new AsyncScope();
    const work = scope.run(async () => {
      storage.enterWith('entered');
      await Promise.resolve();
      const before = storage.getStore();
      await new Promise(setImmediate);
      return [before, storage.getStore()];
    });
    expect(await work).toEqual(['entered', 'entered']);
    expect(storage.getStore()).toBeUndefined();
  });

  test('ends with a function that throws', () => {
    const failure = new Error('this failure is part of the test');
    const scope = new AsyncScope();
    const fail = (): never => {
      storage.enterWith('entered');
      throw failure;
    };
    expect(() => scope.run(fail)).toThrow(failure);
    expect(storage.getStore()).toBeUndefined();
  });
});

describe('separated contexts', () => {
  test('stay separate when the program disables its last storage and enters another one', async () => {
    separateContexts();
    const scope = new AsyncScope();
    const first = new AsyncLocalStorage<string>();
    first.enterWith('first');
    first.disable();
    await new Promise(setImmediate);
    const second = new AsyncLocalStorage<string>();
    const [entered, other] = await Promise.all([
      scope.run(async () => {
        await Promise.resolve();
        second.enterWith('second');
        return second.getStore();
      }),
      scope.run(async () => {
        await Promise.resolve();
        await Promise.resolve();
        return second.getStore();
      }),
    ]);
    expect([entered, other]).toEqual(['second', undefined]);
  });
});
