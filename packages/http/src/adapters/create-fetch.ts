/** `fetch` over a client, for libraries that take one. What it does is loaded with the first call. */

import {
  checkMethods,
  checkOptions,
  lazy,
  type Lazy,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { fetchWith } from './client-fetch.ts';
import type { HttpClient } from '../client/client.ts';
import { loadParser } from '../driver/load-parser.ts';

const parts: Lazy<{ readonly fetchWith: typeof fetchWith }> = lazy(
  () => import('./client-fetch.ts'),
);

/** The default of `integrityBytes`, in bytes. */
const DEFAULT_INTEGRITY_BYTES = 16_777_216;

/** Options of a `fetch` over a client. */
export interface CreateFetchOptions {
  /** The most bytes of a body with `integrity`: it is collected, decompressed, before it is handed out. @default 16777216 */
  readonly integrityBytes?: number | undefined;
}

const CREATE_FETCH_OPTIONS: OptionTable<CreateFetchOptions> = {
  integrityBytes: {
    expected: 'a number of bytes from 0',
    accepts: (value) => typeof value === 'number' && value >= 0,
  },
};

/**
 * Makes a `fetch` of a client: its pool, TLS, proxies, retries and middleware, behind the web's interface.
 *
 * @param client - Sends the requests. Its `baseUrl` is not used: a relative URL makes no `Request`.
 * @param options - The bound of a body with `integrity`.
 * @returns A function as the global `fetch`. As there, it rejects with a `TypeError`, whose `cause` says why, when no response
 * came, and with the reason of an aborted signal; a status is no failure. A body that is no stream is sent again where a redirect
 * or a retry asks for it. A body with an unknown `Content-Encoding` is left as it was sent. With `integrity` (W3C Subresource
 * Integrity), it rejects when the body is another one, or longer than `integrityBytes`; also, unlike a browser, when no hash is of
 * a known algorithm. A `dispatcher` and the `cache` `'only-if-cached'` are refused.
 * @throws `InvalidInputError` for what is no client, and for a wrong option.
 *
 * @example
 * ```ts
 * import { createFetch, echo, HttpClient, serve } from '@awaitio/http';
 *
 * const server = await serve(echo(), { port: 0 });
 * await using client = new HttpClient();
 * const fetch = createFetch(client);
 * console.log(await (await fetch(server.url, { method: 'POST', body: 'hello' })).text()); // echo: hello
 * await server.shutdown();
 * ```
 */
export function createFetch(
  client: HttpClient,
  options: CreateFetchOptions = {},
): (input: Request | string | URL, init?: RequestInit) => Promise<Response> {
  checkMethods('createFetch', 'client', client, ['request']);
  checkOptions('createFetch', options, CREATE_FETCH_OPTIONS);
  const { integrityBytes = DEFAULT_INTEGRITY_BYTES } = options;
  return async (input, init) => {
    const loaded = parts.value ?? (await parts.load());
    return loaded.fetchWith(client, input, init, integrityBytes, loadParser);
  };
}
