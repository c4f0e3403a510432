/**
 * Sends a response: its head and its body, whatever form the body has.
 *
 * A whole body goes out with its head, gathered into one write. A streamed one goes out piece by piece, each awaited
 * when the peer is slower than the program; what was sent is flushed before the program is asked for more, so that an
 * event stream does not wait for company.
 */

import { BrokenError, type ByteStream } from '@awaitio/core';
import { piecesOf } from '../message/body.ts';
import { PassedBody, SentBuffers } from '../message/forwarded-body.ts';
import type { ResponseHeadInput } from '../protocol/connection.ts';
import { fieldList, type FieldList } from '../protocol/vocabulary/fields.ts';
import type { HttpResponse } from '../message/response.ts';
import type { ServerConnection } from './connection.ts';

interface SendOptions {
  readonly date: string;
  readonly close: boolean;
}

/** @returns A promise when the caller has to wait; `undefined` when everything was taken at once. */
export function sendBody(
  connection: ServerConnection,
  response: HttpResponse,
  options: SendOptions,
): Promise<void> | undefined {
  const { body } = response;
  if (typeof body === 'string') return sendText(connection, response, body, options);
  if (body === null) return sendBytes(connection, response, EMPTY, options);
  if (body instanceof Uint8Array) return sendBytes(connection, response, body, options);
  if (body instanceof PassedBody && body.latin1 !== undefined) {
    return sendLatin1(connection, response, body.latin1, options);
  }
  return sendPieces(connection, response, options);
}

const EMPTY = new Uint8Array(0);

function sendText(
  connection: ServerConnection,
  response: HttpResponse,
  text: string,
  options: SendOptions,
): Promise<void> | undefined {
  // As many bytes as characters: all of them are ASCII, and the text is its own latin1 form.
  const length = Buffer.byteLength(text);
  if (length !== text.length) return sendBytes(connection, response, Buffer.from(text), options);
  return sendLatin1(connection, response, text, options);
}

/** Sends text with one character for each byte. */
function sendLatin1(
  connection: ServerConnection,
  response: HttpResponse,
  text: string,
  options: SendOptions,
): Promise<void> | undefined {
  const { length } = text;
  const { http, driver } = connection;
  driver.write(http.sendWholeResponse(head(response, length, options)));
  if (length > 0 && http.sendsBody) {
    connection.countOut(length);
    driver.write(text);
  }
  return driver.gathered > FLUSH_ABOVE ? driver.flush() : undefined;
}

function sendBytes(
  connection: ServerConnection,
  response: HttpResponse,
  bytes: Uint8Array,
  options: SendOptions,
): Promise<void> | undefined {
  const { http, driver } = connection;
  driver.write(http.sendWholeResponse(head(response, bytes.length, options)));
  if (bytes.length === 0 || !http.sendsBody) return undefined;
  connection.countOut(bytes.length);
  return driver.writeBytes(bytes);
}

/** A batch of pipelined answers is written when it has grown to this. */
const FLUSH_ABOVE = 32_768;

function head<Length extends number | undefined>(
  response: HttpResponse,
  length: Length,
  options: SendOptions,
): ResponseHeadInput & { readonly length: Length } {
  return {
    status: response.status,
    reason: response.reason,
    fields: response.fields,
    length,
    date: options.date,
    close: options.close,
  };
}

async function sendPieces(
  connection: ServerConnection,
  response: HttpResponse,
  options: SendOptions,
): Promise<void> {
  const { http, driver } = connection;
  const body = response.body as Parameters<typeof piecesOf>[0];
  const pieces = piecesOf(body);
  let isExhausted = false;
  const watch = connection.goneWatch;
  // Only this side knows of the pieces of a body that is passed on: their memory is used again.
  const written = body instanceof PassedBody ? new SentBuffers(connection.stream) : undefined;
  try {
    driver.write(http.sendResponse(head(response, response.length, options)));
    while (http.sendsBody) {
      const next = pieces.next();
      let result;
      if ('then' in next) {
        driver.flushSoon();
        result = await watch.orGone(next);
      } else result = next;
      if (result.done === true) {
        isExhausted = true;
        break;
      }
      const bytes = typeof result.value === 'string' ? Buffer.from(result.value) : result.value;
      if (bytes.length === 0) continue;
      driver.write(http.sendData(bytes.length));
      connection.countOut(bytes.length);
      const blocked = driver.writeBytes(bytes);
      driver.write(http.dataEnd);
      if (blocked !== undefined) await connection.phases.whileWriting(blocked);
      written?.add(bytes);
    }
    driver.write(http.sendEnd(trailersOf(response)));
  } finally {
    watch.end();
    // A body that is not taken to its end is told so, whatever it makes of it.
    if (!isExhausted) void Promise.resolve(pieces.return?.()).catch(() => {});
  }
}

function trailersOf(response: HttpResponse): FieldList {
  const { trailers } = response;
  return fieldList(typeof trailers === 'function' ? trailers() : trailers);
}

/**
 * Ends the wait for a program's next piece when the connection is gone: a program that waits for ever must not keep the
 * connection's task. One subscription serves all pieces of all answers on a connection; racing each against the
 * connection's end would pile them up.
 */
export class GoneWatch {
  #reject: ((reason: unknown) => void) | undefined;
  #isGone = false;

  constructor(stream: ByteStream) {
    void stream.closed.then(() => {
      this.#isGone = true;
      this.#reject?.(gone());
    });
  }

  orGone<T>(next: Promise<T>): Promise<T> {
    if (this.#isGone) {
      next.catch(() => {});
      return Promise.reject(gone());
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

function gone(): BrokenError {
  return new BrokenError('the client closed the connection before the answer was complete', {
    code: 'ERR_HTTP_CLIENT_GONE',
    operation: 'serve',
  });
}
