/** `server.fetch`: sends a `Request` over a stream in memory, without a port, through the whole server. */

import { InvalidInputError, type ByteStream, type Clock } from '@awaitio/core';
import { describeFailure } from '@awaitio/core/lowlevel';
import { sentHeaders, toResponse } from './web-messages.ts';
import { HttpClient } from '../client/client.ts';
import { loadWebClasses } from '../protocol/vocabulary/web-classes.ts';

/** A client of one server, over streams in memory. */
export class MemoryFetch {
  readonly #client: HttpClient;

  /** @param connect - Returns a stream whose other end is served. */
  constructor(connect: () => ByteStream, clock: Clock) {
    const open = async (): Promise<ByteStream> => connect();
    this.#client = new HttpClient({
      connect: open,
      connectTls: open,
      connectUnix: open,
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
    const headers = sentHeaders(request);
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

/** @throws `InvalidInputError` for arguments that the constructor of `Request` refuses; `Error` where Node cannot load it */
function requestOf(input: Request | string | URL, init: RequestInit | undefined): Request {
  loadWebClasses('fetch');
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
