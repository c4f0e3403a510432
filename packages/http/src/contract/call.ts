/** The client's side of a contract: a request that its schemas type, and a response that they check. */

import { charged, checkMethods, invalidInput } from '@awaitio/core/lowlevel';
import type { HttpClient } from '../client/client.ts';
import type { RequestOptions } from '../client/request-options.ts';
import { ResponseJsonError, ResponseSchemaError } from '../client/response-errors.ts';
import { describeFor, unexpectedStatus, type ClientResponse } from '../client/response.ts';
import type { Entries } from '../client/routes/query.ts';
import { limitOf, type CollectOptions } from '../message/collect-options.ts';
import { tryJson } from '../message/received-json.ts';
import { check, type Schema } from '../message/schema.ts';
import { checkContract, templateOf, type Contract } from './contract.ts';
import type { CallInput, CallResult } from './contract-types.ts';
import { fillTemplate } from './path-template.ts';

/** Options of {@link call}: those of a request that the contract leaves open. */
export interface CallOptions
  extends
    CollectOptions,
    Pick<
      RequestOptions,
      | 'headers'
      | 'signal'
      | 'timeout'
      | 'maxRedirects'
      | 'auth'
      | 'decompress'
      | 'retry'
      | 'onInformational'
    > {}

/**
 * Sends the request of a contract, and checks its response.
 *
 * @param client - Its `baseUrl` is where the server is: the path of the contract is resolved against it.
 * @param contract - What is sent and what comes.
 * @param input - `{ params, query, body }`, each where the contract has it. Types alone check it: the server does so as it arrives.
 * @param options - As of a request; `limit`: the most bytes of the response's body, 1048576 by default.
 * @returns `{ status, body, headers }`, one of the responses of the contract; tell them apart by `status`.
 * @throws `ResponseSchemaError` for a body that does not match, `ResponseJsonError` for one that is no JSON; `HttpStatusError` for a status that is not in the
 * contract, with the beginning of its body; `InvalidInputError` for a parameter that is missing or cannot stand in a path; else as
 * `client.request`, and as reading a body. A cancelled call closes its connection.
 *
 * @example
 * ```ts
 * import { HttpClient, serve } from '@awaitio/http';
 * import { call, contract, implement } from '@awaitio/http/contract';
 * import { z } from 'zod';
 *
 * const find = contract({
 *   method: 'GET',
 *   path: '/items/{id}',
 *   query: z.object({ language: z.string().optional() }),
 *   responses: { 200: z.object({ name: z.string() }), 404: null },
 * });
 * const handler = implement(find, ({ params }) =>
 *   params.id === '7' ? { status: 200, body: { name: 'bolt' } } : { status: 404 },
 * );
 * const server = await serve(handler, { port: 0 });
 * await using client = new HttpClient({ baseUrl: server.url });
 * const answer = await call(client, find, { params: { id: 7 } });
 * if (answer.status === 200) console.log(answer.body.name); // bolt
 * await server.shutdown();
 * ```
 */
export function call<C extends Contract>(
  client: Pick<HttpClient, 'request'>,
  contract: C,
  input: CallInput<C>,
  options: CallOptions = {},
): Promise<CallResult<C>> {
  return charged(undefined, () => send(client, contract, input, options));
}

async function send<C extends Contract>(
  client: Pick<HttpClient, 'request'>,
  contract: C,
  input: CallInput<C>,
  options: CallOptions,
): Promise<CallResult<C>> {
  checkMethods('call', 'client', client, ['request']);
  checkContract('call', 'contract', contract);
  if (typeof input !== 'object' || input === null) {
    throw invalidInput('call', 'input', 'an object { params, query, body }', input);
  }
  const limit = limitOf('call', options);
  const { params, query, body } = input as Record<string, unknown>;
  const { method, responses, ...parts } = contract.definition;
  const path = fillTemplate(templateOf(contract), params);
  const { headers, signal, timeout, maxRedirects, auth, decompress, retry, onInformational } =
    options;
  const response = await client.request(method, `.${path}`, {
    headers,
    signal,
    timeout,
    maxRedirects,
    auth,
    decompress,
    retry,
    onInformational,
    query: parts.query === undefined ? undefined : (query as Entries | undefined),
    json: parts.body === undefined ? undefined : body,
  });
  const { status } = response;
  if (!Object.hasOwn(responses, status)) throw await unexpectedStatus(response);
  const schema = responses[status] as Schema<unknown> | null;
  if (schema === null) response.discard();
  const value = schema === null ? undefined : await checkedBody(response, schema, limit);
  return { status, body: value, headers: response.headers } as CallResult<C>;
}

async function checkedBody(
  response: ClientResponse,
  schema: Schema<unknown>,
  limit: number,
): Promise<unknown> {
  const text = await response.text({ limit });
  const value = tryJson(text);
  if (value === undefined) throw describeFor(response, new ResponseJsonError('call', text));
  const checked = await check(schema, value, 'body');
  if (checked.errors === undefined) return checked.value;
  throw describeFor(response, new ResponseSchemaError(checked.errors, 'call'));
}
