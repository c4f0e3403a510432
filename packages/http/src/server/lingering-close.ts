/**
 * The end of a connection: the response to what cannot be served, and the lingering close.
 *
 * A close with unread bytes resets the connection, and a reset can destroy a response that is still on its way
 * (RFC 9112 section 9.6). So this side sends FIN, reads and drops what still arrives until the client's FIN, up to the
 * `linger` deadline, and closes then.
 */

import { IoError } from '@awaitio/core';
import { finishStream, type StreamFinisher } from '@awaitio/core/lowlevel';
import { errorResponse } from '../message/error-response.ts';
import { fieldsToSend } from '../message/response.ts';
import { tellRefusedBytes } from '../observing/refused-bytes.ts';
import { State } from '../protocol/state.ts';
import { RemoteProtocolError, type ProtocolError } from '../protocol/vocabulary/errors.ts';
import type { Responder } from './respond.ts';

/**
 * The loop of a connection has failed: responds to what the client did wrong, and reports any other error.
 *
 * @returns Why the connection ends; `undefined` where the failure is no reason.
 */
export async function endFailed(
  responder: Responder,
  error: unknown,
): Promise<'refused' | 'broken' | undefined> {
  let failure = error;
  if (error instanceof RemoteProtocolError) {
    try {
      const status = refusalStatus(responder, error);
      if (status === undefined) return undefined;
      await refuse(responder, status, error);
      return 'refused';
    } catch (later) {
      failure = later;
    }
  }
  // A lost connection is not an error of the server.
  if (!(failure instanceof IoError)) responder.runtime.report(failure, undefined);
  return 'broken';
}

/** The status to refuse with; `undefined` when no response can be sent any more, or none is of use. */
function refusalStatus(
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
async function refuse(
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

/**
 * As {@link lingeringClose}, without a promise: nearly always, what was gathered is sent at once, and only the client's FIN is waited for.
 *
 * @returns Whether the finisher is going to be called. If not, {@link lingeringClose} has to do what is left.
 */
export function finishSent(responder: Responder, finisher: StreamFinisher): boolean {
  const { stream, driver, phases, runtime } = responder;
  try {
    if (!hasSent(responder) || driver.flush() !== undefined) return false;
  } catch {
    return false;
  }
  if (!finishStream(stream, finisher)) return false;
  phases.wait('linger', runtime.deadlines.linger);
  return true;
}

/** Whether the client waits for bytes that a close could destroy. */
function hasSent({ answered, http }: Responder): boolean {
  return answered > 0 || http.serverState !== State.IDLE;
}

/** Writes what was gathered, waits for the client's FIN where something was sent, and closes. */
export async function lingeringClose(responder: Responder): Promise<void> {
  const { stream, driver, phases, runtime } = responder;
  try {
    const blocked = driver.flush();
    if (blocked !== undefined) await phases.withWriteDeadline(blocked);
    if (hasSent(responder)) {
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
