/** Options of one request. */

import { InvalidInputError } from '@awaitio/core';
import { checkFunction, checkOptions, invalidInput } from '@awaitio/core/lowlevel';
import type { ProgressListener } from './connections/outgoing-request.ts';
import type { RequestBody } from './content/request-body.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import { CLIENT_RETRY_OPTIONS, type ClientRetryOptions } from './retry-options.ts';
import type { Auth } from './routes/credentials.ts';
import type { Entries } from './routes/query.ts';

/** Options of one request. */
export interface RequestOptions {
  /** Header fields; each replaces the client's field of the same name. */
  readonly headers?: HeadersInput | undefined;
  readonly body?: RequestBody | undefined;
  /** A value that is sent as JSON, in place of `body`. */
  readonly json?: unknown;
  /** Names and values that are sent as a form, in place of `body`: with `FormData` as multipart, otherwise URL-encoded. */
  readonly form?: Entries | FormData | undefined;
  /** The length of a streamed body, when it is known. */
  readonly length?: number | undefined;
  /** Trailer fields of a chunked body: the fields, or a function called after the body has been sent. */
  readonly trailers?: HeadersInput | (() => HeadersInput) | undefined;
  /** Cancels the request, in any phase; its connection is closed. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole request. @default the client's `deadlines.total` */
  readonly timeout?: number | undefined;
  /** Waits for `100 Continue` before the body is sent. @default false */
  readonly expectContinue?: boolean | undefined;
  readonly maxRedirects?: number | undefined;
  /** Names and values that are added to the query of the URL. */
  readonly query?: Entries | undefined;
  /** Credentials, in place of the client's; a header `Authorization` comes first. */
  readonly auth?: Auth | undefined;
  /** Whether the response's body is decoded, as in `HttpClientOptions`. @default the client's */
  readonly decompress?: boolean | undefined;
  /** How it is tried again, in place of the client's `retry`. */
  readonly retry?: ClientRetryOptions | false | undefined;
  /** Called for each informational response (1xx). */
  readonly onInformational?:
    | ((status: number, headers: Iterable<[string, string]>) => void)
    | undefined;
  /**
   * Called when a piece of the body has been accepted for sending: bytes in pieces of 64 KiB, a stream as it gives them. A redirect or a
   * repetition begins anew. What it throws, or rejects with, fails the request.
   */
  readonly onUploadProgress?: ProgressListener | undefined;
  /**
   * Called when the reader of the response has taken a piece: what was received, before it is decoded. What it throws, or rejects with,
   * fails the reading.
   */
  readonly onDownloadProgress?: ProgressListener | undefined;
}

/** What is no bag of options is passed on, to be refused. */
export function withBody(
  options: RequestOptions | undefined,
  body: RequestBody | undefined,
): RequestOptions {
  try {
    if (options === undefined || (typeof options === 'object' && options !== null)) {
      return { ...options, body };
    }
  } catch {
    // A proxy whose traps throw: the request fails with their error.
  }
  return options as RequestOptions;
}

function checkCallback(name: string, value: unknown): void {
  if (value !== undefined) checkFunction('request', name, value);
}

const METHOD = /^[A-Z][A-Z-]*$/;
const ANY_CASE = /^[a-z][a-z-]*$/i;

/** A URL in the place of the method may hold a password, so it is not shown. */
function isUrl(method: unknown): boolean {
  return method instanceof URL || (typeof method === 'string' && method.includes('/'));
}

/**
 * Checks the arguments of a request.
 *
 * @returns The method in upper case.
 * @throws `InvalidInputError`
 */
export function checkRequest(method: string, options: RequestOptions): string {
  if (typeof options !== 'object' || options === null) {
    throw invalidInput('request', 'options', 'an object', options);
  }
  if (typeof method !== 'string' || !ANY_CASE.test(method)) {
    if (isUrl(method)) {
      throw new InvalidInputError(
        'request: expected `method` to be a method made of letters, got a URL: the method comes first, as in request("GET", url)',
        'request',
      );
    }
    throw invalidInput('request', 'method', 'a method made of letters', method);
  }
  const { length } = options;
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
    throw invalidInput('request', 'length', 'a whole number of bytes from 0', length);
  }
  const { decompress } = options;
  if (decompress !== undefined && typeof decompress !== 'boolean') {
    throw invalidInput('request', 'decompress', 'true or false', decompress);
  }
  checkCallback('onInformational', options.onInformational);
  checkCallback('onUploadProgress', options.onUploadProgress);
  checkCallback('onDownloadProgress', options.onDownloadProgress);
  const { retry } = options;
  if (retry !== undefined && retry !== false) checkOptions('retry', retry, CLIENT_RETRY_OPTIONS);
  return METHOD.test(method) ? method : method.toUpperCase();
}
