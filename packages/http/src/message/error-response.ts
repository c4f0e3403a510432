/** Responses to requests that cannot be handled: constant texts, which repeat nothing of the request. */

import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
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
  const isClientsFault = status < 500 || status === 501 || status === 505;
  const text = REASONS[status] ?? 'The request was refused.\n';
  return HttpResponse.text(text, { status, close: isClientsFault, headers });
}
