/** The memory of heads that repeat (`repeated-head.ts`) as tests see it: counted, switched off, or with planted bugs. */

import { expect } from '@jest/globals';
import fc from 'fast-check';
import { RepeatedHead } from '../../src/protocol/receiving/repeated-head.ts';
import type { ConnectionEvent } from '../../src/protocol/vocabulary/events.ts';
import type { Headers } from '../../src/protocol/vocabulary/headers.ts';

type Find = RepeatedHead['find'];
type Remember = RepeatedHead['remember'];

/** A memory with other calls, made of those of the real one. */
export interface Plant {
  readonly find?: (find: Find, ...args: Parameters<Find>) => ReturnType<Find>;
  readonly remember?: (remember: Remember, ...args: Parameters<Remember>) => void;
}

/** Runs `body` with other calls in every connection's memory. */
export function withMemory<T>(plant: Plant, body: () => T): T {
  const { prototype } = RepeatedHead;
  const { find, remember } = prototype;
  prototype.find = function planted(...args) {
    return plant.find === undefined ? find.apply(this, args) : plant.find(find.bind(this), ...args);
  };
  prototype.remember = function planted(...args) {
    if (plant.remember === undefined) remember.apply(this, args);
    else plant.remember(remember.bind(this), ...args);
  };
  try {
    return body();
  } finally {
    Object.assign(prototype, { find, remember });
  }
}

/** The memory that never recognizes a head: each is parsed. */
export const NO_MEMORY: Plant = { find: () => undefined };

/** Runs `body`, and counts the heads in it that were recognized: those were not parsed. */
export function countingRepeats(body: () => unknown): number {
  let repeats = 0;
  const find: Plant['find'] = (real, text, at) => {
    const head = real(text, at);
    if (head !== undefined) repeats += 1;
    return head;
  };
  withMemory({ find }, body);
  return repeats;
}

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const fieldsOf = (fields: Headers | undefined): unknown => fields && [...fields];

/** All that a program can see of an event. */
export function valueOf(event: ConnectionEvent): unknown {
  if (event.type === 'data') {
    return { data: textOf(event.bytes), length: event.length };
  }
  if (event.type === 'end') return { end: fieldsOf(event.trailers) };
  return event.type === 'closed'
    ? event.type
    : Object.assign({ fields: fieldsOf(event.headers) }, event);
}

/** What came of a conversation, and the heads that it gave out. */
export interface Played {
  readonly heads: readonly { readonly headers: Headers }[];
}

/** Plays a conversation with the memory and without: what comes of it is the same, and no head is given out twice. */
export function playTwice(play: () => Played): void {
  const { heads, ...played } = play();
  const { heads: _others, ...expected } = withMemory(NO_MEMORY, play);
  expect(played).toEqual(expected);
  // What a program hangs on one head must not be on the next.
  expect(new Set(heads).size).toBe(heads.length);
  expect(new Set(heads.map(({ headers }) => headers)).size).toBe(heads.length);
}

/** Mistakes that any memory may make. */
export const MISTAKES: readonly [what: string, plant: Plant][] = [
  ['does not wait for the whole body', { find: (find, text, at) => find(`${text}?`, at) }],
  [
    'hands out the same head each time',
    {
      remember: (remember, text, head) => {
        remember(text, Object.assign(head, { copy: () => head }));
      },
    },
  ],
];

/** Whether a property fails for a memory with a mistake. The first failure is enough: shrinking it can take minutes, by the luck of the seed. */
export function finds<T>(plant: Plant, property: fc.IProperty<T>, numRuns: number): boolean {
  return withMemory(plant, () => fc.check(property, { numRuns, endOnFailure: true })).failed;
}
