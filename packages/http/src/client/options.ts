/** How a client is set up, and what a request may say of itself. */

import type { ByteStream, Clock, WaitOptions } from '@awaitio/core';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { ProtocolLimits } from '../protocol/vocabulary/limits.ts';

/** Connects to `host:port`; `TcpStream.connect` and a simulated host's `connect` both fit. */
export type Connect = (address: string, options: WaitOptions) => Promise<ByteStream>;

/** The phases of a request, in milliseconds; `Infinity` switches one off. */
export interface ClientDeadlines {
  /** For the connection to be made. @default 10000, as in undici */
  readonly connect: number;
  /** For a connection of the pool to become free, when all are in use. @default 30000 */
  readonly pool: number;
  /**
   * From the request to the response's head; while a long body goes out, from the last of it that was taken.
   * @default 60000 (undici has 300000)
   */
  readonly headers: number;
  /** How long a reader of the response's body waits for its next piece. @default 60000 (undici has 300000) */
  readonly body: number;
  /** For the whole request, redirects and body included. @default Infinity */
  readonly total: number;
  /** How long an unused connection is kept. @default 4000, as in undici: a second less than node:http's servers */
  readonly idle: number;
  /** How long to wait for `100 Continue` before the body is sent all the same. @default 1000, as in Go and curl */
  readonly expectContinue: number;
}

/** The defaults of {@link ClientDeadlines}. */
export const DEFAULT_CLIENT_DEADLINES: ClientDeadlines = Object.freeze({
  connect: 10_000,
  pool: 30_000,
  headers: 60_000,
  body: 60_000,
  total: Infinity,
  idle: 4_000,
  expectContinue: 1_000,
});

/** Options of an `HttpClient`. */
export interface HttpClientOptions {
  /** The most connections open to one origin; a request more waits for one. @default 64 */
  readonly maxConnectionsPerOrigin?: number | undefined;
  readonly deadlines?: Partial<ClientDeadlines> | undefined;
  /** Bounds on what a server may send. */
  readonly limits?: Partial<ProtocolLimits> | undefined;
  /** How many redirects to follow; 0 gives them to the caller. @default 10, as in Go */
  readonly maxRedirects?: number | undefined;
  /** Header fields of every request, unless the request says otherwise. */
  readonly headers?: HeadersInput | undefined;
  /** Makes connections for `http:` URLs. @default `TcpStream.connect` */
  readonly connect?: Connect | undefined;
  /** Makes connections for `https:` URLs. @default none: they are refused */
  readonly connectTls?: Connect | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** What a request sends. Bytes are given away. A stream cannot be sent twice: no redirect or retry repeats it. */
export type RequestBody =
  | string
  | Uint8Array
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ReadableStream<Uint8Array>;

/** Options of one request. */
export interface RequestOptions {
  /** Header fields, before those of the client. */
  readonly headers?: HeadersInput | undefined;
  readonly body?: RequestBody | undefined;
  /** The length of a streamed body, when it is known. */
  readonly length?: number | undefined;
  /** Trailer fields of a body that is sent in chunks: the fields, or what gives them when the body has been sent. */
  readonly trailers?: HeadersInput | (() => HeadersInput) | undefined;
  /** Gives the request up, in whatever phase; the connection is closed. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole request. @default the client's `deadlines.total` */
  readonly timeout?: number | undefined;
  /** Waits for the server's leave before it sends the body. @default false */
  readonly expectContinue?: boolean | undefined;
  readonly maxRedirects?: number | undefined;
  /** Hears of informational responses (1xx). */
  readonly onInformational?:
    | ((status: number, headers: Iterable<[string, string]>) => void)
    | undefined;
}
