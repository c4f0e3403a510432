/**
 * Reading frame by frame: the one place where a decoder meets the bytes of a stream.
 *
 * A decoder knows how its protocol cuts bytes into frames, and never waits. It sees every queued byte, looks for one
 * whole frame, and either takes it from the front or returns `WOULD_BLOCK`. What it takes is committed only when it
 * returns a frame: when it returns `WOULD_BLOCK`, fails or is cancelled, its steps are undone, so that a decoder may
 * step through the input freely, and nothing is ever lost in the middle of a frame.
 */

import { invalidInput, LimitError, UnexpectedEofError } from '../vocabulary/errors.ts';
import type { ByteQueue } from './queue/byte-queue.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { ReadSide } from './read-side.ts';
import type { WaitOptions } from '../waiting/waiter.ts';

/** The queued bytes, as a {@link Decoder} sees them. */
export interface FrameInput {
  /**
   * How many bytes are queued beyond those that this call has taken or skipped: of a frame's `limit` bytes, never beyond
   * them.
   */
  readonly length: number;
  /** Whether no more bytes will arrive. */
  readonly isEnded: boolean;
  /** Copies the next `count` bytes, or fewer when there are fewer, without stepping over them. */
  peek(count: number): Uint8Array;
  /**
   * Copies the next `count` bytes, at most `length`, and steps over them. @returns Bytes that are the caller's to keep.
   */
  take(count: number): Uint8Array;
  /** Steps over the next `count` bytes, at most `length`. */
  skip(count: number): void;
  /**
   * Finds where `delimiter` begins, counted from the current position, or -1.
   *
   * While the decoder waits for more bytes, those already searched for the same delimiter are not searched again. A
   * delimiter of more than 16 bytes is the same when it is the same object.
   *
   * @param delimiter - At least one byte, which must not be changed while the read waits.
   */
  indexOf(delimiter: Uint8Array): number;
}

/** How a protocol cuts bytes into frames. */
export interface Decoder<T> {
  /**
   * The most bytes of one frame, headers and delimiters included: `decode` sees no more of them at a time, however many have
   * arrived. @default 65536
   */
  readonly limit?: number | undefined;
  /**
   * Takes one frame from the input.
   *
   * Called whenever bytes, or the end, have arrived; synchronously, from inside the carrier, so it must not touch the
   * stream.
   *
   * @returns The frame; or `WOULD_BLOCK` when it is incomplete, which undoes every step over the input. At the end of
   * the stream that means a truncated frame.
   * @throws Anything; the read fails with it, and nothing was taken.
   */
  decode(input: FrameInput): T | WouldBlock;
}

const DEFAULT_LIMIT = 65_536;

/** Waits until `decoder` finds a whole frame and takes it; `null` at the end of the stream. */
export function readFrame<T>(
  side: ReadSide,
  decoder: Decoder<T>,
  options: WaitOptions | undefined,
): Promise<T | null> {
  let limit: number;
  try {
    limit = limitOf(decoder);
  } catch (error) {
    return Promise.reject(error);
  }
  const input = new QueueInput(limit);
  const attempt = (): T | null | WouldBlock => {
    const { queue } = side;
    let frame = queue.length === 0 ? WOULD_BLOCK : input.decodeWith(decoder, queue, false);
    if (frame !== WOULD_BLOCK) return frame;
    if (queue.length >= limit) throw tooLong(limit);
    if (side.ending() === WOULD_BLOCK) return WOULD_BLOCK;
    if (queue.length === 0) return null;
    frame = input.decodeWith(decoder, queue, true);
    if (frame === WOULD_BLOCK) throw cutShort(queue.length);
    return frame;
  };
  return side.collect('readFrame', options, limit, attempt);
}

/** The limit of a decoder. @throws {@link InvalidInputError} for what is no decoder, or no limit. */
function limitOf<T>(decoder: Decoder<T>): number {
  if (typeof (decoder as Decoder<T> | null | undefined)?.decode !== 'function') {
    throw invalidInput('readFrame', 'decoder', 'an object with the method decode', decoder);
  }
  const { limit = DEFAULT_LIMIT } = decoder;
  if (typeof limit === 'number' && limit >= 1) return Math.floor(limit);
  throw invalidInput('readFrame', 'decoder.limit', 'a number of bytes from 1', limit);
}

/**
 * A view of the queue with a position in it; the queue is consumed up to it when a frame was found.
 *
 * It ends at the limit. So what a decoder sees of a frame that is too long, and with it whether the frame is refused, does
 * not depend on how the bytes were cut on their way.
 */
class QueueInput implements FrameInput {
  readonly #limit: number;
  #queue!: ByteQueue;
  #position = 0;
  #delimiter: Uint8Array | undefined;
  /** No `delimiter` begins before this offset of the queue. */
  #searched = 0;
  isEnded = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  decodeWith<T>(decoder: Decoder<T>, queue: ByteQueue, isEnded: boolean): T | WouldBlock {
    this.#queue = queue;
    this.#position = 0;
    this.isEnded = isEnded;
    const frame = decoder.decode(this);
    if (frame !== WOULD_BLOCK) queue.consume(this.#position);
    return frame;
  }

  get length(): number {
    return Math.min(this.#queue.length, this.#limit) - this.#position;
  }

  peek(count: number): Uint8Array {
    return this.#queue.peek(Math.min(count, this.length), this.#position);
  }

  take(count: number): Uint8Array {
    const position = this.#position;
    this.skip(count);
    return this.#queue.peek(count, position);
  }

  skip(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.length) {
      throw new RangeError(`a decoder stepped over ${count} of ${this.length} bytes`);
    }
    this.#position += count;
  }

  indexOf(delimiter: Uint8Array): number {
    const known = isSame(this.#delimiter, delimiter) ? this.#searched : 0;
    const at = this.#queue.indexOf(delimiter, Math.max(known, this.#position));
    // A search that began beyond the known part says nothing about the bytes that it skipped.
    if (this.#position <= known) {
      this.#delimiter = delimiter;
      this.#searched = at === -1 ? Math.max(known, this.#queue.length - delimiter.length + 1) : at;
    }
    return at === -1 || at + delimiter.length > this.#limit ? -1 : at - this.#position;
  }
}

/** Longer delimiters are compared by their identity alone: a comparison should cost nothing next to a search. */
const COMPARED_BYTES = 16;

/** Whether two delimiters are the same, so that a decoder may make its delimiter anew in each call. */
function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  if (one === other) return true;
  if (one?.length !== other.length || other.length > COMPARED_BYTES) return false;
  for (let at = 0; at < other.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

function tooLong(limit: number): LimitError {
  return new LimitError(`readFrame: found no whole frame within ${limit} bytes`, {
    code: 'ERR_LIMIT',
    operation: 'readFrame',
    limitName: 'limit',
    limit,
  });
}

function cutShort(got: number): UnexpectedEofError {
  return new UnexpectedEofError(
    `readFrame: the stream ended inside a frame; the ${got} bytes of it that arrived can still be read`,
    { code: 'ERR_UNEXPECTED_EOF', operation: 'readFrame' },
  );
}
