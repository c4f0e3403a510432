/** Responses as a client's caller sees them. */

import type { ByteStream } from '@awaitio/core';
import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { ResponseOrigin } from './connections/incoming-response.ts';
import { HttpStatusError, ResponseJsonError, ResponseSchemaError } from './response-errors.ts';
import { withUnknownCoding } from './content/decoded-response.ts';
import { excerptOf } from './content/excerpt.ts';
import type { linesOf } from './content/lines.ts';
import type { eventsOf, ServerSentEvent } from './content/server-sent-events.ts';
import { bodyOf, type Body, type Bytes } from '../message/body.ts';
import { limitOf, type CollectOptions } from '../message/collect-options.ts';
import type { HttpVersion, ResponseHead } from '../protocol/vocabulary/events.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import { tryJson } from '../message/received-json.ts';
import { check, schemaOf, type Schema } from '../message/schema.ts';

const lining: Lazy<{ readonly linesOf: typeof linesOf }> = lazy(() => import('./content/lines.ts'));
const eventParts: Lazy<{ readonly eventsOf: typeof eventsOf }> = lazy(
  () => import('./content/server-sent-events.ts'),
);
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

let construct: typeof responseOf;
let describe: typeof describeFor;
let unexpected: typeof unexpectedStatus;
let fetched: typeof fetchedBody;

/**
 * A response: its head, and its body as it is received.
 *
 * A body that was not complete when the head was received holds its connection until it is read or discarded.
 */
export class ClientResponse {
  readonly #head: ResponseHead;
  readonly #origin: ResponseOrigin;
  /** The URL of this response, after redirects, without credentials. */
  readonly url: string;
  /** How many redirects were followed. */
  readonly redirects: number;
  /** Why this redirect was not followed, for people; `undefined` for other responses. */
  readonly notFollowed: string | undefined;
  readonly body: Body;

  static {
    construct = (head, origin, url, redirects, notFollowed) =>
      new ClientResponse(head, origin, url, redirects, notFollowed);
    describe = (response, error) => response.#describe(error);
    fetched = (response) => {
      const origin = #origin in response ? withUnknownCoding(response.#origin) : undefined;
      return origin === undefined ? response.body : bodyOf(origin);
    };
    unexpected = (response) => response.#statusError(true);
    const value = function inspect(this: ClientResponse): string {
      return this.#inspect();
    };
    Object.defineProperty(ClientResponse.prototype, INSPECT, { value });
  }

  private constructor(
    ...[head, origin, url, redirects, notFollowed]: Parameters<typeof responseOf>
  ) {
    this.#head = head;
    this.#origin = origin;
    this.url = url;
    this.redirects = redirects;
    this.notFollowed = notFollowed;
    this.body = bodyOf(origin);
  }

  /** The status code. */
  get status(): number {
    return this.#head.status;
  }

  /** The reason phrase, as received. */
  get reason(): string {
    return this.#head.reason;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** How often the request was sent, on connections that had ended unnoticed and after redirects; from 1. */
  get attempts(): number {
    return this.#origin.progress.attempt;
  }

  /** The header fields, as received. */
  get headers(): Headers {
    return this.#head.headers;
  }

  /** The server's HTTP version. */
  get httpVersion(): HttpVersion {
    return this.#head.httpVersion;
  }

  /** The trailer fields of a chunked body, once it has been read to its end. */
  get trailers(): Headers | undefined {
    return this.body.trailers;
  }

  /** The whole body. @throws as {@link Body.bytes}; `TimeoutError`; the request signal's reason */
  bytes(options?: CollectOptions): Promise<Bytes> {
    return this.body.bytes(options);
  }

  /** The whole body as UTF-8 text. @throws as {@link ClientResponse.bytes} */
  text(options?: CollectOptions): Promise<string> {
    return this.body.text(options);
  }

  /** The whole body as JSON. @throws {@link ResponseJsonError} when it is none; otherwise as {@link ClientResponse.bytes} */
  json(options?: CollectOptions): Promise<unknown>;
  /** The whole body as JSON, validated. @throws also {@link ResponseSchemaError}, with every violation */
  json<T>(schema: Schema<T>, options?: CollectOptions): Promise<T>;
  async json<T>(given?: Schema<T> | CollectOptions, options?: CollectOptions): Promise<unknown> {
    const schema = schemaOf('json', given);
    const collect = schema !== undefined || given === undefined ? options : given;
    const value = this.#parsed('json', await this.body.text(collect as CollectOptions | undefined));
    return schema === undefined ? value : this.#checked('json', schema, value, 'body');
  }

  #parsed(operation: string, text: string, line?: number): unknown {
    const value = tryJson(text);
    if (value !== undefined) return value;
    throw this.#describe(new ResponseJsonError(operation, text, line));
  }

