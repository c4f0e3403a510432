/** Responses as handlers make them: a status, checked header fields, and a body of one of a few kinds. */

import { InvalidInputError } from '@awaitio/core';
import { ForwardedBody } from './forwarded-body.ts';
import type { HttpProblem } from './problem.ts';
import { fieldList, type FieldList, type HeadersInput } from '../protocol/vocabulary/fields.ts';

/** What a response's body may be. Bytes are given away: they must not be changed afterwards. */
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
  /** The length of a streamed body in bytes, when it is known: it is then announced and checked. */
  readonly length?: number | undefined;
  /** Trailer fields of a chunked response: the fields, or what gives them when the body has been sent. */
  readonly trailers?: HeadersInput | (() => HeadersInput) | undefined;
  /** Ends the connection with this response. @default false */
  readonly close?: boolean | undefined;
}

const TEXT: FieldList = ['Content-Type', 'text/plain; charset=utf-8'];
const JSON_TYPE: FieldList = ['Content-Type', 'application/json'];
const PROBLEM: FieldList = ['Content-Type', 'application/problem+json'];
const BYTES: FieldList = ['Content-Type', 'application/octet-stream'];

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
  /** Header fields as they will be sent: name, value, name, value… */
  readonly fields: FieldList;
  readonly body: ResponseBody;
  readonly length: number | undefined;
  readonly trailers: HeadersInput | (() => HeadersInput) | undefined;
  readonly close: boolean;

  /**
   * @throws `LocalProtocolError` for a header that must not be sent; `InvalidInputError` for a status that is no whole
   * number from 200 to 999: informational responses are sent with `context.informational`.
   */
  constructor(body: ResponseBody, init?: ResponseInit, fields?: FieldList) {
    const status = init?.status ?? 200;
    if (!Number.isInteger(status) || status < 200 || status > 999) {
      throw new InvalidInputError(
        `HttpResponse: expected \`status\` to be a whole number from 200 to 999, got ${String(status)}`,
        'HttpResponse',
      );
    }
    const reason = init?.reason;
    if (reason !== undefined && !/^[\t\x20-\x7e\x80-\xff]*$/.test(reason)) {
      throw new InvalidInputError(
        'HttpResponse: expected `reason` to have visible latin1 characters only',
        'HttpResponse',
      );
    }
    this.status = status;
    this.reason = reason;
    this.fields = fields ?? fieldList(init?.headers);
    this.body = body;
    this.length = init?.length;
    this.trailers = init?.trailers;
    this.close = init?.close ?? false;
  }

  /** Whether the body is made while it is sent. */
  get isStreamed(): boolean {
    const { body } = this;
    if (typeof body === 'string' || body === null || body instanceof Uint8Array) return false;
    return !(body instanceof ForwardedBody) || body.latin1 === undefined;
  }

  /** A text, sent as UTF-8 with `Content-Type: text/plain; charset=utf-8` unless `init.headers` say another. */
  static text(text: string, init?: ResponseInit): HttpResponse {
    return new HttpResponse(text, init, withType(TEXT, init));
  }

  /** A value as JSON, with `Content-Type: application/json` unless `init.headers` say another. */
  static json(value: unknown, init?: ResponseInit): HttpResponse {
    return new HttpResponse(JSON.stringify(value), init, withType(JSON_TYPE, init));
  }

  /** Bytes, given away, with `Content-Type: application/octet-stream` unless `init.headers` say another. */
  static bytes(bytes: Uint8Array, init?: ResponseInit): HttpResponse {
    return new HttpResponse(bytes, init, withType(BYTES, init));
  }

  /** A body that is made while it is sent, chunked unless `init.length` tells how long it is. */
  static stream(
    body: Exclude<ResponseBody, string | Uint8Array | null>,
    init?: ResponseInit,
  ): HttpResponse {
    return new HttpResponse(body, init, withType(BYTES, init));
  }

  /** A problem as `application/problem+json` (RFC 9457), with its status. */
  static problem(problem: HttpProblem, init?: ResponseInit): HttpResponse {
    const status = problem.status;
    return new HttpResponse(JSON.stringify(problem), { ...init, status }, withType(PROBLEM, init));
  }

  /** No body: 204, or the status given. */
  static empty(init?: ResponseInit): HttpResponse {
    return new HttpResponse(null, { status: 204, ...init });
  }
}

/** The program's fields, and the type unless they have one. */
function withType(type: FieldList, init: ResponseInit | undefined): FieldList {
  if (init?.headers === undefined) return type;
  const fields = fieldList(init.headers);
  for (let index = 0; index < fields.length; index += 2) {
    if ((fields[index] as string).toLowerCase() === 'content-type') return fields;
  }
  return [...type, ...fields];
}
