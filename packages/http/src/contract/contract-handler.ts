/** A handler of several contracts. */

import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { Handler } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import { HttpResponse } from '../message/response.ts';
import { routeOf, type Implementation } from './implement.ts';
import { matchRoutes } from './routes.ts';

/** Options of {@link contractHandler}. */
export interface ContractHandlerOptions {
  /** Answers what is for none of the paths. @default 404 as a problem document */
  readonly notFound?: Handler | undefined;
  /** A document that is served beside them, as JSON: what `openApi` has made. */
  readonly document?: object | undefined;
  /** The path of the document. @default '/openapi.json' */
  readonly documentPath?: string | undefined;
}

const OPTIONS: OptionTable<ContractHandlerOptions> = {
  notFound: rules.function,
  document: rules.object,
  documentPath: {
    expected: 'a path that begins with a slash',
    accepts: (value) => typeof value === 'string' && value.startsWith('/'),
  },
};

/**
 * Makes one handler of several contracts.
 *
 * @param implementations - What {@link implement} has made, in any order: where two paths match, such as `/items/new` and
 * `/items/{id}`, the one with the text is taken.
 * @param options - See {@link ContractHandlerOptions}.
 * @returns A handler; it answers as those of {@link implement} do.
 * @throws `InvalidInputError` for wrong arguments, and for two contracts with one method and one path.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { contract, contractHandler, implement, openApi } from '@awaitio/http/contract';
 * import { z } from 'zod';
 *
 * const hello = contract({ method: 'GET', path: '/hello', responses: { 200: z.string() } });
 * const handler = contractHandler([implement(hello, () => ({ status: 200, body: 'hello' }))], {
 *   document: openApi([hello], { title: 'Greetings', version: '1.0.0' }),
 * });
 * const server = await serve(handler, { port: 0 });
 * console.log(await (await fetch(`${server.url}hello`)).json()); // hello
 * console.log((await fetch(`${server.url}openapi.json`)).status); // 200
 * await server.shutdown();
 * ```
 */
export function contractHandler(
  implementations: readonly Implementation[],
  options: ContractHandlerOptions = {},
): Handler {
  if (!Array.isArray(implementations) || implementations.length === 0) {
    throw invalidInput(
      'contractHandler',
      'implementations',
      'a list that is not empty',
      implementations,
    );
  }
  checkOptions('contractHandler', options, OPTIONS);
  const { notFound, document, documentPath = '/openapi.json' } = options;
  const routes = implementations.map((each: unknown, index) => {
    const route = routeOf(each);
    if (route !== undefined) return route;
    const expected = 'a handler that implement() has made';
    throw invalidInput('contractHandler', `implementations[${index}]`, expected, each);
  });
  const matching = matchRoutes(routes, notFound);
  if (document === undefined) return matching;
  // A response may be returned again and again.
  const response = HttpResponse.json(document);
  return (request, context) => {
    if (request.path !== documentPath) return matching(request, context);
    if (request.method === 'GET' || request.method === 'HEAD') return response;
    throw new HttpProblem(405, { headers: { Allow: 'GET, HEAD' } });
  };
}
