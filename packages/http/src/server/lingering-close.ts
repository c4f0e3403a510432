/**
 * The end of a connection: the response to what cannot be served, and the lingering close.
 *
 * A close with unread bytes resets the connection, and a reset can destroy a response that is still on its way
 * (RFC 9112 section 9.6). So this side sends FIN, reads and drops what still arrives until the client's FIN, up to the
 * `linger` deadline, and closes then.
 */

import { IoError } from '@awaitio/core';
import { errorResponse } from '../message/error-response.ts';
import { fieldsToSend } from '../message/response.ts';
import { tellRefusedBytes } from '../observing/refused-bytes.ts';
import { State } from '../protocol/state.ts';
import { RemoteProtocolError, type ProtocolError } from '../protocol/vocabulary/errors.ts';
import type { Responder } from './respond.ts';

/** The status to refuse with; `undefined` when no response can be sent any more, or none is of use. */
export function refusalStatus(
  { http, phases, stream }: Responder,
  error: ProtocolError,
): number | undefined {
  if (http.serverState !== State.IDLE && http.serverState !== State.SEND_RESPONSE) return undefined;
  if (phases.expired === 'headers') return 408;
  // The client closed the connection within its request: a response would not reach it.
  const isClosed = phases.expired === undefined && stream.isClosed;
  if (isClosed && error.code === 'ERR_HTTP_TRUNCATED') return undefined;
  return error instanceof RemoteProtocolError ? error.statusHint : 400;
}

/** Sends the response to what cannot be served. */
export async function refuse(
  { id, remoteAddress, http, driver, runtime }: Responder,
  status: number,
  error: ProtocolError,
): Promise<void> {
  runtime.observer.refused(id, String(remoteAddress ?? ''), status, error.code);
  if (!runtime.isHidden) tellRefusedBytes(error.code, driver.refused);
  const response = errorResponse(status);
  driver.write(
    http.sendResponse({
      status,
      fields: fieldsToSend(response),
      length: (response.body as string).length,
      date: runtime.date.toString(),
      close: true,
    }),
  );
  if (http.sendsBody) driver.write(response.body as string);
  await driver.flush();
}

/** Writes what was gathered, waits for the client's FIN where something was sent, and closes. */
export async function lingeringClose(responder: Responder): Promise<void> {
  const { stream, http, driver, phases, runtime } = responder;
  try {
    const blocked = driver.flush();
    if (blocked !== undefined) await phases.withWriteDeadline(blocked);
    if (responder.answered > 0 || http.serverState !== State.IDLE) {
      await stream.shutdown('read');
      const finished = stream.shutdown('write');
      // A stall is watched for only where something is unsent.
      if (!stream.isReleased) await phases.withWriteDeadline(finished);
      phases.wait('linger', runtime.deadlines.linger);
      await finished;
      await stream.closed;
    }
  } catch {
    // The peer closed first.
  }
  phases.end();
  await stream.close();
}

/** The request has its response: an error of the client in the rest of it only ends the connection. */
export function endedByPeer(error: unknown): false {
  if (error instanceof RemoteProtocolError) return false;
  throw error;
}

/** Why a request's signal aborts when its connection ends on this side. */
export function ended(message: string): IoError {
  return new IoError(`serve: ${message}`, {
    code: 'ERR_HTTP_CONNECTION_ENDED',
    operation: 'serve',
  });
}
