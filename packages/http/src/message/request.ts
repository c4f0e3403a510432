/** Requests, as a handler sees them. */

import type { Address } from '@awaitio/core';
import { invalidInput } from '@awaitio/core/lowlevel';
import type { Body, Bytes } from './body.ts';
import type { CollectOptions } from './collect-options.ts';
import type { HttpVersion, RequestHead } from '../protocol/vocabulary/events.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import { tryJson } from './received-json.ts';
import { HttpProblem } from './problem.ts';
import { entriesToObject, schemaOf, validate, type Schema } from './schema.ts';

/** What a request needs of its connection. */
export interface RequestOrigin {
  readonly remoteAddress: Address | undefined;
  readonly signal: AbortSignal;
  readonly body: Body;
  /** What must live as long as the request is handled. */
  kept: unknown;
  /** See {@link HttpRequest.route}. */
  route: string | undefined;
  /**
   * Reads a form of which the whole body is there.
   *
   * @param types - Every `Content-Type` field.
   */
  readonly readForm: (types: readonly string[], bytes: Uint8Array) => Promise<FormData>;
}

let construct: typeof requestOf;
let originOf: (request: HttpRequest) => RequestOrigin;

/**
 * A request: its head, and its body as it is received.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 *
 * const server = await serve(
 *   async (request) => HttpResponse.text(`${request.method} ${request.path}: ${await request.text()}`),
 *   { port: 0 },
 * );
 * const answer = await fetch(`${server.url}greet?name=you`, { method: 'POST', body: 'hello' });
 * console.log(await answer.text()); // POST /greet: hello
 * await server.shutdown();
 * ```
 */
export class HttpRequest {
  readonly #head: RequestHead;
  readonly #origin: RequestOrigin;

  static {
    construct = (head, origin) => new HttpRequest(head, origin);
    originOf = (request) => request.#origin;
  }

  private constructor(head: RequestHead, origin: RequestOrigin) {
    this.#head = head;
    this.#origin = origin;
  }

  /** The method, as received: `GET`. */
  get method(): string {
    return this.#head.method;
  }

  /** The request target, as received; {@link HttpRequest.path} is its path. */
  get target(): string {
    return this.#head.target;
  }

