/** The server's side of one contract: what comes is checked, handed over, and answered with one of its responses. */

import { InvalidInputError } from '@awaitio/core';
import {
  checkFunction,
  checkOptions,
  invalidInput,
  rules,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import { COLLECT_OPTIONS } from '../message/collect-options.ts';
import type { Handler } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import type { HttpRequest } from '../message/request.ts';
import { HttpResponse } from '../message/response.ts';
import { check, validate, type Schema } from '../message/schema.ts';
import { checkContract, templateOf, type Contract } from './contract.ts';
import type { ContractAnswer, ContractFunction, ContractRequest } from './contract-types.ts';
import { matchRoutes, type ContractRoute } from './routes.ts';

/** Options of {@link implement}. */
export interface ImplementOptions {
  /** The most bytes of a request's body. @default 1048576 */
  readonly limit?: number | undefined;
  /** Whether answers are checked before they are sent. @default true */
  readonly checkAnswers?: boolean | undefined;
}

const OPTIONS: OptionTable<ImplementOptions> = {
  limit: COLLECT_OPTIONS.limit,
  checkAnswers: rules.flag,
};

/** A handler of one contract: for `serve`, and for {@link contractHandler}. */
export type Implementation = Handler & { readonly contract: Contract };

const routes = new WeakMap<object, ContractRoute>();

/** What `implement` has made; `undefined` for other values. */
export function routeOf(value: unknown): ContractRoute | undefined {
  return typeof value === 'function' ? routes.get(value) : undefined;
}

/**
 * Implements a contract on a server.
 *
 * @param contract - What comes and what is answered.
 * @param answer - Gets the parts of a request as the schemas make them, and the context of the handler. It returns `{ status, body,
 * headers }`, one of the contract's responses; any other response is an `HttpProblem` that it throws.
 * @param options - See {@link ImplementOptions}.
 * @returns A handler. Another path is answered with 404, another method with 405 and `Allow`; parameters, a query or a body that do not
 * match with 422 and every violation, what is not JSON with 400, another `Content-Type` than JSON with 415, a body beyond `limit`
 * with 413. An answer that does not match the contract is the server's mistake: 500, with an `InvalidInputError` for `onError`.
 * @throws `InvalidInputError` for wrong arguments.
 *
 * @example
 * ```ts
 * import { HttpClient, serve } from '@awaitio/http';
 * import { call, contract, implement } from '@awaitio/http/contract';
 * import { z } from 'zod';
 *
 * const add = contract({
 *   method: 'POST',
 *   path: '/sums',
 *   body: z.array(z.number()),
 *   responses: { 200: z.object({ sum: z.number() }) },
 * });
 * const handler = implement(add, ({ body }) => ({
 *   status: 200,
 *   body: { sum: body.reduce((sum, each) => sum + each, 0) },
 * }));
 * const server = await serve(handler, { port: 0 });
 * await using client = new HttpClient({ baseUrl: server.url });
 * console.log((await call(client, add, { body: [1, 2, 3] })).body.sum); // 6
 * await server.shutdown();
 * ```
 */
export function implement<C extends Contract>(
  contract: C,
  answer: ContractFunction<C>,
  options: ImplementOptions = {},
): Implementation {
  checkContract('implement', 'contract', contract);
  checkFunction('implement', 'answer', answer);
  checkOptions('implement', options, OPTIONS);
  const { checkAnswers = true } = options;
  const route: ContractRoute = {
    contract,
    template: templateOf(contract),
    handle: async (request, context, params) => {
      const given = await received(contract, request, params, options);
      const answered: unknown = await (answer as ContractFunction<Contract>)(given, context);
      return respond(contract, answered, checkAnswers);
    },
  };
  const handler = matchRoutes([route]);
  routes.set(handler, route);
  return Object.assign(handler, { contract });
}

/** The parts of a request, checked. @throws `HttpProblem` */
async function received(
  { definition }: Contract,
  request: HttpRequest,
  params: Readonly<Record<string, string>>,
  { limit }: ImplementOptions,
): Promise<ContractRequest<Contract>> {
  return {
    params:
      definition.params === undefined
        ? params
        : await validate(definition.params, params, 'params'),
    query: definition.query === undefined ? undefined : await request.query(definition.query),
    body: definition.body === undefined ? undefined : await bodyOf(request, definition.body, limit),
    request,
  } as ContractRequest<Contract>;
}

/** JSON by its type (RFC 6838 section 4.2.8): a page of another origin may send others without being asked. */
const JSON_TYPE = /^application\/(?:[\w!#$&^.+-]+\+)?json[\t ]*(?:;|$)/i;

async function bodyOf(
  request: HttpRequest,
  schema: Schema<unknown>,
  limit: number | undefined,
): Promise<unknown> {
  const type = request.headers.get('content-type');
  if (type === null || !JSON_TYPE.test(type)) {
    throw new HttpProblem(415, {
      detail: 'the body has to be JSON, with the Content-Type application/json',
      headers: { Accept: 'application/json' },
    });
  }
  return request.json(schema, { limit });
}

/** @throws `InvalidInputError` for an answer that is none of the contract's. */
async function respond(
  { definition }: Contract,
  answered: unknown,
  checkAnswers: boolean,
): Promise<HttpResponse> {
  const { method, path, responses } = definition;
  const { status, body, headers } = Object(answered) as Partial<ContractAnswer<Contract>>;
  if (typeof status !== 'number' || !Object.hasOwn(responses, status)) {
    const expected = `one of ${Object.keys(responses).join(', ')}, those of ${method} ${path}`;
    throw invalidInput('implement', 'answer().status', expected, status);
  }
  const schema = responses[status] as Schema<unknown> | null;
  if (schema === null) {
    if (body === undefined) return HttpResponse.empty({ status, headers });
    throw invalidInput('implement', 'answer().body', `undefined for ${status}`, typeof body);
  }
  if (checkAnswers) {
    const { errors } = await check(schema, body, 'body');
    const [first] = errors ?? [];
    if (first !== undefined) {
      throw new InvalidInputError(
        `implement: expected the answer ${status} of ${method} ${path} to match its schema, got another value in ${first.path}`,
        'implement',
      );
    }
  }
  return HttpResponse.json(body, { status, headers });
}