  async #checked<T>(
    operation: string,
    schema: Schema<T>,
    value: unknown,
    place: string,
  ): Promise<T> {
    const checked = await check(schema, value, place);
    if (checked.errors === undefined) return checked.value;
    throw this.#describe(new ResponseSchemaError(checked.errors, operation));
  }

  #describe<E extends Error>(error: E): E {
    this.#origin.progress.describe(error);
    return error;
  }

  /**
   * The lines of the body as they come, as text; with a schema as the first argument, each line that is not empty as JSON
   * (NDJSON), validated.
   *
   * @param options - `limit`: the most characters of a line, 1048576 by default.
   * @returns An iteration. Leaving it closes the connection, unless the body is complete.
   * @throws `LimitError` for a longer line; with a schema, {@link ResponseJsonError} with the number of the line, and
   * {@link ResponseSchemaError}, whose paths begin with it; else as iterating over the body.
   *
   * @example
   * ```ts
   * import { HttpClient, HttpResponse, serve } from '@awaitio/http';
   *
   * const server = await serve(() => HttpResponse.text('one\ntwo\n'), { port: 0 });
   * await using client = new HttpClient();
   * for await (const line of (await client.get(server.url)).lines()) console.log(line); // one, two
   * await server.shutdown();
   * ```
   */
  lines(options?: CollectOptions): AsyncGenerator<string>;
  lines<T>(schema: Schema<T>, options?: CollectOptions): AsyncGenerator<T>;
  lines<T>(
    given?: Schema<T> | CollectOptions,
    options?: CollectOptions,
  ): AsyncGenerator<string | T> {
    const schema = schemaOf('lines', given);
    const limit = limitOf('lines', schema === undefined ? (given as CollectOptions) : options);
    return this.#lines(schema, limit);
  }

  async *#lines<T>(schema: Schema<T> | undefined, limit: number): AsyncGenerator<string | T> {
    const { linesOf } = lining.value ?? (await lining.load());
    let number = 0;
    for await (const line of linesOf(this.body, limit)) {
      number += 1;
      if (schema === undefined) yield line;
      else if (line !== '') {
        const value = this.#parsed('lines', line, number);
        yield this.#checked('lines', schema, value, `line[${number}]`);
      }
    }
  }

  /**
   * The body as Server-Sent Events (`text/event-stream`), as they come.
   *
   * @param options - `limit`: the most characters of an event, 1048576 by default.
   * @returns An iteration, which ends with the body: to go on, send the request again with `Last-Event-ID`. Leaving it closes
   * the connection.
   * @throws `LimitError` for a longer event; else as iterating over the body.
   *
   * @example
   * ```ts
   * import { HttpClient, HttpResponse, serve } from '@awaitio/http';
   *
   * const server = await serve(() => HttpResponse.text('id: 7\ndata: hello\n\n'), { port: 0 });
   * await using client = new HttpClient();
   * for await (const { id, data } of (await client.get(server.url)).events()) console.log(id, data); // 7 hello
   * await server.shutdown();
   * ```
   */
  events(options?: CollectOptions): AsyncGenerator<ServerSentEvent> {
    return this.#events(limitOf('events', options));
  }

  async *#events(limit: number): AsyncGenerator<ServerSentEvent> {
    const { eventsOf } = eventParts.value ?? (await eventParts.load());
    yield* eventsOf(this.body, limit);
  }

  /**
   * Passes this response on if its status is 200 to 299.
   *
   * @returns This response.
   * @throws {@link HttpStatusError} for another status, with the beginning of its body; the rest is discarded.
   *
   * @example
   * ```ts
   * import { HttpClient, HttpProblem, HttpStatusError, serve } from '@awaitio/http';
   *
   * const server = await serve(() => Promise.reject(new HttpProblem(404)), { port: 0 });
   * await using client = new HttpClient();
   * const error = await (await client.get(server.url)).throwIfNotOk().catch((reason: unknown) => reason);
   * if (error instanceof HttpStatusError) console.log(error.status, error.excerpt.slice(0, 8)); // 404 {"type":
   * await server.shutdown();
   * ```
   */
  async throwIfNotOk(): Promise<this> {
    if (this.ok) return this;
    throw await this.#statusError(false);
  }

  async #statusError(isOfCall: boolean): Promise<HttpStatusError> {
    const excerpt = await excerptOf(this.body);
    const { status, reason } = this;
    const { progress } = this.#origin;
    return this.#describe(new HttpStatusError(status, reason, excerpt, progress, isOfCall));
  }

  /**
   * The stream, after a switch of protocols: 101 to a request with `Connection: upgrade`. It already holds the first bytes
   * of the new protocol, and the caller closes it.
   *
   * @throws `LocalProtocolError` when the response does not switch protocols, or the stream was already taken.
   */
  takeStream(): ByteStream {
    return this.#origin.takeStream();
  }

  /** Discards the unread part of the body. If there is any, the connection is closed. */
  discard(): void {
    this.#origin.discard();
  }

  /** What `console.log` shows: no values of fields, and no path. */
  #inspect(): string {
    const { method, origin } = this.#origin.progress;
    const names = [...this.headers].map(([name]) => name).join(', ');
    const status = `${this.status} ${this.reason}`.trim();
    return `ClientResponse { ${status} to ${method} ${origin}, headers: ${names} }`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.discard();
  }
}

/** The response that a connection received. */
export function responseOf(
  head: ResponseHead,
  origin: ResponseOrigin,
  url: string,
  redirects: number,
  notFollowed: string | undefined,
): ClientResponse {
  return construct(head, origin, url, redirects, notFollowed);
}

/** An error that says which request it belongs to: that of a response. */
export function describeFor<E extends Error>(response: ClientResponse, error: E): E {
  return describe(response, error);
}

/** The error of a response whose status is not in the contract of its call; the body is discarded. */
export function unexpectedStatus(response: ClientResponse): Promise<HttpStatusError> {
  return unexpected(response);
}

/** The body as the web's `fetch` has it: one with an unknown coding is left as it was sent. */
export function fetchedBody(response: ClientResponse): Body {
  return fetched(response);
}
