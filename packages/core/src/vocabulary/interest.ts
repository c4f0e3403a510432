/**
 * What a task wants to hear about a source ({@link Interest}), and what it hears ({@link Ready}).
 *
 * Names and meaning follow mio's `Interest` and tokio's `Ready`. Readiness is a hint, never a promise: between the
 * answer and the call another task may have taken the bytes, so a `try*` call after it may still would-block.
 */

/** What to wait for: bits to combine with `|`. */
export const Interest = {
  /** Bytes, the end of the stream or a read error are there to take; for a listener: a connection waits. */
  READABLE: 1,
  /** The stream takes at least one byte without waiting, or a write error is there to see. */
  WRITABLE: 2,
} as const;

/** One interest or several, combined with `|`: 1 to 3. */
export type Interest = number;

/** The bits of a {@link Ready}, for those who build one; the first two are those of {@link Interest}. */
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
 * A closed or failed direction also counts as ready, since the call that would find out does not wait.
 */
export class Ready {
  readonly #bits: number;

  constructor(bits: number) {
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

  /** Whether no more bytes will come: the peer finished, this side shut reading down, or the stream broke. */
  get isReadClosed(): boolean {
    return (this.#bits & ReadyBits.READ_CLOSED) !== 0;
  }

  /** Whether no more bytes can be written: this side finished, or the stream broke. */
  get isWriteClosed(): boolean {
    return (this.#bits & ReadyBits.WRITE_CLOSED) !== 0;
  }

  /** Whether the stream broke; the next read or write gives the error. */
  get isError(): boolean {
    return (this.#bits & ReadyBits.ERROR) !== 0;
  }

  /** Whether nothing is ready. */
  get isEmpty(): boolean {
    return this.#bits === 0;
  }

  /** Reports whether any of the given interests is met. */
  has(interest: Interest): boolean {
    return (this.#bits & interest) !== 0;
  }
}
