/**
 * The sending half of a client's connection: a request's head, and its body in whatever form the program has it.
 *
 * Sending goes on beside receiving, since a server may answer before it has read everything. So what fails in a write is
 * no failure of the request yet: the answer may have come before, and whoever reads is told. Only a body that the program
 * cannot give ends the request from here.
 */

import { IoError } from '@awaitio/core';
import { piecesOf } from '../message/body.ts';
import type { Incoming } from './incoming-response.ts';
import type { RequestBody } from './options.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { Driver } from '../driver/driver.ts';
import { fieldList } from '../protocol/vocabulary/fields.ts';

/** What sending asks of the connection it is a half of. */
export interface SenderOwner {
  /** Whether the connection is gone. */
  readonly isGone: boolean;
  /** Calls back after so many milliseconds; the function returned stops that. */
  later(callback: () => void, milliseconds: number): () => void;
  /** The server has to take something that cannot be taken at once. */
  onSending(): void;
  /** The program makes the next piece of its body: nobody waits for the server. */
  onPause(): void;
  /** The server is waited for again. */
  onResume(): void;
  /** The body cannot be given. */
  onBodyFailure(error: unknown): void;
}

type Streamed = Exclude<RequestBody, string | Uint8Array>;
type Pieces = ReturnType<typeof piecesOf>;
const SENT = Promise.resolve(true);

export class RequestSender {
  readonly #driver: Driver;
  readonly #owner: SenderOwner;
  readonly #patience: number;
  /** Ends the wait for leave to send the body; told whether there is leave. */
  #leave: ((isGiven: boolean) => void) | undefined;

  /** @param patience - How long to wait for `100 Continue`, in milliseconds. */
  constructor(driver: Driver, owner: SenderOwner, patience: number) {
    this.#driver = driver;
    this.#owner = owner;
    this.#patience = patience;
  }

  /**
   * Sends the head, and begins with the body.
   *
   * @throws `LocalProtocolError` for a request that contradicts itself; the stream's errors.
   */
  send(request: OutgoingRequest, incoming: Incoming): void {
    const driver = this.#driver;
    const http = driver.connection;
    const { body } = request;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const isWhole = bytes === undefined || bytes instanceof Uint8Array;
    driver.write(
      http.sendRequest({
        method: request.method,
        target: request.target,
        fields: request.fields,
        hasBody: bytes !== undefined,
        length: isWhole ? bytes?.length : request.length,
      }),
    );
    if (isWhole && !request.expectContinue) {
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
    const pieces = isWhole ? [bytes as Uint8Array] : (bytes as Streamed);
    this.#sendPieces(pieces, request, incoming).catch((error: unknown) => {
      this.#owner.onBodyFailure(error);
    });
  }

  /** Ends the wait for leave to send the body, if there is one. */
  settleLeave(isGiven: boolean): void {
    this.#leave?.(isGiven);
  }

  async #sendPieces(body: Streamed, request: OutgoingRequest, incoming: Incoming): Promise<void> {
    if (request.expectContinue && !(await this.#leaveToSend())) return;
    const pieces = piecesOf(body);
    let isExhausted = false;
    try {
      for (;;) {
        // A server that has answered already does not want the rest.
        if (incoming.isComplete || this.#owner.isGone) return;
        const result = await this.#nextPiece(pieces);
        if (incoming.isComplete || this.#owner.isGone) return;
        isExhausted = result.done === true;
        const isSent = isExhausted
          ? await this.#sendLast(request)
          : await this.#sendPiece(result.value);
        if (isExhausted || !isSent) return;
      }
    } finally {
      if (!isExhausted) void Promise.resolve(pieces.return?.()).catch(() => {});
    }
  }

  async #nextPiece(pieces: Pieces): Promise<IteratorResult<Uint8Array | string>> {
    const next = pieces.next();
    if (!(next instanceof Promise)) return next;
    this.#owner.onPause();
    const result = await next;
    this.#owner.onResume();
    return result;
  }

  /** @throws `LocalProtocolError` when the body gets longer than was announced. */
  #sendPiece(piece: Uint8Array | string): Promise<boolean> {
    const driver = this.#driver;
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
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
    const fields = fieldList(typeof trailers === 'function' ? trailers() : trailers);
    driver.write(driver.connection.sendEnd(fields));
    return this.#written(() => driver.flush());
  }

  /** Whether what was written was taken. */
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

  /** Waits for `100 Continue` or the deadline, which give leave to send, or any other head, which takes it. */
  #leaveToSend(): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.#owner.later(() => {
        this.#leave?.(true);
      }, this.#patience);
      this.#leave = (isGiven) => {
        this.#leave = undefined;
        stop();
        resolve(isGiven);
      };
    });
  }
}
