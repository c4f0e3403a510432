/** Options of a client, and their rules. */

import type { Clock, Random } from '@awaitio/core';
import { rules, type OptionRule, type OptionTable } from '@awaitio/core/lowlevel';
import type { ClientDeadlines, ClientLimits } from './connections/deadlines.ts';
import type { ConnectionOptions } from './connections/shared.ts';
import type { Middleware } from './middleware.ts';
import { CLIENT_RETRY_OPTIONS, type ClientRetryOptions } from './retry-options.ts';
import type { Auth } from './routes/credentials.ts';
import type { Connect, ConnectUnix } from './routes/route.ts';
import { CLIENT_TLS_OPTIONS, type ClientTlsOptions } from './routes/tls-options.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';

/** Options of an `HttpClient`. */
export interface HttpClientOptions extends ConnectionOptions {
  /** The most connections open to one origin; further requests wait for one. @default 64 */
  readonly maxConnectionsPerOrigin?: number | undefined;
  /** The most connections open to all origins together; an idle one makes room for another origin. @default 1024 */
  readonly maxConnections?: number | undefined;
  /** How many redirects to follow; with 0 a redirect is returned as the response. @default 10, as in Go */
  readonly maxRedirects?: number | undefined;
  /** Header fields of every request; a field of the same name in a request replaces one. */
  readonly headers?: HeadersInput | undefined;
  /**
   * The URL that relative ones are resolved against, as a browser does: `/v1/` keeps its last segment, `/v1` is replaced. A
   * relative URL cannot lead to another origin.
   */
  readonly baseUrl?: string | URL | undefined;
  /** Credentials of every request; with `baseUrl`, of those to its origin alone. A redirect to another origin has none. */
  readonly auth?: Auth | undefined;
  /** The field `User-Agent`, unless `headers` has one; `false` for none. @default 'awaitio' */
  readonly userAgent?: string | false | undefined;
  /**
   * Whether bodies are decoded that come in gzip, deflate, brotli or, where Node has it, zstd; such bodies are then asked for.
   * @default true, as in fetch
   */
  readonly decompress?: boolean | undefined;
  /**
   * How many bytes one byte of a coded body may become, on average, beyond the first 16 MiB. @default 100
   */
  readonly maxExpansion?: number | undefined;
  /** Opens the connections. For `https:` URLs TLS begins on the stream, unless `connectTls` is given. @default `TcpStream.connect` */
  readonly connect?: Connect | undefined;
  /** Connects for `https:` URLs, TLS included. @default `connect`, then TLS with the options `tls` */
  readonly connectTls?: Connect | undefined;
  /** Connects for URLs of Unix sockets. @default `UnixStream.connect` */
  readonly connectUnix?: ConnectUnix | undefined;
  /** TLS for `https:` URLs. */
  readonly tls?: ClientTlsOptions | undefined;
  /**
   * A proxy: its URL, with credentials if it asks for them; `'env'` for those of `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and
   * `NO_PROXY`, read when the client is made. `http:` URLs are asked of it in absolute form, `https:` URLs through a tunnel. Not
   * for Unix sockets, and not with `connectTls`. A wrong URL is refused by the constructor, a wrong variable by the requests that
   * would go by it. @default false
   */
  readonly proxy?: string | URL | false | undefined;
  /** Tries requests again that may be sent twice. @default false: none but those that meet an ended connection */
  readonly retry?: ClientRetryOptions | false | undefined;
  /** Functions around each request, the first one outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** For the boundaries of forms, and the pauses of retries. @default the platform's generator */
  readonly random?: Random | undefined;
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
  tls: rules.milliseconds,
  pool: rules.milliseconds,
  headers: rules.milliseconds,
  writeWindow: rules.milliseconds,
  body: rules.milliseconds,
  total: rules.milliseconds,
  idle: rules.milliseconds,
  idleMargin: rules.milliseconds,
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
  maxConnections: rules.count,
  deadlines: rules.group(CLIENT_DEADLINES),
  limits: rules.group(CLIENT_LIMITS),
  maxInformational: AMOUNT,
  maxRedirects: AMOUNT,
  headers: { ...rules.object, isSecret: true },
  baseUrl: {
    expected: 'an absolute URL',
    accepts: (value) => typeof value === 'string' || value instanceof URL,
    isSecret: true,
  },
  auth: { ...rules.object, isSecret: true },
  userAgent: {
    expected: 'a string, or false',
    accepts: (value) => typeof value === 'string' || value === false,
  },
  decompress: rules.flag,
  maxExpansion: rules.count,
  connect: rules.function,
  connectTls: rules.function,
  connectUnix: rules.function,
  proxy: {
    expected: "the URL of a proxy, 'env' or false",
    accepts: (value) => value === false || typeof value === 'string' || value instanceof URL,
    isSecret: true,
  },
  retry: {
    expected: 'an object, or false',
    accepts: (value) => value === false || rules.object.accepts(value),
    options: CLIENT_RETRY_OPTIONS,
  },
  middleware: {
    expected: 'a list of functions',
    accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'function'),
  },
  tls: { ...rules.group(CLIENT_TLS_OPTIONS), isSecret: true },
  clock: rules.clock,
  random: rules.method('next'),
};
