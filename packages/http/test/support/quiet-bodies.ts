/** Bodies that give one piece and then nothing, until they are ended. */

import { Readable } from 'node:stream';
import type { ResponseBody } from '../../src/index.ts';

const never = (): Promise<never> => new Promise(() => {});

/** A body that gives one piece and then nothing, and what it was ended with. */
export interface Quiet {
  readonly body: Exclude<ResponseBody, string | Uint8Array | null>;
  readonly ends: unknown[];
}

type Kind = readonly [name: string, make: () => Quiet];

/** One of each kind. */
export const QUIET: readonly [Kind, ...Kind[]] = [
  [
    'a ReadableStream',
    () => {
      const ends: unknown[] = [];
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from('one')),
        pull: never,
        cancel: (reason) => {
          ends.push(reason);
        },
      });
      return { body, ends };
    },
  ],
  [
    'an iterator',
    () => {
      const ends: unknown[] = [];
      const pieces = ['one'];
      const iterator = {
        next: async () => {
          const value = pieces.shift();
          return value === undefined ? never() : { done: false as const, value };
        },
        return: async () => {
          ends.push('return');
          return { done: true as const, value: undefined };
        },
      };
      return { body: { [Symbol.asyncIterator]: () => iterator }, ends };
    },
  ],
  [
    'a stream of Node',
    () => {
      const ends: unknown[] = [];
      const body = new Readable({
        read: () => {},
        destroy: (error, callback) => {
          ends.push(error);
          callback(error);
        },
      });
      body.push('one');
      return { body, ends };
    },
  ],
];
