/** A name for each request, by which logs of several programs are joined. */

import type { Random } from '@awaitio/core';
import {
  checkFunction,
  checkOptions,
  invalidInput,
  rules,
  systemRandom,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Handler } from '../../message/handler.ts';
import { HttpRequest } from '../../message/request.ts';
import { isToken } from '../../protocol/vocabulary/fields.ts';
import { respondWith, without } from './around.ts';

/** Options of {@link requestId}. */
export interface RequestIdOptions {
  /** The field that carries the id, of the request and of the response. @default 'X-Request-Id' */
  readonly header?: string | undefined;
  /** Whether an id that the client sends is kept, if it is a valid one. @default true */
  readonly inbound?: boolean | undefined;
  /** Where new ids come from. @default the platform's generator: an id is no secret */
  readonly random?: Random | undefined;
}

const REQUEST_ID_OPTIONS: OptionTable<RequestIdOptions> = {
  header: {
    expected: 'the name of a header field',
    accepts: (value) => typeof value === 'string' && isToken(value),
  },
  inbound: rules.flag,
  random: rules.method('integer'),
};

/** What goes into logs and other headers without quoting. */
const VALID = /^[\w.:+/=@-]{1,128}$/;
const ids = new WeakMap<HttpRequest, string>();

/** The id that {@link requestId} gave a request; `undefined` for a request that did not come through it. */
export function requestIdOf(request: HttpRequest): string | undefined {
  if (request instanceof HttpRequest) return ids.get(request);
  throw invalidInput('requestIdOf', 'request', 'the HttpRequest of the handler', request);
}

/**
 * Gives each request an id, and its response a field with it.
 *
 * An id that the client sends is kept when it is 1 to 128 letters, digits and `_.:+/=@-`; otherwise it is a new UUID. An error that is no
 * `HttpProblem` is answered by the server, without the field.
 *
 * @param handler - Answers the requests; `requestIdOf(request)` is the id.
 * @param options - See {@link RequestIdOptions}.
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { requestId, requestIdOf } from '@awaitio/http/batteries';
 *
 * const handler = requestId((request) => HttpResponse.text(`id ${requestIdOf(request)}`));
 * const server = await serve(handler, { port: 0 });
 * const answer = await fetch(server.url, { headers: { 'X-Request-Id': 'abc' } });
 * console.log(answer.headers.get('x-request-id'), await answer.text()); // abc id abc
 * await server.shutdown();
 * ```
 */
export function requestId(handler: Handler, options?: RequestIdOptions): Handler {
  checkFunction('requestId', 'handler', handler);
  if (options !== undefined) checkOptions('requestId', options, REQUEST_ID_OPTIONS);
  const { header = 'X-Request-Id', inbound = true, random = systemRandom } = options ?? {};
  const own = [header.toLowerCase()];
  return (request, context) => {
    const given = inbound ? request.headers.get(header) : null;
    const id = given !== null && VALID.test(given) ? given : uuid(random);
    ids.set(request, id);
    return respondWith(handler, request, context, (fields) => [
      ...without(fields, own),
      header,
      id,
    ]);
  };
}

/** A UUID of version 4 (RFC 9562 section 5.4). */
function uuid(random: Random): string {
  const digits = (count: number): string =>
    random
      .integer(0, 16 ** count - 1)
      .toString(16)
      .padStart(count, '0');
  const variant = random.integer(8, 11).toString(16);
  return `${digits(8)}-${digits(4)}-4${digits(3)}-${variant}${digits(3)}-${digits(8)}${digits(4)}`;
}
