/** `server.fetch`: sends a `Request` over a stream in memory, without a port, through the whole server. */

import { InvalidInputError, type ByteStream, type Clock } from '@awaitio/core';
import { describeFailure } from '@awaitio/core/lowlevel';
import type { ClientResponse } from '../client/response.ts';
import { HttpClient } from '../client/client.ts';

/** Fields of a `Request` that the client sets itself. */
const OWN = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);
/** Statuses whose `Response` must not have a body (fetch standard, section 2.2.3). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** A client of one server, over streams in memory. */
export class MemoryFetch {
  readonly #client: HttpClient;

  /** @param connect - Returns a stream whose other end is served. */
  constructor(connect: () => ByteStream, clock: Clock) {
    const open = async (): Promise<ByteStream> => connect();
    this.#client = new HttpClient({
      connect: open,
      connectTls: open,
      clock,
      userAgent: false,
      decompress: false,
      maxRedirects: 0,
      deadlines: { headers: Infinity, body: Infinity },
      maxConnectionsPerOrigin: 1_024,
      maxConnections: Infinity,
    });
  }

  async fetch(input: Request | string | URL, init: RequestInit | undefined): Promise<Response> {
    const request = requestOf(input, init);
    const headers = [...request.headers].filter(([name]) => !OWN.has(name));
    const announced = request.headers.get('content-length');
    const response = await this.#client.request(request.method, request.url, {
      headers,
      body: (request.body ?? undefined) as ReadableStream<Uint8Array> | undefined,
      length: announced === null ? undefined : Number(announced),
      signal: request.signal,
    });
    return toResponse(response, request);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function toResponse(response: ClientResponse, request: Request): Response {
  const { status, reason } = response;
  const headers = new globalThis.Headers();
  for (const [name, value] of response.headers) headers.append(name, value);
  const hasBody = request.method !== 'HEAD' && !WITHOUT_BODY.has(status);
  return new Response(hasBody ? streamOf(response, request) : null, {
    status,
    statusText: reason,
    headers,
  });
}

function streamOf(response: ClientResponse, request: Request): ReadableStream<Uint8Array> {
  const pieces = response.body[Symbol.asyncIterator]();
  const source = {
    // It holds the controller of its signal, without which a garbage collection would end the caller's say in the response.
    request,
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      response.discard();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** @throws `InvalidInputError` for arguments that the constructor of `Request` refuses. */
function requestOf(input: Request | string | URL, init: RequestInit | undefined): Request {
  if (input instanceof Request && init === undefined) return input;
  try {
    return new Request(input, init);
  } catch (error) {
    throw new InvalidInputError(
      `fetch: the arguments make no Request: ${describeFailure(error).split('\n', 1)[0]}`,
      'fetch',
      error,
    );
  }
}
