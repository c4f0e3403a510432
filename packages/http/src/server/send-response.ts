/**
 * Sends a response: its head and its body, whatever form the body has.
 *
 * A whole body is gathered with its head into one write. A streamed one is written piece by piece, with back-pressure
 * when the client is slower than the handler. Before the next piece is awaited, the pieces so far are flushed, so that an
 * event of an event stream goes out at once.
 */

import { BrokenError, type ByteStream } from '@awaitio/core';
import { AsyncScope, isThenable } from '@awaitio/core/lowlevel';
import {
  bytesOfPiece,
  checkResult,
  closePieces,
  piecesOf,
  trailerFields,
} from '../message/body-pieces.ts';
import { ForwardedBody, SentBuffers } from '../message/forwarded-body.ts';
import type { HttpConnection } from '../protocol/connection.ts';
import type { ResponseHeadInput } from '../protocol/head-input.ts';
import { fieldList, type FieldList } from '../protocol/vocabulary/fields.ts';
import {
  fieldsToSend,
  producerScope,
  type HttpResponse,
  type ResponseBody,
} from '../message/response.ts';
import type { Driver } from '../driver/driver.ts';
import type { Phases } from './phases.ts';

/** Where a response is written. */
export interface ResponseOutlet {
  readonly stream: ByteStream;
  readonly http: HttpConnection;
  readonly driver: Driver;
  readonly phases: Phases;
  /** Ends the wait for a handler's next piece when the connection is closed. */
  readonly closeRace: CloseRace;
  /** Counts bytes of the body that were written. */
  countOut(bytes: number): void;
}

interface SendOptions {
  readonly date: string;
  readonly close: boolean;
}

/** @returns A promise when the caller has to wait; `undefined` when everything was taken at once. */
export function sendResponse(
  outlet: ResponseOutlet,
  response: HttpResponse,
  options: SendOptions,
): Promise<void> | undefined {
  const { body } = response;
  if (response.trailers !== undefined) return sendPieces(outlet, response, options);
  if (typeof body === 'string') return sendText(outlet, response, body, options);
  if (body === null) return sendBytes(outlet, response, EMPTY, options);
  if (body instanceof Uint8Array) return sendBytes(outlet, response, body, options);
  if (body instanceof ForwardedBody && body.latin1 !== undefined) {
    return sendLatin1(outlet, response, body.latin1, options);
  }
  return sendPieces(outlet, response, options);
}

const EMPTY = new Uint8Array(0);

function sendText(
  outlet: ResponseOutlet,
  response: HttpResponse,
  text: string,
  options: SendOptions,
): Promise<void> | undefined {
  // As many bytes as characters: all are ASCII, and the text is its own latin1 form.
  const length = Buffer.byteLength(text);
  if (length !== text.length) return sendBytes(outlet, response, Buffer.from(text), options);
  return sendLatin1(outlet, response, text, options);
}

/** Sends text with one character for each byte. */
function sendLatin1(
  outlet: ResponseOutlet,
  response: HttpResponse,
  text: string,
  options: SendOptions,
): Promise<void> | undefined {
  const { length } = text;
  const { http, driver } = outlet;
  driver.write(http.sendWholeResponse(head(response, length, options)));
  if (length > 0 && http.sendsBody) {
    outlet.countOut(length);
    driver.write(text);
  }
  return driver.gathered > FLUSH_ABOVE ? driver.flush() : undefined;
}

function sendBytes(
  outlet: ResponseOutlet,
  response: HttpResponse,
  bytes: Uint8Array,
  options: SendOptions,
): Promise<void> | undefined {
  const { http, driver } = outlet;
  driver.write(http.sendWholeResponse(head(response, bytes.length, options)));
  if (bytes.length === 0 || !http.sendsBody) return undefined;
  outlet.countOut(bytes.length);
  return driver.writeBytes(bytes);
}

/** A batch of pipelined responses is written when it has grown to this. */
const FLUSH_ABOVE = 32_768;

function head<Length extends number | undefined>(
  response: HttpResponse,
  length: Length,
  options: SendOptions,
): ResponseHeadInput & { readonly length: Length } {
  return {
    status: response.status,
    reason: response.reason,
    fields: fieldsToSend(response),
    length,
    date: options.date,
    close: options.close,
  };
}

async function sendPieces(
  outlet: ResponseOutlet,
  response: HttpResponse,
  options: SendOptions,
): Promise<void> {
  const { http, driver } = outlet;
  const { body } = response;
  const scope = producerScope(response) ?? new AsyncScope();
  const pieces = scope.run(piecesOf, isWhole(body) ? [body ?? EMPTY] : body);
  let isExhausted = false;
  const { closeRace } = outlet;
  // No handler holds the pieces of a forwarded body: their memory can be reused.
  const written = body instanceof ForwardedBody ? new SentBuffers(outlet.stream) : undefined;
  try {
    driver.write(http.sendResponse(head(response, response.length, options)));
    while (http.sendsBody) {
      const next = scope.run(nextOf, pieces);
      let result;
      if (isThenable(next)) {
        driver.flushSoon();
        result = checkResult(await closeRace.race(next as Promise<IteratorResult<string>>));
      } else result = checkResult(next as IteratorResult<string>);
      if (result.done === true) {
        isExhausted = true;
        break;
      }
      const bytes = bytesOfPiece(result.value);
      if (bytes.length === 0) continue;
      driver.write(http.sendData(bytes.length));
      outlet.countOut(bytes.length);
      const blocked = driver.writeBytes(bytes);
      driver.write(http.dataEnd);
      if (blocked !== undefined) await outlet.phases.withWriteDeadline(blocked);
      written?.add(bytes);
    }
    driver.write(http.sendEnd(scope.run(trailersOf, response)));
  } finally {
    closeRace.end();
    // A body that is not read to its end is closed.
    if (!isExhausted) scope.run(closePieces, pieces);
  }
}

type Pieces = ReturnType<typeof piecesOf>;

function nextOf(pieces: Pieces): ReturnType<Pieces['next']> {
  return pieces.next();
}

function isWhole(body: ResponseBody): body is string | Uint8Array | null {
  return typeof body === 'string' || body instanceof Uint8Array || body === null;
}

function trailersOf(response: HttpResponse): FieldList {
  return fieldList(trailerFields(response.trailers));
}

/**
 * Ends the wait for a handler's next piece when the connection is closed: a handler that never yields must not keep the
 * connection's task. One subscription serves all pieces of all responses on a connection; racing each piece against
 * `stream.closed` would add reactions to that promise without bound.
 */
export class CloseRace {
  #reject: ((reason: unknown) => void) | undefined;
  #isClosed = false;

  constructor(stream: ByteStream) {
    void stream.closed.then(() => {
      this.#isClosed = true;
      this.#reject?.(clientGone());
    });
  }

  /** The next piece, or an error when the connection is closed first. */
  race<T>(next: Promise<T>): Promise<T> {
    if (this.#isClosed) {
      next.then(undefined, () => {});
      return Promise.reject(clientGone());
    }
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      next.then(resolve, reject);
    });
  }

  end(): void {
    this.#reject = undefined;
  }
}

/** Watches for the close of a connection, for as long as it lives. */
export function raceClose(stream: ByteStream): CloseRace {
  return new CloseRace(stream);
}

function clientGone(): BrokenError {
  return new BrokenError('serve: the client closed the connection before the answer was complete', {
    code: 'ERR_HTTP_CLIENT_GONE',
    operation: 'serve',
  });
}
