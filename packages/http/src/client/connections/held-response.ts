/**
 * Lets the connection of a response go that the program has forgotten, its body unread.
 *
 * What the program has stands between it and the response that is received, and nothing of the client refers to it: when it is
 * collected, nobody can read the body any more. Only for real time: in a simulation, a collection would be chance.
 */

import {
  systemClock,
  type ByteStream,
  type Clock,
  type LimitError,
  type WouldBlock,
} from '@awaitio/core';
import type { RequestProgress } from './failure.ts';
import type { IncomingResponse, ResponseOrigin } from './incoming-response.ts';
import type { Data } from '../../protocol/vocabulary/events.ts';
import type { Headers } from '../../protocol/vocabulary/headers.ts';

const forgotten = new FinalizationRegistry<IncomingResponse>((incoming) => {
  incoming.discard();
});

/** What a caller's response is made over: the response itself, if it is complete. */
export function held(incoming: IncomingResponse): ResponseOrigin {
  if (!incoming.isReceiving || incoming.clock !== systemClock) return incoming;
  const response = new HeldResponse(incoming);
  forgotten.register(response, incoming);
  return response;
}

class HeldResponse implements ResponseOrigin {
  readonly #incoming: IncomingResponse;

  constructor(incoming: IncomingResponse) {
    this.#incoming = incoming;
  }

  get clock(): Clock {
    return this.#incoming.clock;
  }

  get progress(): RequestProgress {
    return this.#incoming.progress;
  }

  get bodyLength(): number | undefined {
    return this.#incoming.bodyLength;
  }

  get trailers(): Headers | undefined {
    return this.#incoming.trailers;
  }

  nextPiece(): Promise<Uint8Array | null> {
    return this.#incoming.nextPiece();
  }

  tryNextPiece(): Data | null | WouldBlock {
    return this.#incoming.tryNextPiece();
  }

  abandon(cause?: LimitError): void {
    this.#incoming.abandon(cause);
  }

  discard(): void {
    this.#incoming.discard();
  }

  takeStream(): ByteStream {
    return this.#incoming.takeStream();
  }
}
