import { describe, expect, test } from '@jest/globals';
import { loadWebClasses, refuse, troubleOf, type WebFacts } from './web-classes.ts';

const made: number[] = [];

class Roomy {
  readonly initial: number;

  constructor({ initial }: { readonly initial: number }) {
    this.initial = initial;
    made.push(initial);
  }
}

class Full extends Roomy {
  constructor() {
    super({ initial: 0 });
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  }
}

const HERE: WebFacts = {
  undici: '6.24.1',
  webAssembly: { Memory: Roomy },
  isLoaded: false,
};

describe('whether Node can load its classes of the web', () => {
  test('where there is room for undici’s parser it can', () => {
    made.length = 0;
    expect(troubleOf(HERE)).toBe(undefined);
    expect(made).toEqual([2]);
  });

  test('without WebAssembly it cannot', () => {
    expect(troubleOf({ ...HERE, webAssembly: undefined })).toMatch(/need WebAssembly/);
  });

  test('without room for the parser’s memory it cannot', () => {
    expect(troubleOf({ ...HERE, webAssembly: { Memory: Full } })).toMatch(/no memory/);
  });

  test('what is loaded already needs no room', () => {
    expect(troubleOf({ ...HERE, webAssembly: undefined, isLoaded: true })).toBe(undefined);
  });

  for (const [undici, starts] of [
    ['5.28.4', true],
    ['6.24.1', true],
    ['7.8.0', true],
    ['7.11.0', true],
    ['7.12.0', false],
    ['7.29.1', false],
    ['8.10.2', false],
    ['10.0.0', false],
    [undefined, false],
  ] as const) {
    test(`undici ${undici ?? 'that is missing'} starts ${starts ? 'a' : 'no'} parser when it is loaded`, () => {
      const trouble = troubleOf({ ...HERE, undici, webAssembly: undefined });
      expect(trouble !== undefined).toBe(starts);
    });
  }
});

test('what needs them says why it cannot have them', () => {
  expect(() => {
    refuse('toWeb', 'there is no memory');
  }).toThrow(new Error('toWeb: there is no memory'));
});

test('in a process that can load them, loading them again does nothing', () => {
  loadWebClasses('first');
  loadWebClasses('second');
  expect(typeof globalThis.Headers).toBe('function');
});
