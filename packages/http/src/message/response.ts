/**
 * Responses as handlers make them: a status, header fields, and a body of one of a few kinds.
 *
 * Header fields are checked when a response is made, and are sent as they are: an unchecked value with CR LF would inject
 * fields. So the public constructor takes headers only in a form that is checked; code of this package that has checked
 * them itself calls {@link responseOf}.
 */

import type { InvalidInputError } from '@awaitio/core';
import {
  AsyncScope,
  checkOptions,
  invalidInput,
  isBytes,
  rules,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import { isSendable, ownBytes } from './body-pieces.ts';
import { ForwardedBody } from './forwarded-body.ts';
import { jsonOf, refused } from './json-text.ts';
import { HttpProblem } from './problem.ts';
import {
  checkTrailers,
  fieldList,
  hasField,
  type FieldList,
  type HeadersInput,
} from '../protocol/vocabulary/fields.ts';

/** The body of a response. Bytes must not be changed once they are given. */
export type ResponseBody =
  | string
  | Uint8Array
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ReadableStream<Uint8Array>
  | null;

/** Options of a response. */
export interface ResponseInit {
  /** @default 200 */
  readonly status?: number | undefined;
  /** The reason phrase. @default the registered one */
  readonly reason?: string | undefined;
  readonly headers?: HeadersInput | undefined;
  /** The length of a streamed body in bytes, if known: it is then announced, and enforced. */
  readonly length?: number | undefined;
  /** Trailer fields of a chunked response: the fields, or a function that is called when the body was sent. */
  readonly trailers?: HeadersInput | (() => HeadersInput) | undefined;
  /** Closes the connection after this response. @default false */
  readonly close?: boolean | undefined;
}

/** What {@link ResponseInit} may be. */
export const RESPONSE_INIT: OptionTable<ResponseInit> = {
  status: rules.whole(200, 999),
  reason: {
    expected: 'a string of visible latin1 characters only',
    accepts: (value) => typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value),
  },
  headers: { ...rules.object, isSecret: true },
  length: rules.whole(0),
  trailers: {
    expected: 'fields, or a function that returns them',
    accepts: (value) => rules.object.accepts(value) || typeof value === 'function',
    isSecret: true,
  },
  close: rules.flag,
};

/**
 * Whether it holds only what most responses have, and that is right: a check without the table, which takes longer. The
 * values that are known are read and counted, and so are the names, unread: comparing each name would take as long as
 * making the response.
 */
function isCommon(init: ResponseInit): boolean {
  if (typeof init !== 'object' || init === null) return false;
  const { status, headers, length } = init;
  let count = 0;
  if (status !== undefined) {
    if (!(Number.isInteger(status) && status >= 200 && status <= 999)) return false;
    count += 1;
  }
  if (headers !== undefined) {
    if (typeof headers !== 'object' || headers === null) return false;
    count += 1;
  }
  if (length !== undefined) {
    if (!(Number.isSafeInteger(length) && length >= 0)) return false;
    count += 1;
  }
  for (const _name in init) count -= 1;
  return count === 0;
}

let makeResponse: (
  body: ResponseBody,
  init: ResponseInit | undefined,
  fields: FieldList,
) => HttpResponse;

/** Makes a response of fields that were checked before, in place of `init.headers`. */
export function responseOf(
  body: ResponseBody,
  init: ResponseInit | undefined,
  fields: FieldList,
): HttpResponse {
  return makeResponse(body, init, fields);
}

let shareScope: (variant: HttpResponse, response: HttpResponse) => HttpResponse;

/**
 * The same response with other fields, which were checked before, and perhaps another body of another length. Its body is
 * produced in the context of the first one, which stays as it is: a program may return it again.
 */
export function variantOf(
  response: HttpResponse,
  fields: FieldList,
  body: ResponseBody = response.body,
  length: number | undefined = body === response.body ? response.length : undefined,
): HttpResponse {
  const { status, reason, trailers, close } = response;
  const variant = makeResponse(body, { status, reason, length, trailers, close }, fields);
  return shareScope(variant, response);
}

const TEXT: FieldList = Object.freeze(['Content-Type', 'text/plain; charset=utf-8']);
const JSON_TYPE: FieldList = Object.freeze(['Content-Type', 'application/json']);
const PROBLEM: FieldList = Object.freeze(['Content-Type', 'application/problem+json']);
const BYTES: FieldList = Object.freeze(['Content-Type', 'application/octet-stream']);

let checkedFields: (response: HttpResponse) => FieldList;
let scopeOf: (response: HttpResponse) => AsyncScope | undefined;

/** The context in which a response was made: a streamed body and trailers are produced there. `undefined` without them. */
export function producerScope(response: HttpResponse): AsyncScope | undefined {
  return scopeOf(response);
}

/** The fields to send: those that were checked, also where a program has replaced `response.fields`. */
export function fieldsToSend(response: HttpResponse): FieldList {
  return checkedFields(response);
}

/**
 * A response: what a handler returns.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 *
 * const server = await serve(() => HttpResponse.json({ ok: true }), { port: 0 });
 * const answer = await fetch(server.url);
 * console.log(answer.status, await answer.text()); // 200 {"ok":true}
 * await server.shutdown();
 * ```
 */
export class HttpResponse {
  /** The status code. */
  readonly status: number;
  readonly reason: string | undefined;
  /** The header fields as they will be sent: name, value, name, value… */
  readonly fields: FieldList;
  /** The same list, out of a program's reach: nothing unchecked is sent. */
  #fields: FieldList;
  readonly body: ResponseBody;
  #scope: AsyncScope | undefined;
  readonly length: number | undefined;
  readonly trailers: HeadersInput | (() => HeadersInput) | undefined;
  readonly close: boolean;

