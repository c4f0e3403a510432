/**
 * A streamed body, coded while it is sent.
 *
 * The sender pulls: a piece of the source is asked for only when a piece of the result was asked for and zlib has
 * nothing left, so a slow client slows the source down. Between the two stands a stream of Node, whose events only wake
 * `next`: all decisions are made there, from the stream's state, so that no order of events matters.
 *
 * Not a generator: `return` on one waits for the `next` under way, which a source that is silent never ends, and on one that
 * has not begun it would not close the source.
 */

import type { Transform } from 'node:stream';
import { AsyncScope, isThenable } from '@awaitio/core/lowlevel';
import { dropBody, OutgoingBody, type StreamedBody } from '../../message/outgoing-body.ts';
import { LocalProtocolError } from '../../protocol/vocabulary/errors.ts';

type Next = ReturnType<OutgoingBody['next']>;
type Result = Awaited<Next>;

/** The pieces of a coded body. One reader at a time. */
export class CodedPieces implements AsyncIterableIterator<Uint8Array> {
  readonly #body: StreamedBody;
  readonly #createCoder: () => Transform;
  /** What the program has announced, in bytes: it is held to it, as without a coding. */
  readonly #length: number | undefined;
  #source: OutgoingBody | undefined;
  #coder: Transform | undefined;
  #received = 0;
  /** Whether a piece of the source is awaited, or being coded. */
  #isFeeding = false;
  /** Whether the source has failed: it is not to be ended then. */
  #isExhausted = false;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeUp: (() => void) | undefined;

  /** @param createCoder - Makes the stream that codes; called when the first piece is asked for. */
  constructor(body: StreamedBody, createCoder: () => Transform, length: number | undefined) {
    this.#body = body;
    this.#createCoder = createCoder;
    this.#length = length;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (this.#isClosed) return DONE;
      const coder = (this.#coder ??= this.#begin());
      if (this.#failure !== undefined) {
        this.#close();
        throw this.#failure.error;
      }
      const value = coder.read() as Uint8Array | null;
      if (value !== null) return { done: false, value };
      if (coder.readableEnded) {
        this.#close();
        return DONE;
      }
      if (this.#isFeeding) await new Promise<void>((resolve) => (this.#wakeUp = resolve));
      else this.#feed(coder);
    }
  }

  /** Gives it up, at once, whatever is under way: a `next` that waits is done, and the source is closed. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#close();
    return Promise.resolve(DONE);
  }

  #begin(): Transform {
    const coder = this.#createCoder();
    coder.on('readable', this.#wake);
    coder.on('end', this.#wake);
    coder.on('error', this.#fail);
    return coder;
  }

  /** Takes a piece of the source. */
  #feed(coder: Transform): void {
    this.#isFeeding = true;
    let next: Next;
    try {
      next = (this.#source ??= new OutgoingBody(this.#body, new AsyncScope())).next();
    } catch (error) {
      this.#sourceFailed(error);
      return;
    }
    const source = this.#source;
    const take = (result: Result): void => {
      this.#take(coder, source, result);
    };
    if (!isThenable(next)) take(next as Result);
    // Not `next.then`: it may be a thenable of any kind.
    else new Promise<Result>((resolve) => resolve(next)).then(take, this.#sourceFailed);
  }

  #take(coder: Transform, source: OutgoingBody, result: Result): void {
    if (this.#isClosed) return;
    try {
      const bytes = source.take(result);
      if (bytes === undefined) {
        this.#checkEnd();
        coder.end();
        return;
      }
      this.#received += bytes.length;
      this.#checkLength();
      if (bytes.length > 0) coder.write(bytes, this.#written);
      else this.#written();
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #written = (): void => {
    this.#isFeeding = false;
    this.#wake();
  };

  readonly #wake = (): void => {
    this.#wakeUp?.();
  };

  readonly #sourceFailed = (error: unknown): void => {
    this.#isExhausted = true;
    this.#fail(error);
  };

  readonly #fail = (error: unknown): void => {
    this.#failure ??= { error };
    this.#wake();
  };

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#coder?.destroy();
    this.#wake();
    if (this.#isExhausted) return;
    const reason = this.#failure?.error;
    if (this.#source === undefined) dropBody(this.#body, new AsyncScope(), reason);
    else this.#source.end(reason);
  }

  #checkLength(): void {
    if (this.#length === undefined || this.#received <= this.#length) return;
    throw new LocalProtocolError(
      `compress: the body is longer than its \`length\`: announced ${this.#length} bytes, got ${this.#received} so far`,
      'ERR_HTTP_BODY_TOO_LONG',
    );
  }

  #checkEnd(): void {
    if (this.#length === undefined || this.#received === this.#length) return;
    throw new LocalProtocolError(
      `compress: the body is shorter than its \`length\`: announced ${this.#length} bytes, got ${this.#received}`,
      'ERR_HTTP_BODY_TOO_SHORT',
    );
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
