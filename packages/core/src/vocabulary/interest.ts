/**
 * What a task waits for on a source ({@link Interest}), and what the source is ready for ({@link Ready}).
 *
 * Names and meaning follow mio's `Interest` and tokio's `Ready`. Readiness is a hint, never a promise: before
 * the call that follows, another task may have taken the bytes, so that call may still return `WOULD_BLOCK`.
 */

import { invalidInput } from './errors.ts';

/** What to wait for: bits to combine with `|`. */
export const Interest = {
  /** A read would not wait: bytes are queued, or the stream has ended or broken; for a listener, `accept` would not. */
  READABLE: 1,
  /** A write would not wait: there is room for at least one byte, or the write would fail at once. */
  WRITABLE: 2,
} as const;

/** One interest or several, combined with `|`: 1 to 3. */
export type Interest = number;

/** The bits of a {@link Ready}, for implementers of a source; the first two are those of {@link Interest}. */
export const ReadyBits = {
  READABLE: 1,
  WRITABLE: 2,
  READ_CLOSED: 4,
  WRITE_CLOSED: 8,
  ERROR: 16,
} as const;

/**
 * A snapshot of what a source is ready for.
 *
 * A closed or failed direction counts as ready too, since the call that reports it does not wait.
 */
export class Ready {
  readonly #bits: number;

  constructor(bits: number) {
    if (typeof bits !== 'number') throw invalidInput('Ready', 'bits', 'a number', bits);
    this.#bits = bits;
  }

  /** Whether a read would not wait. */
  get isReadable(): boolean {
    return (this.#bits & Interest.READABLE) !== 0;
  }

  /** Whether a write would not wait. */
  get isWritable(): boolean {
    return (this.#bits & Interest.WRITABLE) !== 0;
  }

  /** Whether no more bytes will arrive: the peer finished, this side shut reading down, or the stream broke. */
  get isReadClosed(): boolean {
    return (this.#bits & ReadyBits.READ_CLOSED) !== 0;
  }

  /** Whether no more bytes can be written: this side finished, or the stream broke. */
  get isWriteClosed(): boolean {
    return (this.#bits & ReadyBits.WRITE_CLOSED) !== 0;
  }

  /** Whether the stream broke; the next read or write fails with the error. */
  get isError(): boolean {
    return (this.#bits & ReadyBits.ERROR) !== 0;
  }

  /** Whether nothing is ready. */
  get isEmpty(): boolean {
    return this.#bits === 0;
  }

  /** Reports whether any of the given interests is met. */
  has(interest: Interest): boolean {
    if (typeof interest !== 'number') throw invalidInput('has', 'interest', 'a number', interest);
    return (this.#bits & interest) !== 0;
  }
}
