import { describe, expect, test } from '@jest/globals';
import { Socket } from 'node:net';
import { canAdopt } from './adopt.ts';

/** What a later Node might do with a socket's options or internals. */
const BROKEN: readonly (readonly [name: string, make: (options: object) => Socket])[] = [
  ['has no `handle` option', () => new Socket()],
  ['throws at it', () => new Socket({ fd: -1 })],
  ['ignores `onread`', (options) => new Socket({ ...options, onread: undefined })],
  [
    'reads into another buffer',
    (options) =>
      new Socket(
        Object.assign(options, { onread: { buffer: new Uint8Array(1), callback: () => true } }),
      ),
  ],
  [
    'keeps its handle',
    (options) => {
      const socket = new Socket(options);
      Object.defineProperty(socket, '_handle', {
        value: (options as { handle: unknown }).handle,
        writable: false,
      });
      return socket;
    },
  ],
  [
    'begins to read by itself',
    (options) => {
      (options as { handle: { readStart(): number } }).handle.readStart();
      return new Socket(options);
    },
  ],
];

describe('the self-test of shared reads', () => {
  test('passes on this Node', () => {
    expect(canAdopt((options) => new Socket(options))).toBe(true);
  });

  test.each(BROKEN)('fails on a Node that %s', (_name, make) => {
    expect(canAdopt(make)).toBe(false);
  });
});
