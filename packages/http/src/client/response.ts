/** Responses as a client's caller sees them. */

import type { ByteStream } from '@awaitio/core';
import { Body, type BodySource, type CollectOptions } from '../message/body.ts';
import type { HttpVersion, ResponseHead } from '../protocol/vocabulary/events.ts';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import { validate, type Schema } from '../message/schema.ts';

/** What a response needs of the connection it came on. @internal */
export interface ResponseOrigin extends BodySource {
  /** Gives up what has not been read. */
  discard(): void;
  /** The bare connection, after a switch of protocols. */
  takeStream(): ByteStream;
}

/**
 * A response: its head, and its body as it comes.
 *
 * A body that has not come whole with the head keeps its connection until it was read or discarded.
 */
export class ClientResponse {
  readonly #head: ResponseHead;
  readonly #origin: ResponseOrigin;
  /** The URL that answered, after redirects. */
  readonly url: string;
  /** How many redirects were followed. */
  readonly redirects: number;
  readonly body: Body;

  /** @internal */
  constructor(head: ResponseHead, origin: ResponseOrigin, url: string, redirects: number) {
    this.#head = head;
    this.#origin = origin;
    this.url = url;
    this.redirects = redirects;
    this.body = new Body(origin);
  }

  /** The status code. */
  get status(): number {
    return this.#head.status;
  }

  /** The reason phrase as it was sent. */
  get reason(): string {
    return this.#head.reason;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The header fields, as they came. */
  get headers(): Headers {
    return this.#head.headers;
  }

  /** The version that the server speaks. */
  get httpVersion(): HttpVersion {
    return this.#head.httpVersion;
  }

  /** The trailer fields of a chunked body, once it was read to its end. */
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

  /** The whole body as JSON. @throws `SyntaxError` when it is none; else as {@link ClientResponse.bytes} */
  json(): Promise<unknown>;
  /** The whole body as JSON, checked. @throws also `HttpProblem` 422 that lists what is wrong */
  json<T>(schema: Schema<T>, options?: CollectOptions): Promise<T>;
  async json<T>(schema?: Schema<T>, options?: CollectOptions): Promise<unknown> {
    const value = await this.body.json(options);
    return schema === undefined ? value : validate(schema, value, 'body');
  }

  /**
   * The connection, after a switch of protocols: 101 to a request that said `Connection: upgrade`. It is the caller's to
   * close, and holds the first bytes of the new protocol.
   *
   * @throws `LocalProtocolError` when the response does not switch, or the stream was taken before.
   */
  takeStream(): ByteStream {
    return this.#origin.takeStream();
  }

  /** Gives up what has not been read of the body; its connection is closed if that was not all. */
  discard(): void {
    this.#origin.discard();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.discard();
  }
}
