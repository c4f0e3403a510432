/**
 * The fetch adapter: serves applications that map a `Request` to a `Response` (Hono, H3, itty-router, or your own).
 *
 * The `Request` pulls its body from the connection as the application reads it; the body of the `Response` is pulled as fast
 * as the client reads. `serve` loads this file only for an object with a `fetch` method.
 */

import { IoError, WOULD_BLOCK } from '@awaitio/core';
import { AsyncScope, checkMethods } from '@awaitio/core/lowlevel';
import { lotsOf } from '../message/body.ts';
import type { Handler, HandlerContext } from '../message/handler.ts';
import { dropBody, sendInChunks, type StreamedBody } from '../message/outgoing-body.ts';
import { HttpProblem } from '../message/problem.ts';
import { keepWith, type HttpRequest } from '../message/request.ts';
import { HttpResponse, type ResponseBody } from '../message/response.ts';
import { RemoteProtocolError } from '../protocol/vocabulary/errors.ts';
import { loadWebClasses } from '../protocol/vocabulary/web-classes.ts';
import { readForm } from './lazy-forms.ts';

/** The second argument of `fetch`, Hono's `c.env`. */
export interface FetchInfo {
  /** The client, `host:port`; empty on a stream that has no address. `request.remoteAddress` has the host alone. */
  readonly remoteAddress: string;
  readonly request: HttpRequest;
  readonly context: HandlerContext;
}

/** The third argument of `fetch`, as Workers and Hono have it. */
export interface FetchExecutionContext {
  /** As `HandlerContext.waitUntil`. */
  waitUntil(work: Promise<unknown>): void;
  /** Does nothing: there is no origin to fall back to. */
  passThroughOnException(): void;
  readonly props: object;
}

/** An application in fetch's terms. */
export interface FetchApplication {
  /**
   * Answers a request. A rejection is answered with 500 and goes to `onError`, and so is a `Response` whose body was sent
   * before: make a new one for each request, or return its `clone()`.
   */
  fetch(
    request: Request,
    info: FetchInfo,
    executionContext: FetchExecutionContext,
  ): Response | Promise<Response>;
}

/** Methods that a `Request` cannot have (fetch standard, section 2.2.1). */
const FORBIDDEN = new Set(['CONNECT', 'TRACE', 'TRACK']);
/** Fields of the hop, which the server sets. */
const OWN = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/**
 * Makes a handler of an application with a `fetch` method, for functions that take a handler. `serve` alone needs none:
 * it takes the application.
 *
 * @param application - Hono, H3, itty-router, or your own.
 * @returns A handler. It rejects with what `fetch` rejects with; with `HttpProblem` 501 for a method that a `Request` cannot
 * have, 400 for a `Host` that a URL cannot have; with `TypeError` when `fetch` returns no `Response`; with `Error` where Node cannot
 * load its `Request`, for want of WebAssembly or of memory.
 * @throws `InvalidInputError` for an application without a method `fetch`.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { compress, fetchHandler } from '@awaitio/http/batteries';
 *
 * const application = { fetch: () => new Response('again and '.repeat(1_000)) };
 * const server = await serve(compress(fetchHandler(application)), { port: 0 });
 * const answer = await fetch(server.url);
 * console.log(answer.headers.get('content-encoding')); // br
 * await server.shutdown();
 * ```
 */
export function fetchHandler(application: FetchApplication): Handler {
  checkMethods('fetchHandler', 'application', application, ['fetch']);
  return async (request, context) => {
    if (FORBIDDEN.has(request.method)) {
      throw new HttpProblem(501, { detail: 'the method is not supported by this application' });
    }
    const info = { remoteAddress: String(request.remoteAddress ?? ''), request, context };
    const executionContext = {
      waitUntil: (work: Promise<unknown>) => {
        context.waitUntil(work);
      },
      passThroughOnException: () => {},
      props: {},
    };
    const given = toRequest(request, context);
    // A `Request` holds the controller of its signal, and no one but the application holds the `Request`: where it keeps the
    // signal alone, a garbage collection would take the controller, and the signal would never abort.
    keepWith(request, given);
    const response = await application.fetch(given, info, executionContext);
    if (context.isUpgraded) {
      // There is no request left to be answered.
      dropBody(response?.body as StreamedBody, new AsyncScope(), undefined);
      return undefined;
    }
    try {
      return fromResponse(response, request.method);
    } catch (error) {
      dropBody(response?.body as StreamedBody, new AsyncScope(), error);
      throw error;
    }
  };
}

function toRequest(request: HttpRequest, context: HandlerContext): Request {
  const Class = receivedRequestClass('fetchHandler');
  const { method } = request;
  const headers = new globalThis.Headers();
  for (const [name, value] of request.headers) headers.append(name, value);
  const init: RequestInit & { duplex: 'half' } = {
    method,
    headers,
    signal: request.signal,
    duplex: 'half',
  };
  if (method !== 'GET' && method !== 'HEAD' && request.body.length !== 0) {
    const whole = request.body.tryBytes();
    init.body = (whole === WOULD_BLOCK ? streamOf(request) : whole) as NonNullable<
      RequestInit['body']
    >;
  }
  const url = urlOf(request, context);
  // RFC 9110 allows names in Host that a URL cannot have, such as `a:99999` or `256.256.256.256`.
  if (!URL.canParse(url)) {
    throw new HttpProblem(400, { detail: 'the Host header and the target are not a URL' });
  }
  return new Class(url, init);
}

