/** Scripts of what two programs do with a connection, and the dice that write them. */

import * as fc from 'fast-check';

/** Which end does it. */
export type End = 0 | 1;

/** How a call is given up, if it is: by one of a few signals that all calls share, or by its time. */
export type GiveUp = { readonly signal?: number; readonly timeout?: number };

/** One step of a script. */
export type Step =
  | {
      readonly do: 'write';
      readonly end: End;
      readonly via: 'tryWrite' | 'write' | 'writeAll' | 'writev';
      readonly size: number;
      readonly transfer: boolean;
      readonly giveUp: GiveUp;
    }
  | {
      readonly do: 'read';
      readonly end: End;
      readonly via:
        | 'tryRead'
        | 'read'
        | 'readChunk'
        | 'readWith'
        | 'readExactly'
        | 'readUntil'
        | 'readLine'
        | 'iterate';
      readonly size: number;
      readonly giveUp: GiveUp;
    }
  | { readonly do: 'peek'; readonly end: End; readonly size: number }
  | {
      readonly do: 'wait';
      readonly end: End;
      readonly via: 'readable' | 'writable' | 'ready' | 'readClosed' | 'flush';
      readonly giveUp: GiveUp;
    }
  | { readonly do: 'pass'; readonly time: number }
  | { readonly do: 'abort'; readonly signal: number }
  | {
      readonly do: 'shutdown';
      readonly end: End;
      readonly how: 'read' | 'write';
      readonly giveUp: GiveUp;
    }
  | { readonly do: 'close' | 'reset'; readonly end: End };

/** How many signals the calls of a script share. */
export const SIGNALS = 3;

const end: fc.Arbitrary<End> = fc.constantFrom(0, 1);

const giveUp: fc.Arbitrary<GiveUp> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.record({ signal: fc.nat(SIGNALS - 1) }) },
  { weight: 1, arbitrary: fc.record({ timeout: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ signal: fc.nat(SIGNALS - 1), timeout: fc.nat(5) }) },
);

/** Mostly a few bytes, sometimes more than a stream buffers. */
const size = (most: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: Math.min(2_000, most) }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: most }) },
  );

/** Scripts whose single calls move at most so many bytes. */
export function scripts(most: number): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        end,
        via: fc.constantFrom('tryWrite', 'write', 'writeAll', 'writev'),
        size: size(most),
        transfer: fc.boolean(),
        giveUp,
      }),
    },
    {
      weight: 14,
      arbitrary: fc.record({
        do: fc.constant('read' as const),
        end,
        via: fc.constantFrom(
          'tryRead',
          'read',
          'readChunk',
          'readWith',
          'readExactly',
          'readUntil',
          'readLine',
          'iterate',
        ),
        size: size(most),
        giveUp,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('peek' as const), end, size: size(most) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        end,
        via: fc.constantFrom('readable', 'writable', 'ready', 'readClosed', 'flush'),
        giveUp,
      }),
    },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('pass' as const), time: fc.nat(4) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('abort' as const), signal: fc.nat(SIGNALS - 1) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('shutdown' as const),
        end,
        how: fc.constantFrom('write', 'write', 'write', 'read'),
        giveUp,
      }),
    },
  );
  const last: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom('close' as const, 'reset' as const),
    end,
  });
  // Most scripts end gracefully, so that whole flows are compared; the others close or reset an end in the middle.
  return fc.oneof(
    { weight: 3, arbitrary: fc.array(step, { maxLength: 60, size: 'max' }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.array(step, { maxLength: 40, size: 'max' }),
          last,
          fc.array(step, { maxLength: 15 }),
        )
        .map(([before, end_, after]) => [...before, end_, ...after]),
    },
  );
}
