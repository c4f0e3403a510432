/**
 * The sending half of a client's connection: the head of a request, and its body in whatever form the caller gave it.
 *
 * Sending runs beside receiving, since a server may respond before it has read the whole request. So a failed write does
 * not fail the request: the response may have been received already, and if not, the read fails too. Only an error in the
 * caller's body fails the request from here.
 */

import { IoError } from '@awaitio/core';
import {
  AsyncScope,
  callContained,
  failureOf,
  isThenable,
  type FailureSink,
} from '@awaitio/core/lowlevel';
import { trailerFields } from '../../message/body-pieces.ts';
import { OutgoingBody, type StreamedBody } from '../../message/outgoing-body.ts';
import type { IncomingResponse } from './incoming-response.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { Driver } from '../../driver/driver.ts';
import { fieldList } from '../../protocol/vocabulary/fields.ts';

/** What the sending half needs of its connection. Beside it, gets the failure of the caller's body, and that of one which contradicts its announced length. */
export interface SenderOwner extends FailureSink {
  readonly isGone: boolean;
  /** The request could not be written at once: from here on the server may stall it. */
  onSending(): void;
  /** The caller's body is producing its next piece: the server is not waited for. */
  onPause(): void;
  /** The server is waited for again. */
  onResume(): void;
}

const SENT = Promise.resolve(true);
/** How much of a body that is watched is sent at once, in bytes. */
const PIECE = 65_536;

export class RequestSender {
  readonly #driver: Driver;
  readonly #owner: SenderOwner;
  readonly #continueTimeout: number;
  /** Resolves the wait for `100 Continue`: `true` to send the body. */
  #onContinue: ((isGranted: boolean) => void) | undefined;
  /** The caller's body, while it is sent. */
  #source: OutgoingBody | undefined;
  #isStreaming = false;

  /** @param continueTimeout - How long to wait for `100 Continue`, in milliseconds. */
  constructor(driver: Driver, owner: SenderOwner, continueTimeout: number) {
    this.#driver = driver;
    this.#owner = owner;
    this.#continueTimeout = continueTimeout;
  }

