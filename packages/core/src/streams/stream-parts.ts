/** What both directions of a stream share, held once per stream: each direction has one reference to it. */

import { BusyError, ClosedError, invalidInput } from '../vocabulary/errors.ts';
import { callContained, stderrSink } from '../vocabulary/callbacks.ts';
import { outsideScopes } from '../waiting/ambient.ts';
import type { Budget } from '../waiting/budget.ts';
import type { Clock } from '../vocabulary/clock.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import { systemClock } from '../waiting/system-clock.ts';
import type { StandingRead } from './queue/standing-read.ts';
import type { StreamWriter } from './stream-writer.ts';
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

/** What this package may use of a stream beside its public calls. */
interface Inside {
  readonly clock: Clock;
  giveAway(): void;
  readonly isClosed: boolean;
  readonly isDisposed: boolean;
  shutdownRead(): void;
  shut(): void;
  closeSides(): void;
  finisher: StreamFinisher | undefined;
  readonly transport: { readonly isReleased?: boolean };
  readonly reading: { stand(reader: StandingRead): boolean };
  readonly writing: { tryWriteEncoded(wire: string, transfer: boolean): number | WouldBlock };
}

let insideOf: (stream: object) => Inside | undefined = () => undefined;

/** Called by the class of streams, which alone sees their inside; `undefined` stands for any other object. */
export function openInside(access: typeof insideOf): void {
  insideOf = access;
}

/** The clock of a stream; the system's for one that has none. */
export function clockOf(stream: object): Clock {
  return insideOf(stream)?.clock ?? systemClock;
}

/**
 * As `tryWrite` with `transfer`, for text of which each character stands for one byte (latin1): for protocols whose heads
 * are such text, as those of HTTP are, the cheapest form of a write.
 *
 * @param text - Must contain no character above U+00FF.
 * @returns As `tryWrite`: how many bytes, and so characters, were accepted, or `WOULD_BLOCK`.
 * @throws as `tryWrite`.
 */
export function tryWriteLatin1(stream: StreamWriter, text: string): number | WouldBlock {
  const inside = insideOf(stream);
  if (inside !== undefined) return inside.writing.tryWriteEncoded(text, true);
  // A stream of another copy of this package.
  return stream.tryWrite(Buffer.from(text, 'latin1'), { transfer: true });
}

/**
 * As `readWith` with a consumer that is called when its read has settled, in a microtask, outside of scopes: for the loop of a
 * connection, which a promise of each read would cost memory while it is idle.
 *
 * @param reader - Nothing cancels its read but the end of the stream.
 * @returns Whether the read waits. It does not, and nothing is done, where bytes or the end are at hand, another read is pending,
 * or the stream is of another copy of this package: then `readWith` does the same with a promise. Nor does it before the reader was
 * called for its last read: a reader does one at a time.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { readStanding, StandingRead } from '@awaitio/core/lowlevel';
 *
 * class Counter extends StandingRead {
 *   take(view: Uint8Array): number {
 *     return view.length;
 *   }
 *   protected onRead(count: number | null): void {
 *     console.log(count === null ? 'the end' : `${count} bytes`);
 *   }
 *   protected onReadFailed(error: unknown): void {
 *     console.log('failed', error);
 *   }
 * }
 * const [client, server] = memoryPair();
 * console.log(readStanding(server, new Counter())); // true
 * await client.close();
 * await new Promise(setImmediate); // the end
 * await server.close();
 * ```
 */
export function readStanding(stream: object, reader: StandingRead): boolean {
  return insideOf(stream)?.reading.stand(reader) ?? false;
}

/** Is called when the connection of its stream is closed: see {@link finishStream}. */
export interface StreamFinisher {
  onStreamClosed(): void;
}

/**
 * Finishes a stream without a promise: sends FIN after what was accepted, drops what still arrives, and calls back once the connection
 * is closed, by the peer's FIN or by a failure. For the end of a server's connection, which takes most of the time of one with a single
 * request.
 *
 * @param owner - Called in a microtask, outside of scopes; the stream is closed as after `close` by then. It must
 * not throw: what it does so with has no place but a line on stderr.
 * @returns Whether it is going to call back. It is not where some of what was accepted is unsent, the connection has ended, or the stream
 * is of another copy of this package: then `shutdown`, `closed` and `close` do the rest.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { finishStream } from '@awaitio/core/lowlevel';
 *
 * const [client, server] = memoryPair();
 * const owner = { onStreamClosed: () => console.log('closed') };
 * // The memory of a pair is passed on, and so never released.
 * if (!finishStream(server, owner)) await server.shutdown('write');
 * console.log(await client.readChunk()); // null
 * await client.close();
 * ```
 */
export function finishStream(stream: object, owner: StreamFinisher): boolean {
  const inside = insideOf(stream);
  if (inside === undefined || inside.isClosed || inside.isDisposed) return false;
  inside.shutdownRead();
  inside.shut();
  if (inside.isClosed || inside.transport.isReleased !== true) return false;
  inside.finisher = owner;
  return true;
}

/** The connection of a stream that was finished is closed. */
export function finishSoon(stream: Pick<Inside, 'closeSides'>, finisher: StreamFinisher): void {
  void settled.then(() => {
    outsideScopes(() => {
      stream.closeSides();
      callContained('onStreamClosed', callFinisher, finisher, undefined, stderrSink);
    });
  });
}

const callFinisher = (finisher: StreamFinisher): unknown => finisher.onStreamClosed();

const settled = Promise.resolve();

/** Leaves a stream with nothing but its end, because something else uses its carrier; its queued bytes are dropped. */
export function giveAway(stream: object): void {
  insideOf(stream)?.giveAway();
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
