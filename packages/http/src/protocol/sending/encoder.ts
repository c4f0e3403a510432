/**
 * Heads and chunk framing as latin1 text.
 *
 * A head is ASCII, so one string holds it, and one string is the cheapest thing to write on Node. The application's fields
 * are checked before (`fields.ts`); here they are only concatenated, with what HTTP requires added: framing, `Date`,
 * `Connection`.
 */

import type { FieldList } from '../vocabulary/fields.ts';
import { hasField } from '../vocabulary/fields.ts';
import type { Framing } from './framing.ts';
import { reasonOf } from '../vocabulary/status-codes.ts';

const CRLF = '\r\n';
const statusLines: Record<number, string> = {};

/** `HTTP/1.1 200 OK` and its line end. The version is always 1.1 (RFC 9110 section 2.5). */
function statusLine(status: number, reason: string | undefined): string {
  if (reason !== undefined) return `HTTP/1.1 ${status} ${reason}${CRLF}`;
  statusLines[status] ??= `HTTP/1.1 ${status} ${reasonOf(status)}${CRLF}`;
  return statusLines[status];
}

/** Everything a response's head is made of. */
export interface ResponseHeadParts {
  readonly status: number;
  readonly reason?: string | undefined;
  readonly fields: FieldList;
  readonly framing: Framing;
  /** The value of `Date`, or empty for none. */
  readonly date: string;
  /** The value of `Connection`: `close`, `keep-alive` (to an HTTP/1.0 client), or none. */
  readonly connection: 'close' | 'keep-alive' | undefined;
}

export function encodeResponseHead(parts: ResponseHeadParts): string {
  const { framing, connection } = parts;
  const start = withFields(startOf(parts), parts.fields);
  // Nearly every response ends like this.
  if (framing.kind === 'length' && connection === undefined) return start + endOf(framing.length);
  return start + framingLine(framing) + connectionLine(connection) + CRLF;
}

/** Of shorter bodies the end of a head is made once, as one flat string: 60 KB when all have come. */
const SHORT = 1_024;
const ends: string[] = [];

/** The last field of most heads, and the empty line behind it. */
function endOf(length: number): string {
  if (length >= SHORT) return `Content-Length: ${length}${CRLF}${CRLF}`;
  ends[length] ??= ['Content-Length: ', String(length), CRLF, CRLF].join('');
  return ends[length];
}

/** Most responses of a second begin alike. Joined, it is one flat string; concatenated, each response would flatten it again. */
let lastStart = { status: 0, date: '', text: '' };

function startOf({ status, reason, fields, date }: ResponseHeadParts): string {
  if (date === '' || hasField(fields, 'date')) return statusLine(status, reason);
  if (reason === undefined && status === lastStart.status && date === lastStart.date) {
    return lastStart.text;
  }
  const text = [statusLine(status, reason), 'Date: ', date, CRLF].join('');
  if (reason === undefined) lastStart = { status, date, text };
  return text;
}

/** And most have one or two fields, the same in many: joined when they come a second time in a row. */
let lastFields = { start: '', name: '', value: '', name2: '', value2: '', text: '' };

function withFields(start: string, fields: FieldList): string {
  const { length } = fields;
  if (length !== 2 && length !== 4) return start + fieldLines(fields);
  const name = fields[0] as string;
  const value = fields[1] as string;
  const name2 = length === 4 ? (fields[2] as string) : '';
  const value2 = length === 4 ? (fields[3] as string) : '';
  if (
    start !== lastFields.start ||
    name !== lastFields.name ||
    value !== lastFields.value ||
    name2 !== lastFields.name2 ||
    value2 !== lastFields.value2
  ) {
    lastFields = { start, name, value, name2, value2, text: '' };
    return start + fieldLines(fields);
  }
  if (lastFields.text === '') lastFields.text = [start, fieldLines(fields)].join('');
  return lastFields.text;
}

export interface RequestHeadParts {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly framing: Framing;
  readonly connection: 'close' | 'keep-alive' | undefined;
}

export function encodeRequestHead(parts: RequestHeadParts): string {
  return (
    `${parts.method} ${parts.target} HTTP/1.1${CRLF}` +
    requestLines(parts.fields) +
    framingLine(parts.framing) +
    connectionLine(parts.connection) +
    CRLF
  );
}

/** Most requests of a client have the same fields: of a list that cannot change, the lines are made once. */
let lastList: FieldList | undefined;
let lastLines = '';

function requestLines(fields: FieldList): string {
  if (fields === lastList) return lastLines;
  const lines = fieldLines(fields);
  if (Object.isFrozen(fields)) {
    lastList = fields;
    lastLines = lines;
  }
  return lines;
}

/** An informational head, such as 100 or 103: no framing, no connection. */
export function encodeInformationalHead(status: number, fields: FieldList): string {
  return statusLine(status, undefined) + fieldLines(fields) + CRLF;
}

/** The line before a chunk's data; its data is followed by a line end. */
export function chunkLine(length: number): string {
  return length.toString(16) + CRLF;
}

/** The last chunk, the trailer section and the empty line. */
export function lastChunk(trailers: FieldList): string {
  return `0${CRLF}${fieldLines(trailers)}${CRLF}`;
}

function fieldLines(fields: FieldList): string {
  let lines = '';
  for (let index = 0; index < fields.length; index += 2) {
    lines += `${fields[index]}: ${fields[index + 1]}${CRLF}`;
  }
  return lines;
}

function framingLine(framing: Framing): string {
  switch (framing.kind) {
    case 'length':
      return `Content-Length: ${framing.length}${CRLF}`;
    case 'chunked':
      return `Transfer-Encoding: chunked${CRLF}`;
    case 'close':
    case 'none':
      return '';
  }
}

function connectionLine(connection: 'close' | 'keep-alive' | undefined): string {
  return connection === undefined ? '' : `Connection: ${connection}${CRLF}`;
}
