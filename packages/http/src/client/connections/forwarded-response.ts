/** A response that stands for another one: what its kinds do not change is passed on. */

import type { ByteStream, Clock, LimitError, WouldBlock } from '@awaitio/core';
import type { RequestProgress } from './failure.ts';
import type { ResponseOrigin } from './incoming-response.ts';
import type { Data } from '../../protocol/vocabulary/events.ts';
import type { Headers } from '../../protocol/vocabulary/headers.ts';

export class ForwardedResponse implements ResponseOrigin {
  protected readonly origin: ResponseOrigin;

  constructor(origin: ResponseOrigin) {
    this.origin = origin;
  }

  get clock(): Clock {
    return this.origin.clock;
  }

  get progress(): RequestProgress {
    return this.origin.progress;
  }

  get bodyLength(): number | undefined {
    return this.origin.bodyLength;
  }

  get trailers(): Headers | undefined {
    return this.origin.trailers;
  }

  nextPiece(): Promise<Uint8Array | null> {
    return this.origin.nextPiece();
  }

  tryNextPiece(): Data | null | WouldBlock {
    return this.origin.tryNextPiece();
  }

  abandon(cause?: LimitError): void {
    this.origin.abandon(cause);
  }

  discard(): void {
    this.origin.discard();
  }

  takeStream(): ByteStream {
    return this.origin.takeStream();
  }
}
