import { describe, expect, test } from '@jest/globals';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { canAdopt, type SocketMaker } from './adopt.ts';

const make = (options: object, others: object = {}): Socket =>
  new Socket(Object.assign<SocketConstructorOpts, object>(options, others));

/** What a later Node might do with a socket's options or internals. */
const BROKEN: readonly (readonly [name: string, make: SocketMaker])[] = [
  ['has no `handle` option', () => new Socket()],
  ['throws at it', () => new Socket({ fd: -1 })],
  ['ignores `onread`', (options) => make(options, { onread: undefined })],
  [
    'reads into another buffer',
    (options) => make(options, { onread: { buffer: new Uint8Array(1), callback: () => true } }),
  ],
  [
    'keeps its handle',
    (options) => {
      const { handle: value } = options as { handle: unknown };
      return Object.defineProperty(make(options), '_handle', { value, writable: false });
    },
  ],
  [
    'begins to read by itself',
    (options) => {
      (options as { handle: { readStart(): number } }).handle.readStart();
      return make(options);
    },
  ],
];

describe('the self-test of shared reads', () => {
  test('passes on this Node', () => {
    expect(canAdopt(make)).toBe(true);
  });

  test.each(BROKEN)('fails on a Node that %s', (_name, maker) => {
    expect(canAdopt(maker)).toBe(false);
  });
});
