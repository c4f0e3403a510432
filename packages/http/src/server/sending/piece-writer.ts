/**
 * Writes the head of a streamed response, and its pieces behind it.
 *
 * A failure has a status only as long as no byte of the response has left. So the head waits for the pieces that are at
 * hand with it, for one turn of the event loop and up to a number of bytes: that is when it would be flushed anyway. What
 * fails before that (a first piece, a length that the pieces exceed, trailers that may not be sent) has written nothing.
 */

import type { Driver } from '../../driver/driver.ts';
import type { ResponseHeadInput } from '../../protocol/head-input.ts';
import type { HttpConnection } from '../../protocol/connection.ts';
import { BodyCounter } from '../../protocol/sending/framing.ts';
import { checkTrailers, fieldValue, type FieldList } from '../../protocol/vocabulary/fields.ts';
import type { ClientWatch } from './client-watch.ts';

/** Where pieces are written. */
export interface PieceOutlet {
  readonly http: HttpConnection;
  readonly driver: Driver;
  /** Counts bytes of the body that were written. */
  countOut(bytes: number): void;
}

/** How much waits with the head. */
const HELD_BYTES = 16_384;
const HELD_PIECES = 64;

export class PieceWriter {
  readonly #outlet: PieceOutlet;
  readonly #isMeasured: boolean;
  #head: ResponseHeadInput;
  readonly #counter: BodyCounter | undefined;
  /** Pieces that wait with the head; `undefined` once it is written. */
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;
  /** Whether the end of the turn is waited for. */
  #isTurning = false;

  /**
   * @param isMeasured - Whether a body of unknown length that ends before its head is written is sent with its length. So the
   * `Response` of a text has one, as long as it has no second piece.
   */
  constructor(outlet: PieceOutlet, head: ResponseHeadInput, hasBody: boolean, isMeasured: boolean) {
    this.#outlet = outlet;
    this.#head = head;
    this.#isMeasured = isMeasured && head.length === undefined;
    if (hasBody) this.#counter = counterOf(head);
  }

  /**
   * Writes a piece, at least one byte.
   *
   * @returns A promise when the stream has no room and the caller must wait.
   * @throws `LocalProtocolError` when the body exceeds its announced length, and for a wrong head.
   */
  add(bytes: Uint8Array): Promise<void> | undefined {
    const held = this.#held;
    if (held === undefined) return this.#write(bytes);
    this.#counter?.add(bytes.length);
    held.push(bytes);
    this.#heldBytes += bytes.length;
    // A single piece waits whatever its size: it is there already.
    const isSingle = this.#isMeasured && held.length === 1;
    const isFull = this.#heldBytes >= HELD_BYTES || held.length >= HELD_PIECES;
    if (isSingle) return undefined;
    return isFull ? this.#begin() : undefined;
  }

  /**
   * Flushes what was written before the next piece is awaited: a head only once that takes longer than a turn.
   *
   * @param watch - Ends the wait with the error of a wrong head.
   */
  flushBefore(watch: ClientWatch): void {
    const { driver } = this.#outlet;
    if (this.#held === undefined) driver.flushSoon();
    else if (!this.#isTurning) {
      this.#isTurning = true;
      driver.clock.defer(() => {
        this.#onTurn(watch);
      });
    }
  }

  #onTurn(watch: ClientWatch): void {
    if (this.#held === undefined) return;
    try {
      void this.#begin();
    } catch (error) {
      watch.fail(error);
      return;
    }
    try {
      void this.#outlet.driver.flush();
    } catch {
      // The connection is lost, which ends the wait.
    }
  }

  /**
   * Writes the end of the response, behind its head where that has waited.
   *
   * @throws `LocalProtocolError` when the body is shorter than its announced length, and for a wrong head or trailer.
   */
  end(trailers: FieldList): Promise<void> | undefined {
    const { driver, http } = this.#outlet;
    let blocked;
    if (this.#held !== undefined) {
      checkTrailers(trailers);
      this.#counter?.finish();
      if (this.#isMeasured) this.#head = { ...this.#head, length: this.#heldBytes };
      blocked = this.#begin();
    }
    driver.write(http.sendEnd(trailers));
    return blocked;
  }

  /** The response has failed: what still waits is not written. */
  stop(): void {
    this.#held = undefined;
  }

  /** Writes the head, and what has waited with it. */
  #begin(): Promise<void> | undefined {
    const { driver, http } = this.#outlet;
    const held = this.#held as Uint8Array[];
    driver.write(http.sendResponse(this.#head));
    this.#held = undefined;
    let blocked: Promise<void> | undefined;
    for (const bytes of held) blocked = this.#write(bytes);
    return blocked;
  }

  #write(bytes: Uint8Array): Promise<void> | undefined {
    const { driver, http } = this.#outlet;
    driver.write(http.sendData(bytes.length));
    this.#outlet.countOut(bytes.length);
    const blocked = driver.writeBytes(bytes);
    driver.write(http.dataEnd);
    return blocked;
  }
}

/** The length that the head announces: the handler's, or that of its `Content-Length`. */
function counterOf({ fields, length }: ResponseHeadInput): BodyCounter | undefined {
  const announced = length ?? Number(fieldValue(fields, 'content-length'));
  if (Number.isNaN(announced)) return undefined;
  return new BodyCounter({ kind: 'length', length: announced, isSent: true });
}
