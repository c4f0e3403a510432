/**
 * Sends a response: its head and its body, whatever form the body has.
 *
 * A whole body is gathered with its head into one write; a streamed one is written piece by piece (`send-pieces`).
 */

import { AsyncScope } from '@awaitio/core/lowlevel';
import { ForwardedBody } from '../../message/forwarded-body.ts';
import { dropBody, type StreamedBody } from '../../message/outgoing-body.ts';
import { fieldsToSend, HttpResponse, producerScope } from '../../message/response.ts';
import type { ResponseHeadInput } from '../../protocol/head-input.ts';
import { sendPieces, type StreamOutlet } from './send-pieces.ts';

interface SendOptions {
  readonly date: string;
  readonly close: boolean;
}

/** @returns A promise when the caller has to wait; `undefined` when everything was taken at once. */
export function sendResponse(
  outlet: StreamOutlet,
  response: HttpResponse,
  options: SendOptions,
): Promise<void> | undefined {
  const { body } = response;
  if (response.trailers !== undefined)
    return sendPieces(outlet, response, head(response, response.length, options));
  if (typeof body === 'string') return sendText(outlet, response, body, options);
  if (body === null) return sendBytes(outlet, response, EMPTY, options);
  if (body instanceof Uint8Array) return sendBytes(outlet, response, body, options);
  if (body instanceof ForwardedBody && body.latin1 !== undefined) {
    return sendLatin1(outlet, response, body.latin1, options);
  }
  return sendPieces(outlet, response, head(response, response.length, options));
}

const EMPTY = new Uint8Array(0);

function sendText(
  outlet: StreamOutlet,
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
  outlet: StreamOutlet,
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
  outlet: StreamOutlet,
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

/** Ends the body of a response that is not sent. Never throws. */
export function dropResponse(response: unknown, reason: unknown): void {
  if (!(response instanceof HttpResponse) || !response.isStreamed) return;
  dropBody(response.body as StreamedBody, producerScope(response) ?? new AsyncScope(), reason);
}
