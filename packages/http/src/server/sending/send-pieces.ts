/**
 * Sends a response whose body is produced while it is sent.
 *
 * It is written piece by piece, with back-pressure when the client is slower than the handler. Before the next piece is
 * awaited, the pieces so far are flushed, so that an event of an event stream goes out at once.
 */

import type { ByteStream } from '@awaitio/core';
import { AsyncScope, isThenable } from '@awaitio/core/lowlevel';
import { trailerFields } from '../../message/body-pieces.ts';
import { ForwardedBody } from '../../message/forwarded-body.ts';
import { isMeasured, OutgoingBody, type StreamedBody } from '../../message/outgoing-body.ts';
import { ReusedPieces, SentBuffers } from '../../message/reused-pieces.ts';
import { producerScope, type HttpResponse, type ResponseBody } from '../../message/response.ts';
import type { ResponseHeadInput } from '../../protocol/head-input.ts';
import { isBodiless } from '../../protocol/sending/framing.ts';
import { fieldList, type FieldList } from '../../protocol/vocabulary/fields.ts';
import type { ClientWatch } from './client-watch.ts';
import { PieceWriter, type PieceOutlet } from './piece-writer.ts';

/** Where a streamed response is written. */
export interface StreamOutlet extends PieceOutlet {
  readonly stream: ByteStream;
  readonly phases: { withWriteDeadline(blocked: Promise<void>): Promise<void> };
  /** Ends the wait for a handler's next piece when the client has gone. */
  readonly clientWatch: ClientWatch;
}

const EMPTY = new Uint8Array(0);

/** Sends a streamed response, or one that has trailers. */
export async function sendPieces(
  outlet: StreamOutlet,
  response: HttpResponse,
  head: ResponseHeadInput,
): Promise<void> {
  const { body } = response;
  const scope = producerScope(response) ?? new AsyncScope();
  const received = body instanceof ForwardedBody ? body.received : undefined;
  const source = new OutgoingBody(isWhole(body) ? [body ?? EMPTY] : (received ?? body), scope);
  const hasBody = outlet.http.expectedMethod !== 'HEAD' && !isBodiless(head.status);
  const isLengthSought = hasBody && response.trailers === undefined && isMeasured(body);
  const writer = new PieceWriter(outlet, head, hasBody, isLengthSought);
  try {
    if (hasBody) await sendBody(outlet, source, writer, body);
    const blocked = writer.end(scope.run(trailersOf, response));
    if (blocked !== undefined) await outlet.phases.withWriteDeadline(blocked);
    source.end(undefined);
  } catch (error) {
    writer.stop();
    source.end(error);
    throw error;
  }
}

async function sendBody(
  outlet: StreamOutlet,
  source: OutgoingBody,
  writer: PieceWriter,
  body: ResponseBody,
): Promise<void> {
  let watch: ClientWatch | undefined;
  const sent = body instanceof ReusedPieces ? new SentBuffers(outlet.stream) : undefined;
  try {
    for (;;) {
      const next = source.next();
      let result;
      if (isThenable(next)) {
        watch ??= outlet.clientWatch;
        const arriving = watch.race(next as Promise<IteratorResult<Uint8Array | string>>);
        writer.flushBefore(watch);
        result = await arriving;
        watch.arrived();
      } else result = next as IteratorResult<Uint8Array | string>;
      const bytes = source.take(result);
      if (bytes === undefined) return;
      if (bytes.length === 0) continue;
      const blocked = writer.add(bytes);
      if (blocked !== undefined) await outlet.phases.withWriteDeadline(blocked);
      sent?.add(bytes);
    }
  } finally {
    watch?.arrived();
  }
}

function isWhole(body: ResponseBody): body is Exclude<ResponseBody, StreamedBody> {
  return typeof body === 'string' || body instanceof Uint8Array || body === null;
}

function trailersOf(response: HttpResponse): FieldList {
  return fieldList(trailerFields(response.trailers));
}