  /**
   * Sends the head and starts sending the body.
   *
   * @throws `LocalProtocolError` for a request that contradicts itself; the stream's errors.
   */
  send(request: OutgoingRequest, incoming: IncomingResponse): void {
    const driver = this.#driver;
    const http = driver.connection;
    const { body } = request;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const hasTrailers = request.trailers !== undefined && bytes !== undefined;
    const isWhole = bytes === undefined || bytes instanceof Uint8Array;
    driver.write(
      http.sendRequest({
        method: request.method,
        target: request.target,
        fields: request.fields,
        hasBody: bytes !== undefined,
        length: isWhole && !hasTrailers ? bytes?.length : request.length,
      }),
    );
    const isWatched = request.onUploadProgress !== undefined && bytes !== undefined;
    if (isWhole && !request.expectContinue && !hasTrailers && !isWatched) {
      if (bytes !== undefined && bytes.length > 0) {
        http.sendData(bytes.length);
        const blocked = driver.writeBytes(bytes);
        if (blocked !== undefined) {
          blocked.catch(() => {});
          this.#owner.onSending();
        }
      }
      driver.write(http.sendEnd());
      void driver.flush();
      return;
    }
    void driver.flush();
    this.#owner.onSending();
    const pieces = isWhole ? wholeOf(bytes, isWatched) : bytes;
    const total = isWhole ? bytes?.length : request.length;
    this.#sendPieces(pieces, total, request, incoming).catch((error: unknown) => {
      this.#owner.onCallbackFailure(failureOf(error, 'body'), 'body');
    });
  }

  /** Whether some of the request is still to be sent, or waits for room. */
  get isSending(): boolean {
    return this.#isStreaming || this.#driver.isBlocked;
  }

  /** The request is over, answered or failed: ends the caller's body, also while it produces a piece. */
  stop(reason: unknown): void {
    this.#source?.end(reason);
    this.#source = undefined;
  }

  /** Resolves the wait for `100 Continue`, if there is one: `true` to send the body, `false` to cancel it. */
  resolveContinue(isGranted: boolean): void {
    this.#onContinue?.(isGranted);
  }

  async #sendPieces(
    body: StreamedBody,
    total: number | undefined,
    request: OutgoingRequest,
    incoming: IncomingResponse,
  ): Promise<void> {
    request.progress.unsent = undefined;
    const source = new OutgoingBody(body, new AsyncScope());
    this.#source = source;
    let sent = 0;
    try {
      if (request.expectContinue && !(await this.#awaitContinue())) return;
      this.#isStreaming = true;
      for (;;) {
        // A server that has already responded does not want the remaining body.
        if (incoming.isComplete || this.#owner.isGone) return;
        const bytes = await this.#nextPiece(source);
        if (incoming.isComplete || this.#owner.isGone) return;
        const isSent =
          bytes === undefined ? await this.#sendLast(request) : await this.#sendPiece(bytes);
        if (bytes === undefined || !isSent) return;
        const { onUploadProgress } = request;
        if (onUploadProgress === undefined || bytes.length === 0) continue;
        sent += bytes.length;
        const progress = { bytes: sent, total };
        callContained('onUploadProgress', onUploadProgress, progress, undefined, incoming);
      }
    } catch (error) {
      source.end(error);
      throw error;
    } finally {
      this.#isStreaming = false;
      source.end(undefined);
    }
  }

  /** The bytes of the next piece; `undefined` at the end, and when the body was ended. */
  async #nextPiece(source: OutgoingBody): Promise<Uint8Array | undefined> {
    const next = source.next();
    if (!isThenable(next)) return source.take(next as IteratorResult<Uint8Array | string>);
    this.#owner.onPause();
    let result;
    try {
      result = await next;
    } catch (error) {
      // What is ended while it produces a piece may fail for that reason.
      if (source.isEnded) return undefined;
      throw error;
    }
    if (source.isEnded) return undefined;
    this.#owner.onResume();
    return source.take(result);
  }

  /** @throws `LocalProtocolError` when the body exceeds its announced length. */
  #sendPiece(bytes: Uint8Array): Promise<boolean> {
    const driver = this.#driver;
    if (bytes.length === 0) return SENT;
    driver.write(driver.connection.sendData(bytes.length));
    return this.#written(() => {
      const blocked = driver.writeBytes(bytes);
      driver.write(driver.connection.dataEnd);
      return blocked ?? driver.flush();
    });
  }

  /** @throws `LocalProtocolError` when the body is shorter than was announced. */
  #sendLast({ trailers }: OutgoingRequest): Promise<boolean> {
    const driver = this.#driver;
    const fields = fieldList(trailerFields(trailers));
    driver.write(driver.connection.sendEnd(fields));
    return this.#written(() => driver.flush());
  }

  /** Writes, and returns whether the stream accepted it all. */
  async #written(write: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await write();
    } catch (error) {
      if (error instanceof IoError) return false;
      throw error;
    }
    this.#owner.onResume();
    return true;
  }

  /** Waits for `100 Continue` or the timeout, which start the body, or for a final response, which cancels it. */
  #awaitContinue(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#driver.clock.setTimer(() => {
        this.#onContinue?.(true);
      }, this.#continueTimeout);
      const onContinue = (isGranted: boolean): void => {
        this.#onContinue = undefined;
        timer.cancel();
        resolve(isGranted);
      };
      this.#onContinue = onContinue;
    });
  }
}

/** The bytes as pieces: one, or several where the program watches how far they have come. */
function wholeOf(bytes: Uint8Array | undefined, isWatched: boolean): readonly Uint8Array[] {
  if (bytes === undefined) return [];
  if (!isWatched) return [bytes];
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(bytes.subarray(at, at + PIECE));
  return pieces;
}
