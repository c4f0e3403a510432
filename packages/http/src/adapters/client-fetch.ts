/** `fetch` over a client. Loaded with the first call. */

import { sentHeaders, toResponse } from './web-messages.ts';
import type { HttpClient } from '../client/client.ts';
import type { ClientResponse } from '../client/response.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** @throws `TypeError` when no response came, its `cause` says why; the signal's reason */
export async function fetchWith(
  client: HttpClient,
  input: Request | string | URL,
  init: RequestInit | undefined,
): Promise<Response> {
  const request = new Request(input, init);
  const response = await send(client, request, isStreamed(input, init));
  const isRedirect = REDIRECTS.has(response.status);
  if (isRedirect && request.redirect !== 'manual' && response.headers.has('location')) {
    response.discard();
    throw failed(response.notFollowed ?? 'the response is a redirect, which `redirect` forbids');
  }
  const result = toResponse(response, request);
  Object.defineProperties(result, {
    url: { value: response.url.replace(/#.*$/s, '') },
    redirected: { value: response.redirects > 0 },
  });
  return result;
}

async function send(
  client: HttpClient,
  request: Request,
  isStream: boolean,
): Promise<ClientResponse> {
  const { method, url, signal, redirect } = request;
  try {
    signal.throwIfAborted();
    const body =
      request.body === null || isStream
        ? (request.body ?? undefined)
        : new Uint8Array(await request.arrayBuffer());
    return await client.request(method, url, {
      headers: sentHeaders(request),
      body: body as Uint8Array | ReadableStream<Uint8Array> | undefined,
      signal,
      ...(redirect === 'follow' ? {} : { maxRedirects: 0 }),
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : failed(error);
  }
}

/** Whether the body is one that can be read once; any other is read whole, so that it can be sent again. */
function isStreamed(input: Request | string | URL, init: RequestInit | undefined): boolean {
  const body: unknown = init?.body;
  if (body === undefined || body === null) return input instanceof Request;
  return (
    typeof body === 'object' && (body instanceof ReadableStream || Symbol.asyncIterator in body)
  );
}

function failed(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause });
}
