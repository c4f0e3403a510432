/**
 * `compress`: what a handler answers, in a content coding that the client takes.
 *
 * A response passes through unchanged unless all of this says that it is to be coded, in this order: its status and fields
 * allow it, the client's `Accept-Encoding` names a coding, its type is worth it, and so is its length.
 */

import { checkFunction, checkOptions, isThenable, rules } from '@awaitio/core/lowlevel';
import type { OptionTable } from '@awaitio/core/lowlevel';
import { ForwardedBody } from '../../message/forwarded-body.ts';
import type { Handler } from '../../message/handler.ts';
import { HttpProblem } from '../../message/problem.ts';
import type { HttpRequest } from '../../message/request.ts';
import { fieldsToSend, HttpResponse, variantOf } from '../../message/response.ts';
import { fieldValue, hasField, type FieldList } from '../../protocol/vocabulary/fields.ts';
import { negotiateCoding } from '../selection/accept-encoding.ts';
import { CodedPieces } from './coded-pieces.ts';
import { codedFields, forbidsCoding, revalidatedFields, withVary } from './coded-fields.ts';
import { areTypePatterns, COMPRESSIBLE_TYPES, matchTypes } from './compressible-types.ts';
import {
  CODINGS,
  codeWhole,
  createCoder,
  type CodingLevels,
  type ContentCoding,
} from './content-coding.ts';

/** Options of {@link compress}. */
export interface CompressOptions {
  /**
   * What is offered; of codings that a client wants equally, the first is taken. One that Node lacks, as Node 20 does `zstd`, is
   * left out. @default ['br', 'zstd', 'gzip']
   */
  readonly codings?: readonly ContentCoding[] | undefined;
  /**
   * The media types that are compressed: `text/html`, `text/*`, or `+json` for a suffix. @default text, JSON, XML, scripts,
   * fonts that are not compressed in themselves, and the like
   */
  readonly types?: readonly string[] | undefined;
  /** Bodies of fewer bytes are sent as they are; those of unknown length are compressed. @default 1024 (express, fastify) */
  readonly threshold?: number | undefined;
  /** How hard each coding tries. @default br: 4, gzip: 6, zstd: 3 */
  readonly levels?: CodingLevels | undefined;
  /** Whether each piece of a streamed body is sent at once, which compresses less. @default for `text/event-stream` alone */
  readonly flush?: boolean | undefined;
}

const COMPRESS_OPTIONS: OptionTable<CompressOptions> = {
  codings: {
    expected: "a list of 'br', 'zstd' and 'gzip'",
    accepts: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((one) => isCoding(one)),
  },
  types: { expected: 'a list of types: text/html, text/* or +json', accepts: areTypePatterns },
  threshold: rules.whole(0),
  levels: rules.group({
    br: rules.whole(0, 11),
    gzip: rules.whole(1, 9),
    zstd: rules.whole(1, 19),
  }),
  flush: rules.flag,
};

function isCoding(value: unknown): boolean {
  return value === 'br' || value === 'gzip' || value === 'zstd';
}

/** A whole body up to this size is coded as a whole, and has a length; a larger one is streamed, as the client takes it. */
const MAX_WHOLE = 1_048_576;
/** The pieces of a larger one. */
const PIECE = 65_536;

/**
 * Compresses what a handler answers, with the coding that the client's `Accept-Encoding` prefers (RFC 9110 section 12.5.3).
 *
 * Coded are responses of the listed types that are long enough. Their `ETag` becomes weak, so that `If-None-Match` still
 * matches and ranges do not, and `Accept-Ranges` goes. `Vary: Accept-Encoding` is on them and on those that another client
 * would get coded. A body that is produced while it is sent is compressed piece by piece, as fast as the client takes it; each piece
 * of `text/event-stream` is sent at once. When the client leaves, the body is given up.
 *
 * Left alone are: a response with `Content-Encoding`, a digest of its bytes, or `Cache-Control: no-transform`; 204, 205, 206 and 304;
 * what got no smaller; the answer to `CONNECT`. To a client that refuses identity (`identity;q=0`) everything else is coded,
 * whatever its type and length.
 *
 * A response with a secret beside text of the requester's choice can be guessed from its length (BREACH): do not compress it.
 * `Cache-Control: no-transform` on the response, or a handler without `compress`, keeps it as it is.
 *
 * @param handler - The handler whose responses are compressed.
 * @param options - See {@link CompressOptions}.
 * @returns A handler. Beside what `handler` throws, it throws `HttpProblem` 406 for a GET or HEAD whose client refuses
 * identity and every coding that is offered; another method has done its work, and its response is sent as it is. A body that fails
 * while it is compressed fails as it would without.
 * @throws `InvalidInputError` for a handler that is no function, or a wrong option.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { compress } from '@awaitio/http/batteries';
 *
 * const server = await serve(compress(() => HttpResponse.text('again and '.repeat(1_000))), { port: 0 });
 * const answer = await fetch(server.url, { headers: { 'accept-encoding': 'gzip' } });
 * console.log(answer.headers.get('content-encoding'), (await answer.text()).length); // gzip 10000
 * await server.shutdown();
 * ```
 */
export function compress(handler: Handler, options?: CompressOptions): Handler {
  checkFunction('compress', 'handler', handler);
  if (options !== undefined) checkOptions('compress', options, COMPRESS_OPTIONS);
  const compressor = new Compressor(options ?? {});
  return (request, context) => {
    const answer = handler(request, context);
    if (answer instanceof HttpResponse) return compressor.compress(request, answer);
    return isThenable(answer) ? compressor.compressLater(request, answer as Answer) : answer;
  };
}

