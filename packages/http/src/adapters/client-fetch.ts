/** `fetch` over a client. Loaded with the first call. */

import { InvalidInputError, IoError } from '@awaitio/core';
import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import type * as IntegrityParts from './integrity.ts';
import { contentOf } from './request-content.ts';
import { hasBody, sentHeaders, toResponse } from './web-messages.ts';
import type { HttpClient } from '../client/client.ts';
import { describeFor, fetchedBody, type ClientResponse } from '../client/response.ts';
import type { Bytes } from '../message/body.ts';
import { loadWebClasses } from '../protocol/vocabulary/web-classes.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const integrityParts: Lazy<typeof IntegrityParts> = lazy(() => import('./integrity.ts'));

/** What a body must be, and how it is checked. */
interface Expected {
  readonly parts: typeof IntegrityParts;
  readonly integrity: IntegrityParts.Integrity;
  readonly limit: number;
}

/**
 * @param integrityBytes - The most bytes of a body that is collected to be checked.
 * @param load - Loads the parser.
 * @throws `TypeError` when no response came, its `cause` says why; the signal's reason
 */
export async function fetchWith(
  client: HttpClient,
  input: Request | string | URL,
  init: RequestInit | undefined,
  integrityBytes: number,
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
  refuseUnknown(request, init);
  const expected =
    request.integrity === '' ? undefined : await expectedOf(request.integrity, integrityBytes);
  const response = await send(client, request, init);
  const isRedirect = REDIRECTS.has(response.status);
  if (isRedirect && request.redirect !== 'manual' && response.headers.has('location')) {
    response.discard();
    throw failed(describeFor(response, notFollowed(response, request)));
  }
  const whole = expected === undefined ? undefined : await wholeBody(response, request, expected);
  const failureOf = (cause: unknown): unknown => {
    const { signal } = request;
    return signal.aborted ? signal.reason : new TypeError('terminated', { cause });
  };
  const result = toResponse(response, request, failureOf, whole);
  Object.defineProperties(result, {
    url: { value: response.url.replace(/#.*$/s, '') },
    redirected: { value: response.redirects > 0 },
  });
  return result;
}

/** What would send a request in another way than was asked for is refused, and not ignored. */
function refuseUnknown(request: Request, init: RequestInit | undefined): void {
  const given = init as { readonly dispatcher?: unknown } | undefined;
  if ((given?.dispatcher ?? undefined) !== undefined) {
    throw failed(
      new InvalidInputError(
        'fetch: expected no `dispatcher`: connections, TLS and proxies are those of the HttpClient; leave it out, or set them there',
        'fetch',
      ),
    );
  }
  if (request.cache === 'only-if-cached') {
    throw failed(
      new InvalidInputError(
        "fetch: expected another `cache` than 'only-if-cached': there is no cache here",
        'fetch',
      ),
    );
  }
}

async function expectedOf(metadata: string, limit: number): Promise<Expected | undefined> {
  try {
    const parts = integrityParts.value ?? (await integrityParts.load());
    const integrity = parts.parseIntegrity(metadata);
    return integrity === undefined ? undefined : { parts, integrity, limit };
  } catch (error) {
    throw failed(error);
  }
}

/** The body, once it is known to be the expected one. A response without a body is none (fetch standard, section 4.1). */
async function wholeBody(
  response: ClientResponse,
  request: Request,
  { parts, integrity, limit }: Expected,
): Promise<Bytes> {
  try {
    if (hasBody(response, request)) {
      return await parts.checkedBytes(fetchedBody(response), integrity, limit);
    }
    response.discard();
    throw parts.withoutBody();
  } catch (error) {
    const { signal } = request;
    if (signal.aborted) throw signal.reason;
    throw failed(error instanceof IoError ? describeFor(response, error) : error);
  }
}

/** Why a redirect is the end of a request. */
function notFollowed(response: ClientResponse, request: Request): IoError {
  const reason =
    response.notFollowed ??
    (request.redirect === 'error' ? "`redirect` is 'error'" : '`maxRedirects` of the client is 0');
  return new IoError(`fetch: a redirect was not followed: ${reason}`, {
    code: 'ERR_HTTP_REDIRECT',
    operation: 'fetch',
  });
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
