/** Responses to requests that cannot be handled: constant texts, which repeat nothing of the request. */

import { invalidInput } from '@awaitio/core/lowlevel';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import { HttpProblem } from './problem.ts';
import { HttpResponse } from './response.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'The request is malformed.\n',
  408: 'The request took too long to arrive.\n',
  413: 'The request body is too large.\n',
  414: 'The request target is too long.\n',
  417: 'The expectation cannot be met.\n',
  431: 'The request headers are too large.\n',
  500: 'The server failed to answer.\n',
  501: 'The request asks for something that is not implemented here.\n',
  503: 'The server is not able to answer now.\n',
  505: 'The HTTP version is not supported.\n',
};

/**
 * The response of `serve` to a request that it cannot handle, as text. After a status that is the client's fault it closes
 * the connection: what else the client sends on it cannot be trusted.
 *
 * @throws `LocalProtocolError` for a header that must not be sent; `InvalidInputError` for a status that is not a whole
 * number from 200 to 999.
 */
export function errorResponse(status: number, headers?: HeadersInput): HttpResponse {
  if (typeof status !== 'number') throw invalidInput('errorResponse', 'status', 'a number', status);
  return HttpResponse.text(textOf(status), { status, close: closes(status), headers });
}

/**
 * As {@link errorResponse}, in the form that the client asked for: a problem document when its `Accept` names JSON, as
 * those of `HttpProblem` are, otherwise text.
 */
export function failureResponse(
  status: number,
  accept: string | null,
  headers?: HeadersInput,
): HttpResponse {
  if (accept === null || !JSON_RANGE.test(accept)) return errorResponse(status, headers);
  const problem = new HttpProblem(status, { detail: textOf(status).trimEnd(), headers });
  return HttpResponse.problem(problem, { close: closes(status) });
}

/** A media range of JSON that is not refused by `q=0` (RFC 9110 section 12.5.1). */
const JSON_RANGE =
  /(?:^|[\s,])application\/(?:[\w.-]+\+)?json\s*(?:$|,|;(?!\s*q=0(?:\.0*)?\s*(?:$|,)))/i;

function textOf(status: number): string {
  return REASONS[status] ?? 'The request was refused.\n';
}

/** Whether the connection cannot be used after this status. */
function closes(status: number): boolean {
  return status < 500 || status === 501 || status === 505;
}
