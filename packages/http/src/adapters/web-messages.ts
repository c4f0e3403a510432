/** Messages between the client and the web's `Request` and `Response`. */

import { fetchedBody, type ClientResponse } from '../client/response.ts';
import type { Bytes } from '../message/body.ts';

/** Fields of a `Request` that the client sets itself. */
const OWN = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);
/** Statuses whose `Response` must not have a body (fetch standard, section 2.2.3). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** The highest that the constructor of `Response` takes; one that was received may be up to 999. */
const MAX_STATUS = 599;

/** The fields of a request that are passed on. */
export function sentHeaders(request: Request): [name: string, value: string][] {
  return [...request.headers].filter(([name]) => !OWN.has(name));
}

/** Whether the web's response has a body, even an empty one. */
export function hasBody({ status }: ClientResponse, { method }: Request): boolean {
  return method !== 'HEAD' && !WITHOUT_BODY.has(status);
}

/**
 * A response as the web has it; its body is read as its reader asks for it.
 *
 * @param failureOf - Makes the error of a body from what it has failed with.
 * @param whole - The body, where it was read before.
 */
export function toResponse(
  response: ClientResponse,
  request: Request,
  failureOf: (reason: unknown) => unknown = (reason) => reason,
  whole?: Bytes,
): Response {
  const { status, reason } = response;
  const headers = response.headers.toWeb();
  const isOdd = status > MAX_STATUS;
  const read = (): ReadableStream<Uint8Array> => streamOf(response, request, failureOf);
  const result = new Response(hasBody(response, request) ? (whole ?? read()) : null, {
    status: isOdd ? MAX_STATUS : status,
    statusText: reason,
    headers,
  });
  return isOdd ? Object.defineProperty(result, 'status', { value: status }) : result;
}

function streamOf(
  response: ClientResponse,
  request: Request,
  failureOf: (reason: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const pieces = fetchedBody(response)[Symbol.asyncIterator]();
  const source = {
    // It holds the controller of its signal, without which a garbage collection would end the caller's say in the response.
    request,
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      try {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        throw failureOf(error);
      }
    },
    cancel() {
      response.discard();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
