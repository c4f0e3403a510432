/** What both directions of a stream share, held once per stream: each direction has one reference to it. */

import { BusyError, ClosedError, invalidInput } from '../vocabulary/errors.ts';
import type { Budget } from '../waiting/budget.ts';
import type { Clock } from '../vocabulary/clock.ts';
import type { Transport } from './transport.ts';

/** The default of `readHighWaterMark` and `writeHighWaterMark`, in bytes. */
export const DEFAULT_HIGH_WATER_MARK = 65_536;

/** From how many bytes on a stream applies back-pressure; most streams share one pair. */
export interface HighWaterMarks {
  /** Queued bytes above which the carrier is paused. */
  readonly read: number;
  /** The stream counts as writable while the carrier holds fewer unsent bytes than this. */
  readonly write: number;
}

export interface StreamParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly marks: HighWaterMarks;
}

const DEFAULT_MARKS: HighWaterMarks = Object.freeze({
  read: DEFAULT_HIGH_WATER_MARK,
  write: DEFAULT_HIGH_WATER_MARK,
});

/** The marks of the options, or their defaults. */
export function marksOf(
  options:
    | {
        readonly readHighWaterMark?: number | undefined;
        readonly writeHighWaterMark?: number | undefined;
      }
    | undefined,
): HighWaterMarks {
  const { readHighWaterMark: read, writeHighWaterMark: write } = options ?? {};
  if (read === undefined && write === undefined) return DEFAULT_MARKS;
  return { read: read ?? DEFAULT_HIGH_WATER_MARK, write: write ?? DEFAULT_HIGH_WATER_MARK };
}

/** The error of a call after this side closed the stream. */
export function closedError(operation: string): ClosedError {
  return new ClosedError(`${operation}: this stream was closed by this side`, {
    code: 'ERR_STREAM_CLOSED',
    operation,
  });
}

/** The error of a call while `other` is pending. */
export function busyError(operation: string, other: string, verb: 'read' | 'write'): BusyError {
  return new BusyError(
    `${operation}: another task is in ${other} of this stream; one task at a time may ${verb}`,
    { code: 'EBUSY', operation },
  );
}

/**
 * Sets a count of the caller's `progress` to 0, before anything is done for it.
 *
 * @throws {@link InvalidInputError} for what has no such property, or a frozen one.
 */
export function startProgress<Name extends string>(
  operation: string,
  progress: { [Key in Name]: number },
  name: Name,
): void {
  try {
    (progress as Record<string, number>)[name] = 0;
  } catch {
    const expected = `an object whose \`${name}\` can be set`;
    throw invalidInput(operation, 'progress', expected, progress);
  }
}
