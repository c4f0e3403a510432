/** Responses as a client's caller sees them. */

import type { ByteStream } from '@awaitio/core';
import { bodyOf, type Body, type BodySource, type CollectOptions } from '../message/body.ts';
import type { HttpVersion, ResponseHead } from '../protocol/vocabulary/events.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import { schemaOf, validate, type Schema } from '../message/schema.ts';

/** What a response needs of its connection. */
export interface ResponseOrigin extends BodySource {
  /** Discards the unread part of the body. */
  discard(): void;
  /** Hands the stream over, after a switch of protocols. */
  takeStream(): ByteStream;
}

let construct: typeof responseOf;

/**
 * A response: its head, and its body as it is received.
 *
 * A body that was not complete when the head was received holds its connection until it is read or discarded.
 */
export class ClientResponse {
  readonly #head: ResponseHead;
  readonly #origin: ResponseOrigin;
  /** The URL of this response, after redirects. */
  readonly url: string;
  /** How many redirects were followed. */
  readonly redirects: number;
  readonly body: Body;

  static {
    construct = (head, origin, url, redirects) => new ClientResponse(head, origin, url, redirects);
  }

  private constructor(head: ResponseHead, origin: ResponseOrigin, url: string, redirects: number) {
    this.#head = head;
    this.#origin = origin;
    this.url = url;
    this.redirects = redirects;
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
  bytes(options?: CollectOptions): Promise<Uint8Array> {
    return this.body.bytes(options);
  }

  /** The whole body as UTF-8 text. @throws as {@link ClientResponse.bytes} */
  text(options?: CollectOptions): Promise<string> {
    return this.body.text(options);
  }

  /** The whole body as JSON. @throws `SyntaxError` when it is not JSON; otherwise as {@link ClientResponse.bytes} */
  json(options?: CollectOptions): Promise<unknown>;
  /** The whole body as JSON, validated. @throws also `HttpProblem` 422 that lists every violation */
  json<T>(schema: Schema<T>, options?: CollectOptions): Promise<T>;
  async json<T>(given?: Schema<T> | CollectOptions, options?: CollectOptions): Promise<unknown> {
    const schema = schemaOf('json', given);
    const collect = schema !== undefined || given === undefined ? options : given;
    const value = await this.body.json(collect as CollectOptions | undefined);
    return schema === undefined ? value : validate(schema, value, 'body');
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
): ClientResponse {
  return construct(head, origin, url, redirects);
}
