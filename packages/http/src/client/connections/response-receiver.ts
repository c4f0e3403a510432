/**
 * The receiving half of a client's connection: the head of a response, and its body.
 *
 * A body is read as its reader asks for it. One that no reader has asked for is read on by itself, up to a bound: a small
 * answer that came in two packets, and that the program does not read, must not hold its connection.
 */

import { LimitError, WOULD_BLOCK, type WouldBlock } from '@awaitio/core';
import { callContained, watchScope, type FailureSink } from '@awaitio/core/lowlevel';
import { endedEarly } from './connection-errors.ts';
import type { IncomingResponse } from './incoming-response.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { Driver } from '../../driver/driver.ts';
import { NEED_DATA, type Data, type ResponseHead } from '../../protocol/vocabulary/events.ts';

/** How much of a body is read before its reader asks for it, in bytes. */
export const READ_ON_LIMIT = 65_536;

/** What the receiving half needs of its connection. */
export interface ReceiverOwner extends FailureSink {
  /** Why the connection has failed. */
  readonly failure: { readonly reason: unknown } | undefined;
  /** Fails the connection. @returns the reason of its failure: the first one given */
  fail(reason: unknown): unknown;
  /** `100 Continue` was received. */
  onContinue(): void;
  /** The response is complete. */
  onComplete(): void;
  /** A read of the body begins: its deadline counts from now. */
  onReadBegin(): void;
  /** It has ended. */
  onReadEnd(): void;
}

export class ResponseReceiver {
  readonly #driver: Driver;
  readonly #owner: ReceiverOwner;
  readonly #maxInformational: number;
  /** A read of the body under way that no reader has asked for. */
  #readingOn: Promise<void> | undefined;

  /** @param maxInformational - The most informational responses to one request. */
  constructor(driver: Driver, owner: ReceiverOwner, maxInformational: number) {
    this.#driver = driver;
    this.#owner = owner;
    this.#maxInformational = maxInformational;
  }

  /** Waits for the head. @throws what ends the wait: the connection is to be failed with it */
  async receiveHead(request: OutgoingRequest, incoming: IncomingResponse): Promise<ResponseHead> {
    const http = this.#driver.connection;
    let informational = 0;
    for (;;) {
      const event = http.nextEvent();
      if (event === NEED_DATA) {
        if ((await this.#driver.read()) === null) http.receiveEnd();
        continue;
      }
      if (typeof event === 'symbol' || event.type === 'closed') throw endedEarly();
      if (event.type === 'informational') {
        informational += 1;
        if (informational > this.#maxInformational) throw tooMany(this.#maxInformational);
        if (event.status === 100) this.#owner.onContinue();
        const { onInformational } = request;
        if (onInformational === undefined) continue;
        callContained('onInformational', onInformational, event.status, event.headers, incoming);
        if (this.#owner.failure !== undefined) throw this.#owner.failure.reason;
      } else if (event.type === 'response') return event;
    }
  }

  /**
   * Takes what was received with the head: a response that is already complete frees its connection at once. Of a body that is
   * malformed, the head is still good: its reader gets the failure, as when the body comes later.
   */
  takeBuffered(incoming: IncomingResponse): void {
    try {
      for (;;) {
        const piece = this.pull(incoming);
        if (piece === WOULD_BLOCK || piece === null) return;
        incoming.pushEarly(piece);
      }
    } catch {
      // The connection has failed, and keeps the reason.
    }
  }

  /** Takes what has been received of the body. */
  pull(incoming: IncomingResponse): Data | null | WouldBlock {
    const owner = this.#owner;
    if (owner.failure !== undefined) throw owner.failure.reason;
    let event;
    try {
      event = this.#driver.connection.nextEvent();
    } catch (error) {
      throw owner.fail(error);
    }
    if (event === NEED_DATA) return WOULD_BLOCK;
    if (typeof event !== 'symbol') {
      if (event.type === 'data') return event;
      if (event.type === 'end') incoming.trailers = event.trailers;
    }
    owner.onComplete();
    return null;
  }

  /** Waits for more of the body. */
  readBody(): Promise<void> {
    return this.#readingOn === undefined ? this.#read() : this.#join(this.#readingOn);
  }

  /** Waits for a read that began outside of the reader's scope, whose end is that of the response too. */
  async #join(reading: Promise<void>): Promise<void> {
    const onAbort = (reason: unknown): void => {
      this.#owner.fail(reason);
    };
    const watcher = { onAbort };
    const scope = watchScope(watcher);
    try {
      await reading;
    } finally {
      scope?.unwatch(watcher);
    }
  }

  /** Reads a body on that no reader has asked for; a reader may join at any time. */
  async readOn(incoming: IncomingResponse): Promise<void> {
    try {
      while (incoming.early <= READ_ON_LIMIT) {
        const piece = this.pull(incoming);
        if (piece === null) return;
        if (piece !== WOULD_BLOCK) {
          incoming.pushEarly(piece);
          continue;
        }
        this.#readingOn = this.#read();
        await this.#readingOn;
        this.#readingOn = undefined;
        // A reader may have been first, and have taken the end.
        if (!incoming.isReceiving) return;
      }
    } catch {
      // The reader, if one comes, gets the failure of the connection.
    } finally {
      this.#readingOn = undefined;
    }
  }

  async #read(): Promise<void> {
    this.#owner.onReadBegin();
    try {
      if ((await this.#driver.read()) === null) this.#driver.connection.receiveEnd();
    } catch (error) {
      throw this.#owner.fail(error);
    }
    this.#owner.onReadEnd();
  }
}

function tooMany(limit: number): LimitError {
  return new LimitError(
    `request: the server sent more than ${limit} informational responses; raise \`maxInformational\` if it is to`,
    {
      code: 'ERR_HTTP_TOO_MANY_INFORMATIONAL',
      operation: 'request',
      limitName: 'maxInformational',
      limit,
    },
  );
}
