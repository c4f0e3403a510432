/**
 * One response as it comes. The connection may be sending the next request while its reader still looks at it, so what is
 * the response's own lives here.
 */

import { WOULD_BLOCK, type ByteStream, type WouldBlock } from '@awaitio/core';
import type { ResponseOrigin } from './response.ts';
import { LocalProtocolError } from '../protocol/vocabulary/errors.ts';
import type { Data, ResponseHead } from '../protocol/vocabulary/events.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';

/** What a response needs of its connection. */
export interface IncomingOwner {
  /** What has come of the body. */
  pull(incoming: Incoming): Data | null | WouldBlock;
  /** Waits for more of it. */
  readBody(): Promise<void>;
  /** Breaks the connection off. */
  discard(): void;
  /** Gives the bare connection away, after a switch of protocols. */
  takeStream(): ByteStream;
}

export class Incoming implements ResponseOrigin {
  readonly #owner: IncomingOwner;
  readonly #early: Data[] = [];
  head!: ResponseHead;
  trailers: Headers | undefined;
  isComplete = false;
  #isOver = false;
  #onOver: { end(): void } | undefined;
  #isTaken = false;

  constructor(owner: IncomingOwner) {
    this.#owner = owner;
  }

  get bodyLength(): number | undefined {
    return this.head.contentLength;
  }

  /** A piece that came with the head. */
  pushEarly(piece: Data): void {
    this.#early.push(piece);
  }

  tryNextPiece(): Data | null | WouldBlock {
    const early = this.#early.shift();
    if (early !== undefined) return early;
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
    const isUnwanted = this.head.upgrade && !this.#isTaken;
    if (!this.isComplete || isUnwanted) this.#owner.discard();
  }

  takeStream(): ByteStream {
    if (!this.head.upgrade || this.#isTaken) {
      throw new LocalProtocolError(
        'takeStream: expected a response that switches protocols, and whose stream was not taken before',
        'ERR_HTTP_STATE',
      );
    }
    this.#isTaken = true;
    return this.#owner.takeStream();
  }

  /** Its reader left before the end: the connection would wait for ever for somebody to read the rest. */
  abandon(): void {
    this.discard();
  }

  /** Is told when the response is whole, or never will be. */
  set onOver(listener: { end(): void }) {
    this.#onOver = listener;
    if (this.#isOver) listener.end();
  }

  over(): void {
    this.#isOver = true;
    this.#onOver?.end();
  }
}
