/** One request to a handler over streams in memory, and its response with the coding taken off. */

import zlib from 'node:zlib';
import { Executor, MemoryListener } from '@awaitio/core';
import {
  HttpClient,
  HttpResponse,
  serve,
  type ClientResponse,
  type Handler,
  type ResponseInit,
} from '../../src/index.ts';
import { zstdDecompressSync } from './zstd.ts';

/** A text that compresses well. */
export const LONG = 'again and again, '.repeat(200);

const decoders: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  gzip: (bytes) => zlib.gunzipSync(bytes),
  // A Node without zstd gets no body of it.
  zstd: (bytes) => zstdDecompressSync!(bytes),
};

/** A response. */
export interface Answer {
  readonly status: number;
  readonly headers: ClientResponse['headers'];
  /** As received. */
  readonly bytes: Uint8Array;
  /** As its coding says. */
  readonly text: string;
  readonly errors: readonly unknown[];
}

/** A request. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** One request to a handler. */
export async function ask(
  handler: Handler,
  { method = 'GET', headers = {} }: Asking = {},
): Promise<Answer> {
  const errors: unknown[] = [];
  const listener = new MemoryListener();
  const executor = new Executor();
  const onError = (error: unknown): void => void errors.push(error);
  const server = await serve(handler, { listener, executor, onError });
  const client = new HttpClient({ connect: () => listener.connect(), decompress: false });
  try {
    const response = await client.request(method, 'http://memory/', { headers });
    const bytes = await response.bytes({ limit: 16_777_216 });
    const coding = response.headers.get('content-encoding');
    const decode = bytes.length === 0 || coding === null ? undefined : decoders[coding];
    const text = Buffer.from(decode === undefined ? bytes : decode(bytes)).toString();
    return { status: response.status, headers: response.headers, bytes, text, errors };
  } finally {
    await client.close();
    await server.shutdown({ grace: 0, idleWindow: 0 });
    await executor.idle({ timeout: 5_000 });
  }
}

/** A request of a client that takes gzip. */
export const gzipped: Asking & { readonly headers: Record<string, string> } = {
  headers: { 'Accept-Encoding': 'gzip' },
};

/** A streamed response of text. */
export function stream(
  body: Parameters<typeof HttpResponse.stream>[0],
  init: ResponseInit = {},
): HttpResponse {
  return HttpResponse.stream(body, { headers: { 'Content-Type': 'text/plain' }, ...init });
}
