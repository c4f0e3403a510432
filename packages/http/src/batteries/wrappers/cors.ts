/** Cross-origin resource sharing (Fetch standard, section 3.3). */

import { InvalidInputError } from '@awaitio/core';
import { checkFunction, checkOptions, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { Handler } from '../../message/handler.ts';
import type { HttpRequest } from '../../message/request.ts';
import { responseOf, type HttpResponse } from '../../message/response.ts';
import { isToken, type FieldList } from '../../protocol/vocabulary/fields.ts';
import { respondWith, vary, without } from './around.ts';

/** Options of {@link cors}. */
export interface CorsOptions {
  /**
   * Which origins may read responses: `'*'` for every one, a list such as `['https://app.example']`, or a function that decides.
   * @default '*'
   */
  readonly origins?:
    | '*'
    | readonly string[]
    | ((origin: string, request: HttpRequest) => boolean | Promise<boolean>)
    | undefined;
  /** Whether they may send cookies and other credentials; not with `'*'`. @default false */
  readonly credentials?: boolean | undefined;
  /** The methods that they may use. @default GET, HEAD, PUT, PATCH, POST and DELETE */
  readonly methods?: readonly string[] | undefined;
  /** The header fields that they may send beside the safe ones. @default those that the browser asks for */
  readonly allowedHeaders?: readonly string[] | undefined;
  /** The header fields that they may read beside the safe ones. @default none */
  readonly exposedHeaders?: readonly string[] | undefined;
  /** How long a browser may keep the answer to a preflight, in whole seconds. @default the browser's: 5 */
  readonly maxAge?: number | undefined;
}

const isList = (value: unknown, accepts: (item: string) => boolean): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && accepts(item));

/** As a browser writes it: no path, no slash at the end, lower case. */
const isOrigin = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && `${url.protocol}//${url.host}` === text;
};

const TOKENS = {
  expected: 'a list of tokens, none of which is *',
  accepts: (value: unknown) => isList(value, (item) => isToken(item) && item !== '*'),
};

const CORS_OPTIONS: OptionTable<CorsOptions> = {
  origins: {
    expected:
      "'*', a list of origins such as 'https://app.example' (no path, no slash at the end), or a function",
    accepts: (value) => value === '*' || typeof value === 'function' || isList(value, isOrigin),
  },
  credentials: rules.flag,
  methods: TOKENS,
  allowedHeaders: TOKENS,
  exposedHeaders: TOKENS,
  maxAge: rules.whole(0),
};

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'];
/** What a handler below must not say as well: two values are none. */
const OWN = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
];
/** The names in `Access-Control-Request-Headers`: a list of tokens. */
const NAMES = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+(?:[\t ]*,[\t ]*[!#$%&'*+\-.^_`|~\dA-Za-z]+)*$/;

/**
 * Lets pages of other origins read the responses of a handler, and answers their preflights.
 *
 * A preflight is answered with 204, and does not reach the handler. With a list or a function every response says `Vary: Origin`, also
 * to requests without one. An origin that may not read gets no such field; the request is handled all the same: this is no
 * access control. An error that is no `HttpProblem` is answered by the server, without these fields. A request for access to a
 * private network is not granted.
 *
 * @param handler - Answers everything but preflights.
 * @param options - See {@link CorsOptions}.
 * @throws `InvalidInputError` for a wrong option, and for `credentials` with every origin. What the function in `origins` throws fails the
 * request.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { cors } from '@awaitio/http/batteries';
 *
 * const handler = cors(() => HttpResponse.text('hi'), { origins: ['https://app.example'] });
 * const server = await serve(handler, { port: 0 });
 * const answer = await fetch(server.url, { headers: { Origin: 'https://app.example' } });
 * console.log(answer.headers.get('access-control-allow-origin')); // https://app.example
 * await server.shutdown();
 * ```
 */
export function cors(handler: Handler, options?: CorsOptions): Handler {
  checkFunction('cors', 'handler', handler);
  if (options !== undefined) checkOptions('cors', options, CORS_OPTIONS);
  const policy = new CorsPolicy(options ?? {});
  return (request, context) => {
    const allowed = policy.allows(request);
    if (isPreflight(request)) return policy.preflight(request, allowed);
    if (typeof allowed === 'boolean') {
      return respondWith(handler, request, context, policy.changes(request, allowed));
    }
    return (async () => {
      const answer: unknown = await allowed;
      const change = policy.changes(request, answer === true);
      return respondWith(handler, request, context, change);
    })();
  };
}

function isPreflight({ method, headers }: HttpRequest): boolean {
  return (
    method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
  );
}

class CorsPolicy {
  readonly #origins: NonNullable<CorsOptions['origins']>;
  readonly #options: CorsOptions;

  constructor(options: CorsOptions) {
    this.#origins = options.origins ?? '*';
    this.#options = options;
    if (this.#origins !== '*' || options.credentials !== true) return;
    throw new InvalidInputError(
      'cors: expected a list of `origins` with `credentials`: with every origin, any page could act as its visitor',
      'cors',
    );
  }

  /** Whether the page that asks may read the response. */
  allows(request: HttpRequest): boolean | Promise<boolean> {
    const origins = this.#origins;
    if (origins === '*') return true;
    const origin = request.headers.get('origin');
    if (origin === null) return false;
    return typeof origins === 'function' ? origins(origin, request) : origins.includes(origin);
  }

  /** The fields that a response gets. */
  changes(request: HttpRequest, isAllowed: boolean): (fields: FieldList) => FieldList {
    const { exposedHeaders = [] } = this.#options;
    return (given) => {
      const fields = [...this.#readers(request, isAllowed, without(given, OWN))];
      if (isAllowed && exposedHeaders.length > 0) {
        fields.push('Access-Control-Expose-Headers', exposedHeaders.join(', '));
      }
      return fields;
    };
  }

  /** Who may read the response. */
  #readers({ headers }: HttpRequest, isAllowed: boolean, given: FieldList): FieldList {
    if (this.#origins === '*') return [...given, 'Access-Control-Allow-Origin', '*'];
    const fields = vary(given, 'Origin');
    const origin = headers.get('origin');
    if (!isAllowed || origin === null) return fields;
    const credentials =
      this.#options.credentials === true ? ['Access-Control-Allow-Credentials', 'true'] : [];
    return [...fields, 'Access-Control-Allow-Origin', origin, ...credentials];
  }

  async preflight(
    request: HttpRequest,
    allowed: boolean | Promise<boolean>,
  ): Promise<HttpResponse> {
    const answer: unknown = await allowed;
    const isAllowed = answer === true;
    const { methods = METHODS, allowedHeaders, maxAge } = this.#options;
    const fields = [...this.#readers(request, isAllowed, [])];
    if (allowedHeaders === undefined) fields.push('Vary', 'Access-Control-Request-Headers');
    if (isAllowed) {
      const asked = request.headers.get('access-control-request-headers') ?? '';
      const names = allowedHeaders?.join(', ') ?? (NAMES.test(asked) ? asked : '');
      if (methods.length > 0) fields.push('Access-Control-Allow-Methods', methods.join(', '));
      if (names !== '') fields.push('Access-Control-Allow-Headers', names);
      if (maxAge !== undefined) fields.push('Access-Control-Max-Age', String(maxAge));
    }
    return responseOf(null, { status: 204 }, fields);
  }
}