  /**
   * @throws `LocalProtocolError` for a header or trailer that must not be sent; `InvalidInputError` for a status that is not a whole
   * number from 200 to 999 (informational responses are sent with `context.informational`), and other wrong options.
   */
  constructor(body: ResponseBody, init?: ResponseInit) {
    // Each look at what may be bytes of another realm is a call of a getter: the usual bodies need none.
    const isUsual = typeof body === 'string' || body === null || body instanceof ForwardedBody;
    if (!isUsual && !isSendable(body)) throw notABody(body);
    if (init !== undefined && !isCommon(init)) {
      checkOptions('HttpResponse', init, RESPONSE_INIT);
    }
    this.status = init?.status ?? 200;
    this.reason = init?.reason;
    this.#fields = fieldList(init?.headers);
    this.fields = this.#fields;
    this.body = isUsual ? body : ownBytes(body);
    this.length = init?.length;
    this.trailers = init?.trailers;
    if (typeof this.trailers === 'object') checkTrailers(fieldList(this.trailers));
    this.close = init?.close ?? false;
    if (this.isStreamed || this.trailers !== undefined) this.#scope = new AsyncScope();
  }

  static {
    checkedFields = (response) => response.#fields;
    scopeOf = (response) => response.#scope;
    makeResponse = (body, init, fields) => {
      const response = new HttpResponse(body, init);
      response.#setFields(fields);
      return response;
    };
    shareScope = (variant, response) => {
      variant.#scope = response.#scope ?? variant.#scope;
      return variant;
    };
  }

  /** Whether the body is produced while it is sent. */
  get isStreamed(): boolean {
    const { body } = this;
    if (typeof body === 'string' || body === null || body instanceof Uint8Array) return false;
    return !(body instanceof ForwardedBody) || body.latin1 === undefined;
  }

  /** A text, sent as UTF-8 with `Content-Type: text/plain; charset=utf-8` unless `init.headers` has another. */
  static text(text: string, init?: ResponseInit): HttpResponse {
    if (typeof text !== 'string') throw refused('HttpResponse.text', 'text', 'a string', text);
    return new HttpResponse(text, init).#withType(TEXT);
  }

  /** A value as JSON, with `Content-Type: application/json` unless `init.headers` has another. */
  static json(value: unknown, init?: ResponseInit): HttpResponse {
    return new HttpResponse(jsonOf(value), init).#withType(JSON_TYPE);
  }

  /** Bytes, with `Content-Type: application/octet-stream` unless `init.headers` has another. */
  static bytes(bytes: Uint8Array, init?: ResponseInit): HttpResponse {
    if (!isBytes(bytes)) {
      throw invalidInput('HttpResponse.bytes', 'bytes', 'a Uint8Array', bytes);
    }
    return new HttpResponse(bytes, init).#withType(BYTES);
  }

  /**
   * A body that is produced while it is sent; chunked unless `init.length` is given.
   *
   * It is ended once and at once when the client leaves, also while a piece is awaited: a `ReadableStream` is cancelled, a
   * stream of Node destroyed, `return()` of an iterator called. A failure before the first piece has left is a status, as if
   * the handler had thrown it; a later one cuts the connection. A `ReadableStream`, a generator and a stream of Node can be
   * sent once: a second time is a 500, and an `IoError` (`ERR_BODY_USED`) for `onError`.
   */
  static stream(
    body: Exclude<ResponseBody, string | Uint8Array | null>,
    init?: ResponseInit,
  ): HttpResponse {
    return new HttpResponse(body, init).#withType(BYTES);
  }

  /**
   * A problem as `application/problem+json` (RFC 9457), with its status and its header fields; one of `init.headers`
   * replaces the problem's field of the same name.
   */
  static problem(problem: HttpProblem, init?: ResponseInit): HttpResponse {
    if (!(problem instanceof HttpProblem)) {
      throw invalidInput('HttpResponse.problem', 'problem', 'an HttpProblem', problem);
    }
    if (init !== undefined) checkOptions('HttpResponse', init, RESPONSE_INIT);
    const { status } = problem;
    const response = new HttpResponse(jsonOf(problem), { ...init, status });
    const own = response.#fields;
    const fields = fieldList(problem.headers);
    for (let index = 0; index < fields.length; index += 2) {
      const name = fields[index] as string;
      if (hasField(own, name.toLowerCase())) continue;
      response.#setFields([...response.#fields, name, fields[index + 1] as string]);
    }
    return response.#withType(PROBLEM);
  }

  /** No body: 204, or the status given. */
  static empty(init?: ResponseInit): HttpResponse {
    if (init !== undefined) checkOptions('HttpResponse', init, RESPONSE_INIT);
    return new HttpResponse(null, { ...init, status: init?.status ?? 204 });
  }

  #setFields(fields: FieldList): void {
    this.#fields = fields;
    (this as { fields: FieldList }).fields = fields;
  }

  /** Adds the type of the body, unless the fields have one. */
  #withType(type: FieldList): this {
    const fields = this.#fields;
    if (fields.length === 0) this.#setFields(type);
    else if (!hasField(fields, 'content-type')) this.#setFields([...type, ...fields]);
    return this;
  }
}

function notABody(body: unknown): InvalidInputError {
  const expected = 'a string, bytes, an iterable of them, a ReadableStream or null';
  return invalidInput('HttpResponse', 'body', expected, body);
}
