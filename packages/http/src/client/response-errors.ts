/** Errors of responses that arrived whole, and are not what was asked for. */

import { IoError } from '@awaitio/core';
import { notJson } from '../message/received-json.ts';
import type { ProblemDetail } from '../message/problem.ts';

/**
 * The status of a response is none that was asked for: not 200 to 299 (`response.throwIfNotOk`), or not in the contract of a call.
 */
export class HttpStatusError extends IoError {
  override name = 'HttpStatusError';
  readonly status: number;
  /** The reason phrase, as received. */
  readonly reason: string;
  /** The first 1024 bytes of the body, as UTF-8. It stands in no message: it is the server's text. */
  readonly excerpt: string;

  constructor(
    status: number,
    reason: string,
    excerpt: string,
    request: { readonly method: string; readonly origin: string },
    isOfCall = false,
  ) {
    const operation = isOfCall ? 'call' : 'throwIfNotOk';
    const answered = `${request.method} at ${request.origin} was answered with ${status}`;
    super(`${operation}: ${answered}${isOfCall ? ', which is not in the contract' : ''}`, {
      code: isOfCall ? 'ERR_HTTP_STATUS_NOT_IN_CONTRACT' : 'ERR_HTTP_STATUS_NOT_OK',
      operation,
    });
    this.status = status;
    this.reason = reason;
    // Not enumerable: what logs an error must not log a body.
    this.excerpt = excerpt;
    // What logs an error must not log a body.
    Object.defineProperty(this, 'excerpt', { enumerable: false });
  }
}

/**
 * A response is not what it was read as: it does not match the schema, or, as {@link ResponseJsonError}, is no JSON. It is the
 * server that broke the contract. In a handler, it is a failure of this side: 500, without the violations.
 */
export class ResponseSchemaError extends IoError {
  override name = 'ResponseSchemaError';
  /** Every violation. */
  readonly errors: readonly ProblemDetail[];

  constructor(
    errors: readonly ProblemDetail[],
    operation = 'json',
    wrong = `the response does not match its schema, first in ${errors[0]?.path ?? 'body'}`,
    code = 'ERR_HTTP_RESPONSE_SCHEMA',
  ) {
    super(`${operation}: ${wrong}`, { code, operation });
    this.errors = Object.freeze([...errors]);
  }
}

/** A response, or a line of one, is not JSON. Nothing of it stands in the error: it is the server's text. */
export class ResponseJsonError extends ResponseSchemaError {
  override name = 'ResponseJsonError';
  /** The number of the line, from 1; `undefined` for a whole body. */
  readonly line: number | undefined;

  /**
   * @param text - What was received: its length alone is shown.
   * @param line - The number of the line, from 1; `undefined` for a whole body.
   */
  constructor(operation: string, text: string, line?: number) {
    const [path, what] =
      line === undefined ? ['body', 'a body'] : [`line[${line}]`, `line ${line}`];
    const wrong = `expected ${what} of JSON, got ${notJson(text)}`;
    super([{ path, message: 'expected JSON' }], operation, wrong, 'ERR_HTTP_RESPONSE_JSON');
    this.line = line;
  }
}
