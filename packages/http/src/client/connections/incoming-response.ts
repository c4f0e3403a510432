/**
 * One response while it is received.
 *
 * Its connection may already carry the next request while the reader still holds this response, so everything that
 * belongs to the response alone is here.
 */

import {
  WOULD_BLOCK,
  type ByteStream,
  type Clock,
  type LimitError,
  type WouldBlock,
} from '@awaitio/core';
import { stderrSink, type FailureSink } from '@awaitio/core/lowlevel';
import type { RequestProgress } from './failure.ts';
import type { BodySource } from '../../message/body.ts';
import { LocalProtocolError } from '../../protocol/vocabulary/errors.ts';
import type { Data, ResponseHead } from '../../protocol/vocabulary/events.ts';
import type { Headers } from '../../protocol/vocabulary/headers.ts';

/** What a caller's response needs of the one that is received. */
export interface ResponseOrigin extends BodySource {
  /** The request that it answers. */
  readonly progress: RequestProgress;
  /** Discards the unread part of the body. */
  discard(): void;
  /** Hands the stream over, after a switch of protocols. */
  takeStream(): ByteStream;
}

/** What a response needs of its connection. */
export interface IncomingOwner extends FailureSink {
  /** Takes what has been received of the body. */
  pull(incoming: IncomingResponse): Data | null | WouldBlock;
  /** Waits for more of the body. */
  readBody(): Promise<void>;
  /** Resets the connection. */
  discard(): void;
  /** Hands the stream over, after a switch of protocols. */
  takeStream(): ByteStream;
}

export class IncomingResponse implements ResponseOrigin, FailureSink {
  readonly #owner: IncomingOwner;
  readonly clock: Clock;
  readonly progress: RequestProgress;
  readonly #early: Data[] = [];
  /** How many bytes were received before a reader asked for them. */
  early = 0;
  head!: ResponseHead;
  trailers: Headers | undefined;
  /** Why the rest will not be received, once it has failed. */
  failure: unknown;
  /** `failed`: the rest will not be received · `taken`: complete, and its stream was handed over. */
  #state: 'receiving' | 'complete' | 'failed' | 'taken' = 'receiving';
  #onSettled: { end(): void } | undefined;

  constructor(owner: IncomingOwner, clock: Clock, progress: RequestProgress) {
    this.#owner = owner;
    this.clock = clock;
    this.progress = progress;
  }

  /** Whether some of it is still to be received. */
  get isReceiving(): boolean {
    return this.#state === 'receiving';
  }

  get isComplete(): boolean {
    return this.#state === 'complete' || this.#state === 'taken';
  }

  get bodyLength(): number | undefined {
    return this.head.contentLength;
  }

  /** Keeps a piece of the body that was received together with the head. */
  pushEarly(piece: Data): void {
    this.#early.push(piece);
    this.early += piece.length;
  }

  tryNextPiece(): Data | null | WouldBlock {
    const early = this.#early.shift();
    if (early !== undefined) {
      this.early -= early.length;
      return early;
    }
    return this.isComplete ? null : this.#owner.pull(this);
  }

  async nextPiece(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.tryNextPiece();
      if (piece !== WOULD_BLOCK) return piece === null ? null : piece.bytes;
      await this.#owner.readBody();
    }
  }

  discard(): void {
    // A connection that has switched protocols serves no further request: without a taker it is closed.
    const isWanted = this.#state === 'taken' || (this.isComplete && !this.head.upgrade);
    if (!isWanted) this.#owner.discard();
  }

  takeStream(): ByteStream {
    if (!this.head.upgrade || this.#state === 'taken') {
      throw new LocalProtocolError(
        'takeStream: expected a response that switches protocols, its stream not yet taken',
        'ERR_HTTP_STATE',
      );
    }
    this.#state = 'taken';
    return this.#owner.takeStream();
  }

  /** The reader stopped before the end. The connection is closed: it would otherwise wait for the body to be read. */
  abandon(cause?: LimitError): void {
    if (cause !== undefined) this.progress.describe(cause);
    this.discard();
  }

  /** Adds a listener whose `end` is called once the response is complete or has failed. */
  set onSettled(listener: { end(): void }) {
    const before = this.#onSettled;
    if (this.#state !== 'receiving') listener.end();
    else if (before === undefined) this.#onSettled = listener;
    else {
      this.#onSettled = {
        end: () => {
          before.end();
          listener.end();
        },
      };
    }
  }

  /**
   * A callback of the request failed, perhaps late. The request fails, unless its response is complete: the connection may carry
   * another one by then.
   */
  onCallbackFailure(failure: unknown, callback: string): void {
    const sink = this.isReceiving ? this.#owner : stderrSink;
    sink.onCallbackFailure(failure, callback);
  }

  /** @param failure - Why the rest will not be received. */
  settle(outcome: 'complete' | 'failed', failure: unknown): void {
    this.#state = outcome;
    this.failure = failure;
    this.#onSettled?.end();
  }
}
