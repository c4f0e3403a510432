/** `fetch` over a client, for libraries that take one. What it does is loaded with the first call. */

import { checkMethods, lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { fetchWith } from './client-fetch.ts';
import type { HttpClient } from '../client/client.ts';
import { loadParser } from '../driver/load-parser.ts';

const parts: Lazy<{ readonly fetchWith: typeof fetchWith }> = lazy(
  () => import('./client-fetch.ts'),
);

/**
 * Makes a `fetch` of a client: its pool, TLS, proxies, retries and middleware, behind the web's interface.
 *
 * @param client - Sends the requests. Its `baseUrl` is not used: a relative URL makes no `Request`.
 * @returns A function as the global `fetch`. As there, it rejects with a `TypeError`, whose `cause` says why, when no response
 * came, and with the reason of an aborted signal; a status is no failure. A body that is no stream is sent again where a redirect
 * or a retry asks for it. A body with an unknown `Content-Encoding` is left as it was sent.
 * @throws `InvalidInputError` for what is no client.
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
): (input: Request | string | URL, init?: RequestInit) => Promise<Response> {
  checkMethods('createFetch', 'client', client, ['request']);
  return async (input, init) => {
    const loaded = parts.value ?? (await parts.load());
    return loaded.fetchWith(client, input, init, loadParser);
  };
}
