/**
 * A body that is being sent: whatever the program gave, as one source of pieces that has one owner.
 *
 * The owner asks for one piece after another, and calls `end` when it wants no more: the peer has gone, a deadline has
 * passed, something has failed. `end` reaches the program at once, also while a piece is awaited: the reader of a
 * `ReadableStream` is cancelled, a Node stream is destroyed, `return` of an iterator is called. A generator runs its
 * `finally` only when what it awaits has settled, since the language queues `return` behind `next`; one that may wait for
 * long waits with the request's signal. No one waits for `end`, and it never throws.
 */

import { Readable } from 'node:stream';
import { IoError } from '@awaitio/core';
import {
  callContained,
  containResult,
  invalidInput,
  stderrSink,
  type AsyncScope,
  type FailureSink,
} from '@awaitio/core/lowlevel';
import { bytesOfPiece, isSendable } from './body-pieces.ts';

type Piece = Uint8Array | string;

/** A body that is produced while it is sent. */
export type StreamedBody = AsyncIterable<Piece> | Iterable<Piece> | ReadableStream<Uint8Array>;

type Result = IteratorResult<Piece, unknown>;

/** What the kinds of bodies have in common. */
interface Source {
  next(): Promise<Result> | Result;
  /** The name of the call that ends it, for its failure. */
  readonly ending: 'cancel' | 'destroy' | 'return';
  end(reason: unknown): unknown;
  /** Whether pieces were taken from it before: then it must not pass for an empty body. */
  readonly wasRead: boolean;
}

/** Iterators that were begun here and give each piece once, such as generators. */
const begun = new WeakSet<object>();

/** Streams whose program asks for `Transfer-Encoding: chunked`, though they may be complete before the head is sent. */
const chunked = new WeakSet<object>();

/** Sends a stream in chunks, whatever is known of its length. */
export function sendInChunks(body: ReadableStream<Uint8Array>): void {
  chunked.add(body);
}

/**
 * Whether a body is to be sent with its length when it ends before its head is sent: a stream of the web, as the bodies of
 * fetch's responses are, which do not say their length.
 */
export function isMeasured(body: unknown): boolean {
  const isWebStream = typeof (body as Partial<ReadableStream> | null)?.getReader === 'function';
  return isWebStream && !chunked.has(body as object);
}

export class OutgoingBody {
  readonly #scope: AsyncScope;
  readonly #source: Source;
  #hasGiven = false;
  #isEnded = false;

  /**
   * @param scope - The context of the program that gave the body: its code is called there.
   * @throws `InvalidInputError` for what cannot be sent; `IoError` for what was sent before; what the body itself throws.
   */
  constructor(body: StreamedBody, scope: AsyncScope) {
    this.#scope = scope;
    this.#source = scope.run(sourceOf, body);
  }

  /** Whether nothing more comes: it has given its last piece, or was ended. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The next result, to be passed to {@link OutgoingBody.take}. @throws what the program throws */
  next(): Promise<Result> | Result {
    return this.#scope.run(nextOf, this.#source);
  }

  /**
   * The bytes of a result of {@link OutgoingBody.next}; `undefined` at the end.
   *
   * @throws `InvalidInputError` for a piece that is neither bytes nor a string; as {@link OutgoingBody.check}.
   */
  take(result: Result): Uint8Array | undefined {
    return this.check(result).done === true ? undefined : bytesOfPiece(result.value);
  }

  /**
   * A result of {@link OutgoingBody.next}, noted.
   *
   * @throws `InvalidInputError` for a result that is no object; `IoError` for a body that has nothing left because it was
   * read before.
   */
  check(result: Result): Result {
    if (typeof result !== 'object' || result === null) {
      throw invalidInput('body', 'next()', 'an object with `done` and `value`', result);
    }
    if (result.done === true) {
      this.#isEnded = true;
      if (!this.#hasGiven && this.#source.wasRead) throw usedBody();
    } else this.#hasGiven = true;
    return result;
  }

  /** Ends it, unless it has ended; the first call counts. An error of the ending itself goes to stderr. */
  end(reason: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#scope.run(endSource, this.#source, reason);
  }
}

/** Ends a body that will not be sent. Never throws. */
export function dropBody(body: StreamedBody, scope: AsyncScope, reason: unknown): void {
  try {
    new OutgoingBody(body, scope).end(reason);
  } catch {
    // It was sent before, or is none: there is nothing to end.
  }
}

function nextOf(source: Source): Promise<Result> | Result {
  return source.next();
}

function endSource(source: Source, reason: unknown): void {
  // A stream that has failed rejects its cancelling with the failure that the owner has already.
  const sink: FailureSink = {
    onCallbackFailure: (failure, callback) => {
      if (failure !== reason) stderrSink.onCallbackFailure(failure, callback);
    },
  };
  callContained(source.ending, endNow, source, reason, sink);
}

function endNow(source: Source, reason: unknown): unknown {
  return source.end(reason);
}

function sourceOf(body: StreamedBody): Source {
  if (!isSendable(body)) {
    const expected = 'a string, bytes, an iterable of them or a ReadableStream';
    throw invalidInput('body', 'body', expected, body);
  }
  if ('getReader' in body && typeof body.getReader === 'function') return readerOf(body);
  const iterator = iteratorOf(body as Exclude<StreamedBody, ReadableStream>);
  return isNodeStream(body) ? nodeStreamOf(body, iterator) : iterationOf(body, iterator);
}

function readerOf(stream: ReadableStream<Uint8Array>): Source {
  if (stream.locked) throw usedBody();
  const wasRead = wasDisturbed(stream);
  const reader = stream.getReader();
  return {
    ending: 'cancel',
    wasRead,
    next: () => reader.read(),
    end: (reason) => reader.cancel(reason),
  };
}

/** Destroyed without an error: one would be an `uncaughtException` where nothing listens for errors of the stream. */
function nodeStreamOf(stream: Readable, iterator: Pieces): Source {
  const wasRead = wasDisturbed(stream);
  return {
    ending: 'destroy',
    wasRead,
    next: () => iterator.next(),
    end: () => {
      stream.destroy();
    },
  };
}

/** Not by its class: `readable-stream` of npm has its own. */
function isNodeStream(body: object): body is Readable {
  const { pipe, destroy } = body as { readonly pipe?: unknown; readonly destroy?: unknown };
  return typeof pipe === 'function' && typeof destroy === 'function';
}

function iterationOf(body: object, iterator: Pieces): Source {
  if (body === iterator) {
    if (begun.has(iterator)) throw usedBody();
    begun.add(iterator);
  }
  return {
    ending: 'return',
    wasRead: false,
    next: () => iterator.next(),
    end: () => iterator.return?.(),
  };
}

type Pieces = AsyncIterator<Piece> | Iterator<Piece>;

function iteratorOf(body: AsyncIterable<Piece> | Iterable<Piece>): Pieces {
  const iterator =
    Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  if (typeof (iterator as Partial<Pieces> | null | undefined)?.next === 'function') return iterator;
  containResult('body', iterator, stderrSink);
  throw invalidInput('body', 'iterator', 'an object with the method next', iterator);
}

function wasDisturbed(stream: Readable | ReadableStream<Uint8Array>): boolean {
  return Readable.isDisturbed(stream as Readable);
}

function usedBody(): IoError {
  return new IoError(
    'body: it was read or sent before, and can be sent once; make a new one for each message',
    { code: 'ERR_BODY_USED', operation: 'body' },
  );
}
