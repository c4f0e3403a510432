/** Middleware: functions around each request of a client, the first one outermost. */

import { AsyncScope, failureOf, invalidInput } from '@awaitio/core/lowlevel';
import type { RequestOptions } from './request-options.ts';
import { ClientResponse } from './response.ts';

/** A request as middleware sees it: to change it, pass a changed copy on. */
export interface ClientRequest {
  /** In upper case, unless the program wrote it otherwise. */
  readonly method: string;
  /** As the program gave it: it may be relative to `baseUrl`. */
  readonly url: string | URL;
  readonly options: RequestOptions;
}

/** Sends a request on: redirects, retries and all. */
export type NextRequest = (request: ClientRequest) => Promise<ClientResponse>;

/**
 * Stands around each request: it may change the request, answer by itself, call `next` again, change the response. Its failure
 * is that of the request.
 */
export type Middleware = (
  request: ClientRequest,
  next: NextRequest,
) => ClientResponse | Promise<ClientResponse>;

/** The innermost function with all middleware around it. */
export function withMiddleware(middleware: readonly Middleware[], inner: NextRequest): NextRequest {
  return middleware.reduceRight<NextRequest>((following, one) => {
    const next: NextRequest = async (request) => {
      const given: unknown = request;
      if (typeof given === 'object' && given !== null) return following(request);
      throw invalidInput('next', 'request', 'the request, or a changed copy of it', given);
    };
    return async (request) => {
      const response: unknown = await call(one, request, next);
      if (response instanceof ClientResponse) return response;
      throw invalidInput('request', 'middleware()', 'the ClientResponse of next', response);
    };
  }, inner);
}

async function call(one: Middleware, request: ClientRequest, next: NextRequest): Promise<unknown> {
  try {
    // In a scope: what it enters is neither its caller's nor that of the caller's next request.
    return await new AsyncScope().run(one, request, next);
  } catch (error) {
    throw failureOf(error, 'middleware');
  }
}
