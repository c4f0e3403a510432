/** Options of a client and of a request, and their defaults. */

import type { ByteStream, Clock, WaitOptions } from '@awaitio/core';
import { invalidInput, rules, type OptionRule, type OptionTable } from '@awaitio/core/lowlevel';
import { isSendable } from '../message/body-pieces.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../protocol/vocabulary/limits.ts';

/** Connects to `host:port`; `TcpStream.connect` and a simulated host's `connect` both fit. */
export type Connect = (address: string, options: WaitOptions) => Promise<ByteStream>;

/** Deadlines for the phases of a request, in milliseconds; `Infinity` disables one. */
export interface ClientDeadlines {
  /** To connect. @default 10000, as in undici */
  readonly connect: number;
  /** To get a connection from the pool, when all are in use. @default 30000 */
  readonly pool: number;
  /**
   * From the request to the head of its response. A body that could not be sent at once has more time, at
   * `limits.writeMinRate`. @default 60000 (undici has 300000)
   */
  readonly headers: number;
  /**
   * The most that bytes of a body which the operating system took add to `headers`, at `limits.writeMinRate`: they may be on
   * their way still. @default 600000
   */
  readonly writeWindow: number;
  /** For the next piece of the response's body, while a reader waits for it. @default 60000 (undici has 300000) */
  readonly body: number;
  /** For the whole request, redirects and the response's body included. @default Infinity */
  readonly total: number;
  /** How long an idle connection is kept. @default 4000, as in undici: one second less than the servers of node:http */
  readonly idle: number;
  /** How long to wait for `100 Continue` before the body is sent anyway. @default 1000, as in Go and curl */
  readonly expectContinue: number;
}

/** The defaults of {@link ClientDeadlines}. */
export const DEFAULT_CLIENT_DEADLINES: ClientDeadlines = Object.freeze({
  connect: 10_000,
  pool: 30_000,
  headers: 60_000,
  writeWindow: 600_000,
  body: 60_000,
  total: Infinity,
  idle: 4_000,
  expectContinue: 1_000,
});

/** Limits on what a server sends, and on how slowly it takes what is sent to it. */
export interface ClientLimits extends ProtocolLimits {
  /**
   * The lowest average rate at which a server takes the body of a request, in bytes per second, after `deadlines.headers`:
   * with a slower one the request fails. 0 for no minimum. What counts is what the operating system took for it. @default 1000
   */
  readonly writeMinRate: number;
}

/** The defaults of {@link ClientLimits}. */
export const DEFAULT_CLIENT_LIMITS: ClientLimits = Object.freeze({
  ...DEFAULT_LIMITS,
  writeMinRate: 1_000,
});

/** Options of an `HttpClient`. */
export interface HttpClientOptions {
  /** The most connections open to one origin; further requests wait for one. @default 64 */
  readonly maxConnectionsPerOrigin?: number | undefined;
  readonly deadlines?:
    | { readonly [Name in keyof ClientDeadlines]?: ClientDeadlines[Name] | undefined }
    | undefined;
  /** Limits on what a server may send, and on how slowly it takes a body. */
  readonly limits?:
    | { readonly [Name in keyof ClientLimits]?: ClientLimits[Name] | undefined }
    | undefined;
  /** How many redirects to follow; with 0 a redirect is returned as the response. @default 10, as in Go */
  readonly maxRedirects?: number | undefined;
  /** Header fields of every request; a field of the same name in a request replaces one. */
  readonly headers?: HeadersInput | undefined;
  /** Connects for `http:` URLs. @default `TcpStream.connect` */
  readonly connect?: Connect | undefined;
  /** Connects for `https:` URLs. @default none: such URLs are refused */
  readonly connectTls?: Connect | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

const COUNT = rules.count;
/** A whole number from 0, or Infinity. */
const AMOUNT: OptionRule = {
  expected: 'a whole number from 0, or Infinity',
  accepts: (value) => value === Infinity || rules.whole(0).accepts(value),
};
/** As `limits.bodyMinRate` of a server. */
const RATE: OptionRule = {
  expected: 'a number from 0, or Infinity',
  accepts: (value) => typeof value === 'number' && value >= 0,
};

const CLIENT_DEADLINES: OptionTable<ClientDeadlines> = {
  connect: rules.milliseconds,
  pool: rules.milliseconds,
  headers: rules.milliseconds,
  writeWindow: rules.milliseconds,
  body: rules.milliseconds,
  total: rules.milliseconds,
  idle: rules.milliseconds,
  expectContinue: rules.milliseconds,
};

const CLIENT_LIMITS: OptionTable<ClientLimits> = {
  targetBytes: COUNT,
  headerBytes: COUNT,
  headerCount: COUNT,
  bodyBytes: AMOUNT,
  trailerBytes: COUNT,
  chunkOverheadBytes: COUNT,
  leadingBytes: AMOUNT,
  readAheadMessages: COUNT,
  readAheadBytes: COUNT,
  writeMinRate: RATE,
};

/** What {@link HttpClientOptions} may be. */
export const HTTP_CLIENT_OPTIONS: OptionTable<HttpClientOptions> = {
  maxConnectionsPerOrigin: rules.whole(1),
  deadlines: rules.group(CLIENT_DEADLINES),
  limits: rules.group(CLIENT_LIMITS),
  maxRedirects: AMOUNT,
  headers: { ...rules.object, isSecret: true },
  connect: rules.function,
  connectTls: rules.function,
  clock: rules.clock,
};

/**
 * The body of a request. Bytes must not be changed afterwards. A stream cannot be sent twice, so no redirect or retry
 * repeats it.
 */
export type RequestBody =
  | string
  | Uint8Array
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ReadableStream<Uint8Array>;

/** Options of one request. */
export interface RequestOptions {
  /** Header fields; each replaces the client's field of the same name. */
  readonly headers?: HeadersInput | undefined;
  readonly body?: RequestBody | undefined;
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
  /** Called for each informational response (1xx). */
  readonly onInformational?:
    | ((status: number, headers: Iterable<[string, string]>) => void)
    | undefined;
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

/** Whether a body can be sent again. */
export function isReplayable(body: RequestBody | undefined): boolean {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array;
}

const METHOD = /^[A-Z][A-Z-]*$/;

/** Checks the arguments of a request. @throws `InvalidInputError` */
export function checkRequest(method: string, options: RequestOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidInput('request', 'options', 'an object', options);
  }
  if (typeof method !== 'string' || !METHOD.test(method))
    throw invalidInput('request', 'method', 'a method in upper case', method);
  if (options.body !== undefined && !isSendable(options.body)) {
    throw invalidInput(
      'request',
      'body',
      'a string, bytes, an iterable of them or a ReadableStream',
      options.body,
    );
  }
  const { length } = options;
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
    throw invalidInput('request', 'length', 'a whole number of bytes from 0', length);
  }
}
