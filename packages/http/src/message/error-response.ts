/** The answers to requests that cannot be handled: constant texts, which repeat nothing of the request. */

import type { FieldList } from '../protocol/vocabulary/fields.ts';
import { HttpResponse } from './response.ts';

const TEXT: FieldList = ['Content-Type', 'text/plain; charset=utf-8'];

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

/** What `serve` answers by itself. One that says `close` ends the connection: its peer cannot be understood any more. */
export function errorResponse(status: number, fields?: FieldList): HttpResponse {
  const isPeersFault = status < 500 || status === 501 || status === 505;
  const text = REASONS[status] ?? 'The request was refused.\n';
  return new HttpResponse(text, { status, close: isPeersFault }, [...TEXT, ...(fields ?? [])]);
}
