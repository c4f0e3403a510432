/** What a row of the wire tables is made of. */

import type { ObserveOptions } from './observe.ts';

/** Bytes of a peer, and what the connection makes of them. */
export interface WireCase extends ObserveOptions {
  readonly name: string;
  /** `9112 2.2` is RFC 9112 section 2.2. */
  readonly rfc: string;
  readonly bytes: string;
  /** What `observe.ts` writes down: a line for every head, body, end and refusal. */
  readonly expect: readonly string[];
  /** The bytes that are left to the user of the connection. */
  readonly left?: string;
}

/** A case with a good end, or a special one. */
export const good = (
  rfc: string,
  name: string,
  bytes: string,
  expect: readonly string[],
  options: Partial<WireCase> = {},
): WireCase => ({ rfc, name, bytes, expect, ...options });

/** A case that ends with a refusal, such as `400 ERR_HTTP_LINE`, after the lines of `after`. */
export const refused = (
  rfc: string,
  name: string,
  bytes: string,
  refusal: string,
  options: Partial<WireCase> & { readonly after?: readonly string[] } = {},
): WireCase => {
  const { after = [], ...rest } = options;
  return { rfc, name, bytes, expect: [...after, `refused ${refusal}`], ...rest };
};

export const times = (text: string, count: number): string => text.repeat(count);

/** Requests that are right so far. */
export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
export const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
export const CHUNKED_POST = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
/** The line for the last of them. */
export const CHUNKED_HEAD = 'POST / unknown-length';

/** Responses that are right so far. */
export const OK = 'HTTP/1.1 200 OK\r\n';
export const CHUNKED_OK = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Refusals. */
export const CHUNK = '400 ERR_HTTP_CHUNK';
export const CODING = '400 ERR_HTTP_TRANSFER_ENCODING';
export const HOST = '400 ERR_HTTP_HOST';
export const LENGTH = '400 ERR_HTTP_CONTENT_LENGTH';
export const LINE = '400 ERR_HTTP_LINE';
export const MALFORMED = '400 ERR_HTTP_MALFORMED';
export const METHOD = '400 ERR_HTTP_METHOD';
export const OVERHEAD = '400 ERR_HTTP_CHUNK_OVERHEAD';
export const TARGET = '400 ERR_HTTP_TARGET';
export const TRUNCATED = '400 ERR_HTTP_TRUNCATED';
export const UNSOLICITED = '400 ERR_HTTP_UNSOLICITED';
export const VERSION = '400 ERR_HTTP_VERSION';
export const BODY_TOO_LARGE = '413 ERR_HTTP_BODY_TOO_LARGE';
export const TARGET_TOO_LONG = '414 ERR_HTTP_TARGET_TOO_LONG';
export const HEAD_TOO_LARGE = '431 ERR_HTTP_HEADERS_TOO_LARGE';
export const TRAILERS_TOO_LARGE = '431 ERR_HTTP_TRAILERS_TOO_LARGE';
export const UNKNOWN_CODING = '501 ERR_HTTP_TRANSFER_ENCODING';
export const OTHER_VERSION = '505 ERR_HTTP_VERSION';
