/** Which contract a request is for. Two contracts never match the same request, so their order means nothing. */

import { InvalidInputError } from '@awaitio/core';
import type { Handler, HandlerContext } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import type { HttpRequest } from '../message/request.ts';
import type { HttpResponse } from '../message/response.ts';
import type { Contract, ContractMethod } from './contract.ts';
import { matchTemplate, segmentsOf, type PathTemplate } from './path-template.ts';

/** A contract, and what handles its requests. */
export interface ContractRoute {
  readonly contract: Contract;
  readonly template: PathTemplate;
  readonly handle: (
    request: HttpRequest,
    context: HandlerContext,
    params: Readonly<Record<string, string>>,
  ) => Promise<HttpResponse>;
}

/** The contracts of one path. */
interface PathRoutes {
  readonly template: PathTemplate;
  readonly methods: Map<string, ContractRoute>;
}

/**
 * A handler that finds the contract of each request.
 *
 * Where two paths match, the one with a text before a parameter in the first segment that differs is taken, as OpenAPI asks.
 *
 * @param notFound - Answers what is for none of the paths. @default 404
 * @throws `InvalidInputError` for two contracts with one method and, up to the names of parameters, one path.
 */
export function matchRoutes(routes: readonly ContractRoute[], notFound?: Handler): Handler {
  /** By the number of segments, and then in the order in which they are tried. */
  const byLength = new Map<number, PathRoutes[]>();
  const byShape = new Map<string, PathRoutes>();
  for (const route of routes) {
    const { template, contract } = route;
    const { method, path } = contract.definition;
    const shape = shapeOf(template);
    let same = byShape.get(shape);
    if (same === undefined) {
      same = { template, methods: new Map() };
      byShape.set(shape, same);
      const { length } = template.segments;
      byLength.set(length, [...(byLength.get(length) ?? []), same]);
    }
    if (same.methods.has(method)) {
      throw new InvalidInputError(
        `contractHandler: expected one contract for ${method} ${path}, got two with this method and path`,
        'contractHandler',
      );
    }
    same.methods.set(method, route);
  }
  for (const list of byLength.values()) list.sort((a, b) => compare(a.template, b.template));
  return (request, context) => {
    const segments = segmentsOf(request.path);
    const paths = segments === undefined ? undefined : byLength.get(segments.length);
    for (const { template, methods } of paths ?? []) {
      const found = matchTemplate(template, segments as readonly string[]);
      if (found === undefined) continue;
      const route = methods.get(request.method) ?? headOf(request, methods);
      if (route === undefined) throw notAllowed(methods);
      // The names of parameters may differ by method.
      const isSame = route.template === template;
      request.route = route.contract.definition.path;
      const params = isSame ? found : matchTemplate(route.template, segments as readonly string[]);
      return route.handle(request, context, params ?? found);
    }
    if (notFound !== undefined) return notFound(request, context);
    throw new HttpProblem(404, { detail: 'there is nothing at this path' });
  };
}

/** HEAD is GET without the body, which the server leaves out (RFC 9110 section 9.3.2). */
function headOf(
  { method }: HttpRequest,
  methods: ReadonlyMap<string, ContractRoute>,
): ContractRoute | undefined {
  return method === 'HEAD' ? methods.get('GET' satisfies ContractMethod) : undefined;
}

function notAllowed(methods: ReadonlyMap<string, ContractRoute>): HttpProblem {
  const names = [...methods.keys()];
  if (methods.has('GET') && !methods.has('HEAD')) names.push('HEAD');
  return new HttpProblem(405, {
    detail: 'this path has other methods',
    headers: { Allow: names.join(', ') },
  });
}

/** The path without the names of its parameters. */
function shapeOf({ segments }: PathTemplate): string {
  return segments.map(({ isName, text }) => (isName ? '{}' : text)).join('/');
}

function compare(a: PathTemplate, b: PathTemplate): number {
  for (const [index, { isName }] of a.segments.entries()) {
    const other = b.segments[index] as { readonly isName: boolean };
    if (isName !== other.isName) return isName ? 1 : -1;
  }
  return 0;
}
