/** `fetch` over a client. Loaded with the first call. */

import { contentOf } from './request-content.ts';
import { sentHeaders, toResponse } from './web-messages.ts';
import type { HttpClient } from '../client/client.ts';
import type { ClientResponse } from '../client/response.ts';
import { loadWebClasses } from '../protocol/vocabulary/web-classes.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * @param load - Loads the parser.
 * @throws `TypeError` when no response came, its `cause` says why; the signal's reason
 */
export async function fetchWith(
  client: HttpClient,
  input: Request | string | URL,
  init: RequestInit | undefined,
  load: () => Promise<void> | undefined,
): Promise<Response> {
  try {
    // First the client's parser: what Node loads with `Request` is checked against the room that is left.
    const loading = load();
    if (loading !== undefined) await loading;
    loadWebClasses('fetch');
  } catch (error) {
    throw failed(error);
  }
  const request = new Request(input, init);
  const response = await send(client, request, init);
  const isRedirect = REDIRECTS.has(response.status);
  if (isRedirect && request.redirect !== 'manual' && response.headers.has('location')) {
    response.discard();
    throw failed(response.notFollowed ?? 'the response is a redirect, which `redirect` forbids');
  }
  const result = toResponse(response, request, (cause) => {
    const { signal } = request;
    return signal.aborted ? signal.reason : new TypeError('terminated', { cause });
  });
  Object.defineProperties(result, {
    url: { value: response.url.replace(/#.*$/s, '') },
    redirected: { value: response.redirects > 0 },
  });
  return result;
}

async function send(
  client: HttpClient,
  request: Request,
  init: RequestInit | undefined,
): Promise<ClientResponse> {
  const { method, url, signal, redirect } = request;
  try {
    signal.throwIfAborted();
    return await client.request(method, url, {
      headers: sentHeaders(request),
      body: await bodyOf(request, init),
      signal,
      ...(redirect === 'follow' ? {} : { maxRedirects: 0 }),
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : failed(error);
  }
}

/** The body as it is sent: whole, so that it has a length and can be sent again, unless it is a stream. */
async function bodyOf(
  request: Request,
  init: RequestInit | undefined,
): Promise<Uint8Array | ReadableStream<Uint8Array> | undefined> {
  const { body } = request;
  if (body === null) return undefined;
  const given: unknown = init?.body;
  if (given === undefined || given === null) return contentOf(body);
  const isStream =
    typeof given === 'object' && (given instanceof ReadableStream || Symbol.asyncIterator in given);
  return isStream ? body : new Uint8Array(await request.arrayBuffer());
}

function failed(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause });
}
