/** From an open file and a request to the response: conditions first, then ranges, then the whole (RFC 9110 section 13.2.2). */

import { systemRandom } from '@awaitio/core/lowlevel';
import type { HttpRequest } from '../message/request.ts';
import { HttpResponse, responseOf, type ResponseInit } from '../message/response.ts';
import { fieldList, fieldValue, hasField, type FieldList } from '../protocol/vocabulary/fields.ts';
import { evaluateConditions, rangeApplies, type Validators } from './selection/conditions.ts';
import { FilePieces, type FilePart } from './file-pieces.ts';
import { httpDate } from './selection/http-date.ts';
import type { OpenFile } from './open-file.ts';
import { contentRange, multipartRanges, selectRanges, type ByteRange } from './selection/ranges.ts';

/** How many parts one response may have. */
const MAX_RANGES = 16;
const CHANGED = 'The file is not in the state that the request asks for.\n';
const NO_RANGE = 'The file has no such range.\n';

/** The validators that the response says: the file's, or those that the program gives in its fields. */
function validatorsOf(file: OpenFile, fields: FieldList): Validators {
  const etag = fieldValue(fields, 'etag') ?? file.etag;
  const given = fieldValue(fields, 'last-modified');
  const lastModified = given === undefined ? file.lastModified : Date.parse(given);
  return { etag, lastModified: Number.isNaN(lastModified) ? undefined : lastModified };
}

/**
 * The response to a request for a file. The file is closed by the response's body, or here when there is none.
 *
 * @param request - `undefined` for the whole, whatever was asked.
 * @param init - As for other responses. Its status stands only for the whole.
 */
export async function represent(
  file: OpenFile,
  request: HttpRequest | undefined,
  init: Omit<ResponseInit, 'length'> | undefined,
): Promise<HttpResponse> {
  let isSent = false;
  try {
    const checked = { ...init, headers: undefined };
    const given = fieldList(init?.headers);
    const validators = validatorsOf(file, given);
    const fields = withDefaults(given, {
      'Content-Type': 'application/octet-stream',
      'Last-Modified': httpDate(file.lastModified),
      ETag: file.etag,
      ...(request === undefined ? undefined : { 'Accept-Ranges': 'bytes' }),
    });
    // Conditions and ranges are about a success (section 13.2.1).
    const status = init?.status ?? 200;
    const asked = status >= 200 && status < 300 ? request : undefined;
    const verdict = asked === undefined ? 'proceed' : evaluateConditions(asked, validators);
    if (verdict === 304) return responseOf(null, { status: 304 }, unchanged(fields));
    if (verdict === 412) return HttpResponse.text(CHANGED, { status: 412 });
    const ranges = asked === undefined ? 'whole' : rangesOf(asked, validators, file.size);
    if (ranges === 'unsatisfiable') {
      const headers = { 'Content-Range': `bytes */${file.size}` };
      return HttpResponse.text(NO_RANGE, { status: 416, headers });
    }
    const body = bodyOf(file.size, fields, ranges);
    if (request?.method === 'HEAD') {
      const described = [...body.fields, 'Content-Length', String(body.length)];
      return responseOf(null, checked, described);
    }
    const pieces = new FilePieces(file.handle, body.parts);
    const sent = { ...checked, status: ranges === 'whole' ? status : 206, length: body.length };
    const response = responseOf(pieces, sent, body.fields);
    isSent = true;
    return response;
  } finally {
    if (!isSent) await file.handle.close();
  }
}

function rangesOf(
  request: HttpRequest,
  validators: Validators,
  size: number,
): ReturnType<typeof selectRanges> {
  const value = request.headers.get('range');
  if (value === null || request.method !== 'GET') return 'whole';
  return rangeApplies(request, validators) ? selectRanges(value, size, MAX_RANGES) : 'whole';
}

interface FileBody {
  readonly fields: FieldList;
  readonly parts: readonly FilePart[];
  readonly length: number;
}

function bodyOf(size: number, fields: FieldList, ranges: readonly ByteRange[] | 'whole'): FileBody {
  if (ranges === 'whole')
    return { fields, parts: size === 0 ? [] : [{ start: 0, end: size }], length: size };
  const [first, ...others] = ranges as readonly [ByteRange, ...ByteRange[]];
  if (others.length === 0) {
    const length = first.end - first.start;
    return {
      fields: [...fields, 'Content-Range', contentRange(first, size)],
      parts: [first],
      length,
    };
  }
  const multipart = multipartRanges(ranges, size, boundary(), fieldValue(fields, 'content-type'));
  return {
    fields: [...without(fields, 'content-type'), 'Content-Type', multipart.type],
    parts: [
      ...ranges.flatMap((range, at) => [multipart.heads[at] as string, range]),
      multipart.tail,
    ],
    length: multipart.length,
  };
}

/** Sixteen random digits of base 36: no file can be made to hold them. */
function boundary(): string {
  const digits = Array.from({ length: 16 }, () => systemRandom.integer(0, 35).toString(36));
  return `awaitio-${digits.join('')}`;
}

/** What a 304 says (section 15.4.5): what the cache may have to update, and nothing of the content. */
function unchanged(fields: FieldList): FieldList {
  const kept = new Set([
    'cache-control',
    'content-location',
    'date',
    'etag',
    'expires',
    'vary',
    'last-modified',
    'set-cookie',
  ]);
  return fields.filter((_, at) => {
    const name = (fields[at - (at % 2)] as string).toLowerCase();
    return kept.has(name) || name.startsWith('access-control-');
  });
}

function withDefaults(fields: FieldList, defaults: Readonly<Record<string, string>>): FieldList {
  const added = Object.entries(defaults).filter(([name]) => !hasField(fields, name.toLowerCase()));
  return [...fields, ...added.flat()];
}

function without(fields: FieldList, unwanted: string): FieldList {
  return fields.filter((_, at) => (fields[at - (at % 2)] as string).toLowerCase() !== unwanted);
}