let RequestClass: typeof Request | undefined;

/**
 * Loads what the adapter needs of Node's `fetch`.
 *
 * @param operation - What needs it.
 * @throws `Error` where that would end the process
 */
export function receivedRequestClass(operation: string): typeof Request {
  RequestClass ??= makeRequestClass(operation);
  return RequestClass;
}

/** The class of a request whose form is read by this package, also from its clones: with limits, and by the same rules on every Node. */
function makeRequestClass(operation: string): typeof Request {
  loadWebClasses(operation);
  class ReceivedRequest extends Request {}
  const clone = function (this: Request): Request {
    const copy = Request.prototype.clone.call(this);
    return Object.setPrototypeOf(copy, ReceivedRequest.prototype) as Request;
  };
  // The types have them as properties, which no method may take the place of.
  for (const [name, value] of Object.entries({ formData: readFormData, clone })) {
    Object.defineProperty(ReceivedRequest.prototype, name, {
      value,
      writable: true,
      configurable: true,
    });
  }
  return ReceivedRequest;
}

/** The bytes are bounded by the server's `limits.bodyBytes`, as those of `arrayBuffer` are. */
async function readFormData(this: Request): Promise<FormData> {
  const { body } = this;
  if (this.bodyUsed || body?.locked === true) {
    throw new TypeError('formData: the body was read before; a body can be read once');
  }
  const type = this.headers.get('content-type');
  return readForm({
    types: type === null ? [] : [type],
    length: undefined,
    open: () => (body ?? EMPTY)[Symbol.asyncIterator](),
  });
}

const EMPTY: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: async function* () {} };

/** Pulls only when it is read: `100 Continue` and back-pressure depend on it. */
function streamOf(request: HttpRequest): ReadableStream<Uint8Array> {
  const lots = lotsOf(request.body);
  let isCancelled = false;
  return new ReadableStream(
    {
      async pull(controller) {
        let next;
        try {
          next = await lots.next();
        } catch (error) {
          throw withStatus(error);
        }
        if (isCancelled) return;
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        isCancelled = true;
        await lots.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * What is wrong with a body is the client's fault, and passes through the application, which handles errors itself: with a status, as
 * H3 and itty-router read it, and a response, as Hono asks for it, it does not become a 500 there.
 */
function withStatus(error: unknown): unknown {
  if (!(error instanceof RemoteProtocolError)) return error;
  const problem = new HttpProblem(error.statusHint);
  return Object.defineProperties(error, {
    status: { value: problem.status, configurable: true },
    getResponse: { value: () => problem.getResponse(), configurable: true },
  });
}

/** An absolute target is the URL (RFC 9112 section 3.2.2); otherwise the Host field names the authority. */
function urlOf(request: HttpRequest, { isEncrypted }: HandlerContext): string {
  const { target } = request;
  if (!target.startsWith('/') && target !== '*') return target;
  const host = request.headers.get('host') || 'localhost';
  return `${isEncrypted ? 'https' : 'http'}://${host}${target === '*' ? '' : target}`;
}

function fromResponse(response: Response, method: string): HttpResponse {
  const isResponse = typeof response?.status === 'number' && response.status >= 200;
  if (!isResponse || response instanceof HttpResponse) {
    throw new TypeError(`serve: expected fetch to return a Response, ${got(response)}`);
  }
  if (response.bodyUsed || response.body?.locked === true) throw usedResponse();
  const headers: (readonly [name: string, value: string])[] = [];
  // The length of a body that is sent with another response: to GET, or with a 200 (RFC 9110 section 8.6).
  const isDescribed = response.body === null && (method === 'HEAD' || response.status === 304);
  let length: number | undefined;
  let close = false;
  for (const field of response.headers) {
    const [name, value] = field;
    if (!OWN.has(name)) headers.push(field);
    else if (name === 'content-length' && /^\d{1,15}$/.test(value)) {
      if (isDescribed) headers.push(field);
      else length = Number(value);
    } else if (name === 'transfer-encoding' && response.body !== null) {
      sendInChunks(response.body);
    } else if (name === 'connection' && /\bclose\b/i.test(value)) close = true;
  }
  const { status, statusText } = response;
  const reason = statusText || undefined;
  return new HttpResponse(response.body as ResponseBody, {
    status,
    reason,
    headers,
    length,
    close,
  });
}

function usedResponse(): IoError {
  return new IoError(
    'serve: the body of this Response was read or sent before; make a new Response for each request, or return its clone()',
    { code: 'ERR_BODY_USED', operation: 'serve' },
  );
}

/** What an application returned in place of a `Response`, and what to do about it; never its contents. */
function got(returned: unknown): string {
  if (returned === undefined) return 'got nothing: it may lack a `return`';
  if (returned instanceof HttpResponse) {
    return 'got an HttpResponse: return a Response, or pass serve a function in place of { fetch }';
  }
  if (typeof returned === 'string') return 'got a string: return new Response(...)';
  const what = returned === null ? 'null' : `a value of type ${typeof returned}`;
  return `got ${what}: return Response.json(...), or another Response from 200`;
}
