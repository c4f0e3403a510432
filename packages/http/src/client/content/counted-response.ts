/** A response that reports to its reader how far its body has come. */

import { WOULD_BLOCK, type LimitError, type WouldBlock } from '@awaitio/core';
import { callContained, stderrSink, type FailureSink } from '@awaitio/core/lowlevel';
import { ForwardedResponse } from '../connections/forwarded-response.ts';
import type { ResponseOrigin } from '../connections/incoming-response.ts';
import type { ProgressListener } from '../connections/outgoing-request.ts';
import type { Data } from '../../protocol/vocabulary/events.ts';

/** Reports each piece that the reader takes. */
export function countedResponse(
  origin: ResponseOrigin,
  listener: ProgressListener,
): ResponseOrigin {
  return new CountedResponse(origin, listener);
}

class CountedResponse extends ForwardedResponse implements FailureSink {
  readonly #listener: ProgressListener;
  #bytes = 0;
  #isOver = false;
  /** What the listener has failed with. */
  #failure: { readonly reason: unknown } | undefined;

  constructor(origin: ResponseOrigin, listener: ProgressListener) {
    super(origin);
    this.#listener = listener;
  }

  override async nextPiece(): Promise<Uint8Array | null> {
    try {
      const piece = await this.origin.nextPiece();
      this.#count(piece?.length);
      return piece;
    } catch (error) {
      throw this.#failure === undefined ? error : this.#failure.reason;
    }
  }

  override tryNextPiece(): Data | null | WouldBlock {
    this.#throwIfFailed();
    const piece = this.origin.tryNextPiece();
    if (piece !== WOULD_BLOCK) this.#count(piece?.length);
    return piece;
  }

  /** @param length - `undefined` at the end. */
  #count(length: number | undefined): void {
    this.#throwIfFailed();
    if (length === undefined) {
      this.#isOver = true;
      return;
    }
    this.#bytes += length;
    const total = this.bodyLength;
    callContained(
      'onDownloadProgress',
      this.#listener,
      { bytes: this.#bytes, total },
      undefined,
      this,
    );
    this.#throwIfFailed();
    // The reader knows that this was the last piece, and may ask for no other.
    if (this.#bytes === total) this.#isOver = true;
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  /** The reader gets it with its next piece; without one, it would be lost. */
  onCallbackFailure(failure: unknown, callback: string): void {
    if (this.#isOver || this.#failure !== undefined) {
      stderrSink.onCallbackFailure(failure, callback);
      return;
    }
    this.#failure = { reason: failure };
    this.origin.discard();
  }

  override abandon(cause?: LimitError): void {
    this.#isOver = true;
    this.origin.abandon(cause);
  }

  override discard(): void {
    this.#isOver = true;
    this.origin.discard();
  }
}