type Answer = Promise<HttpResponse | void>;

class Compressor {
  readonly #codings: readonly ContentCoding[];
  readonly #isCompressible: (contentType: string) => boolean;
  readonly #threshold: number;
  readonly #levels: CodingLevels;
  readonly #flush: boolean | undefined;

  constructor({ codings, types, threshold = 1_024, levels = {}, flush }: CompressOptions) {
    this.#codings = codings?.filter((coding) => CODINGS.includes(coding)) ?? CODINGS;
    this.#isCompressible = matchTypes(types ?? COMPRESSIBLE_TYPES);
    this.#threshold = threshold;
    this.#levels = { ...levels };
    this.#flush = flush;
  }

  async compressLater(request: HttpRequest, answer: Answer): Promise<HttpResponse | void> {
    const response = await answer;
    // What is no response is the server's to refuse.
    return response instanceof HttpResponse ? this.compress(request, response) : response;
  }

  compress(request: HttpRequest, response: HttpResponse): HttpResponse | Promise<HttpResponse> {
    const { status } = response;
    const fields = fieldsToSend(response);
    if (status === 204 || status === 205 || request.method === 'CONNECT') return response;
    if (forbidsCoding(fields)) return response;
    if (status === 304) {
      return variantOf(response, revalidatedFields(fields, request.headers.get('if-none-match')));
    }
    const type = fieldValue(fields, 'content-type') ?? '';
    const isCompressible = this.#isCompressible(type);
    if (status === 206 || hasField(fields, 'content-range')) {
      return isCompressible ? variantOf(response, withVary(fields)) : response;
    }
    const { coding, isIdentityAccepted } = negotiateCoding(
      request.headers.get('accept-encoding'),
      this.#codings,
    );
    if (isIdentityAccepted && !isCompressible) return response;
    const length = lengthOf(response, fields, request.method);
    if (length === 0 || (isIdentityAccepted && (length ?? Infinity) < this.#threshold)) {
      return variantOf(response, withVary(fields));
    }
    if (coding !== undefined) {
      return this.#code(request, response, { coding, type, isIdentityAccepted, length });
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isIdentityAccepted || !isRead || status >= 300) {
      return variantOf(response, withVary(fields));
    }
    giveUp(response);
    throw new HttpProblem(406, {
      detail: 'none of the content codings that the request accepts is available',
      headers: { Vary: 'Accept-Encoding' },
    });
  }

  #code(
    request: HttpRequest,
    response: HttpResponse,
    { coding, type, isIdentityAccepted, length }: Choice,
  ): HttpResponse | Promise<HttpResponse> {
    const { body } = response;
    const fields = codedFields(fieldsToSend(response), coding);
    const whole = wholeOf(body);
    if (whole !== undefined && request.method !== 'HEAD' && whole.length <= MAX_WHOLE) {
      return this.#codeWhole(response, whole, { coding, fields, isIdentityAccepted });
    }
    // The length of what is not produced is not known.
    if (whole !== undefined && request.method === 'HEAD') return variantOf(response, fields, []);
    const isFlushed = this.#flush ?? /^text\/event-stream[\t ]*(?:;|$)/i.test(type);
    const source = whole === undefined ? (body as Streamed) : slices(whole);
    const pieces = new CodedPieces(
      source,
      () => createCoder(coding, this.#levels, { length, isFlushed }),
      response.length,
    );
    return variantOf(response, fields, pieces, undefined);
  }

  async #codeWhole(
    response: HttpResponse,
    whole: Uint8Array,
    { coding, fields, isIdentityAccepted }: WholeChoice,
  ): Promise<HttpResponse> {
    const coded = await codeWhole(coding, this.#levels, whole);
    if (isIdentityAccepted && coded.length >= whole.length) {
      return variantOf(response, withVary(fieldsToSend(response)));
    }
    return variantOf(response, fields, coded, undefined);
  }
}

type Streamed = Exclude<HttpResponse['body'], string | Uint8Array | null>;

interface Choice {
  readonly coding: ContentCoding;
  readonly type: string;
  readonly isIdentityAccepted: boolean;
  readonly length: number | undefined;
}

interface WholeChoice {
  readonly coding: ContentCoding;
  readonly fields: FieldList;
  readonly isIdentityAccepted: boolean;
}

/** The length of the body, or of the one that GET would get; `undefined` when it is not known before. */
function lengthOf(
  { body, length }: HttpResponse,
  fields: FieldList,
  method: string,
): number | undefined {
  if (body === null)
    return method === 'HEAD' ? Number(fieldValue(fields, 'content-length') ?? 0) : 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof Uint8Array) return body.length;
  if (body instanceof ForwardedBody && body.latin1 !== undefined) return body.latin1.length;
  return length;
}

/** The bytes of a whole body; `undefined` for a streamed one. */
function wholeOf(body: HttpResponse['body']): Uint8Array | undefined {
  if (body === null) return new Uint8Array(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof ForwardedBody && body.latin1 !== undefined) {
    return Buffer.from(body.latin1, 'latin1');
  }
  return undefined;
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** Closes the body of a response that is not sent. */
function giveUp(response: HttpResponse): void {
  if (!response.isStreamed) return;
  const { body } = response;
  const pieces = new CodedPieces(
    body as Streamed,
    () => createCoder('gzip', {}, { isFlushed: false }),
    undefined,
  );
  void pieces.return();
}