  /** The path of the target, still percent-encoded; of an absolute target too. `*` and an authority are returned as they are. */
  get path(): string {
    const target = originForm(this.#head.target);
    const end = target.indexOf('?');
    return end === -1 ? target : target.slice(0, end);
  }

  /**
   * The pattern that the path has matched, such as `/items/{id}`: for traces and metrics, which paths with names and numbers would fill
   * without end. The handler sets it; those of contracts do. @throws `InvalidInputError` when it is set to anything but a string
   */
  get route(): string | undefined {
    return this.#origin.route;
  }

  set route(route: string | undefined) {
    if (route !== undefined && typeof route !== 'string') {
      throw invalidInput('request.route', 'route', 'a string', route);
    }
    this.#origin.route = route;
  }

  /** The query of the target, empty when there is none. */
  query(): URLSearchParams;
  /**
   * The query, validated. A name that appears more than once becomes an array.
   *
   * @throws `HttpProblem` 422 that lists every violation; unless the handler catches it, it becomes the response.
   */
  query<T>(schema: Schema<T>): Promise<T>;
  query<T>(schema?: Schema<T>): URLSearchParams | Promise<T> {
    const { target } = this.#head;
    const start = target.indexOf('?');
    const query = new URLSearchParams(start === -1 ? '' : target.slice(start + 1));
    return schema === undefined ? query : validateQuery(schema, query);
  }

  /** The header fields, as received. */
  get headers(): Headers {
    return this.#head.headers;
  }

  /** The client's HTTP version. */
  get httpVersion(): HttpVersion {
    return this.#head.httpVersion;
  }

  /** The client's address; `undefined` on a stream without one. */
  get remoteAddress(): Address | undefined {
    return this.#origin.remoteAddress;
  }

  /** Aborts when the client disconnects, a deadline passes or the server closes the connection. */
  get signal(): AbortSignal {
    return this.#origin.signal;
  }

  /** The body; it can be read once. */
  get body(): Body {
    return this.#origin.body;
  }

  /** The trailer fields of a chunked body, once it has been read to its end. */
  get trailers(): Headers | undefined {
    return this.#origin.body.trailers;
  }

  /** The whole body. @throws as {@link Body.bytes} */
  bytes(options?: CollectOptions): Promise<Bytes> {
    return this.#origin.body.bytes(options);
  }

  /** The whole body as UTF-8 text. @throws as {@link Body.bytes} */
  text(options?: CollectOptions): Promise<string> {
    return this.#origin.body.text(options);
  }

  /**
   * The whole body as JSON.
   *
   * @param options - `limit`: the most bytes to collect.
   * @throws `HttpProblem` 400 when it is not JSON; otherwise as {@link Body.bytes}.
   */
  json(options?: CollectOptions): Promise<unknown>;
  /**
   * The whole body as JSON, validated.
   *
   * @param schema - A zod 4 schema, or another with the Standard Schema interface.
   * @throws `HttpProblem` 400 when it is not JSON, 422 that lists every violation; otherwise as {@link Body.bytes}.
   */
  json<T>(schema: Schema<T>, options?: CollectOptions): Promise<T>;
  async json<T>(given?: Schema<T> | CollectOptions, options?: CollectOptions): Promise<unknown> {
    const schema = schemaOf('json', given);
    const text = await this.text(schema === undefined ? optionsOf(given, options) : options);
    const value = tryJson(text);
    if (value === undefined) throw new HttpProblem(400, { detail: 'the body is not JSON' });
    return schema === undefined ? value : validate(schema, value, 'body');
  }

  /**
   * The whole body as a form: `application/x-www-form-urlencoded`, or `multipart/form-data` within the default limits of
   * `multipart`.
   *
   * @param options - `limit`: the most bytes to collect.
   * @throws `MultipartError` 415 when it is neither, 400 when it is malformed, 413 above a limit; otherwise as {@link Body.bytes}.
   */
  form(options?: CollectOptions): Promise<FormData>;
  /** The form, validated. A name that appears more than once becomes an array. @throws also `HttpProblem` 422 */
  form<T>(schema: Schema<T>, options?: CollectOptions): Promise<T>;
  async form<T>(
    given?: Schema<T> | CollectOptions,
    options?: CollectOptions,
  ): Promise<FormData | T> {
    const schema = schemaOf('form', given);
    const bytes = await this.bytes(schema === undefined ? optionsOf(given, options) : options);
    const form = await this.#origin.readForm(this.headers.getAll('content-type'), bytes);
    return schema === undefined ? form : validate(schema, entriesToObject(form), 'form');
  }
}

/** The options of a call without a schema: its first argument, or its second after `undefined`. */
function optionsOf(
  given: unknown,
  options: CollectOptions | undefined,
): CollectOptions | undefined {
  return given === undefined ? options : (given as CollectOptions);
}

/** The request that a connection received. */
export function requestOf(head: RequestHead, origin: RequestOrigin): HttpRequest {
  return construct(head, origin);
}

/** Keeps a value from the garbage collection for as long as a request is handled and answered. */
export function keepWith(request: HttpRequest, value: unknown): void {
  originOf(request).kept = value;
}

/** A target in absolute form as origin form (RFC 9112 section 3.2.2); other targets unchanged. */
function originForm(target: string): string {
  if (target.charCodeAt(0) === SLASH) return target;
  const scheme = target.indexOf('://');
  if (scheme === -1) return target;
  const start = target.indexOf('/', scheme + 3);
  const query = target.indexOf('?');
  // A slash behind the question mark is one of the query.
  if (start !== -1 && (query === -1 || start < query)) return target.slice(start);
  return query === -1 ? '/' : `/${target.slice(query)}`;
}

const SLASH = 47;

/** Asynchronous, so that a wrong schema rejects as one that finds violations does. */
async function validateQuery<T>(given: Schema<T>, query: URLSearchParams): Promise<T> {
  const schema = schemaOf('query', given);
  if (schema === undefined) {
    throw invalidInput('query', 'schema', 'a schema with the Standard Schema interface', given);
  }
  return validate(schema, entriesToObject(query), 'query');
}
