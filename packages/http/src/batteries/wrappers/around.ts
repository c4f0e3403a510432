/** What wrappers have in common: they call a handler, and change the fields of its response. */

import { HttpProblem } from '../../message/problem.ts';
import { fieldsToSend, HttpResponse, variantOf } from '../../message/response.ts';
import type { Handler, HandlerContext } from '../../message/handler.ts';
import type { HttpRequest } from '../../message/request.ts';
import { fieldValue, type FieldList } from '../../protocol/vocabulary/fields.ts';

/** From the fields of a response to those that are sent. */
export type ChangeFields = (fields: FieldList) => FieldList;

/**
 * Calls a handler, and changes the fields of its response; those of an `HttpProblem` too, which is a response already. Any other
 * failure, and a handler that has switched protocols, is left as it is.
 */
export function respondWith(
  handler: Handler,
  request: HttpRequest,
  context: HandlerContext,
  change: ChangeFields,
): ReturnType<Handler> {
  let returned: ReturnType<Handler>;
  try {
    returned = handler(request, context);
  } catch (error) {
    return changeProblem(error, change);
  }
  if (returned instanceof HttpResponse) return changed(returned, change);
  return respondLater(returned, change);
}

async function respondLater(
  returned: Promise<HttpResponse | void> | void,
  change: ChangeFields,
): Promise<HttpResponse | void> {
  let response;
  try {
    response = await returned;
  } catch (error) {
    return changeProblem(error, change);
  }
  return response instanceof HttpResponse ? changed(response, change) : response;
}

function changed(response: HttpResponse, change: ChangeFields): HttpResponse {
  return variantOf(response, change(fieldsToSend(response)));
}

/** @throws the error, when it makes no response */
function changeProblem(error: unknown, change: ChangeFields): HttpResponse {
  if (!(error instanceof HttpProblem)) throw error;
  let response;
  try {
    response = HttpResponse.problem(error);
  } catch {
    // The server says what is wrong with it.
    throw error;
  }
  return changed(response, change);
}

/** The list without the fields of these lower-case names. */
export function without(fields: FieldList, names: readonly string[]): FieldList {
  return fields.filter((_, at) => !names.includes((fields[at - (at % 2)] as string).toLowerCase()));
}

/** Adds a name to `Vary` (RFC 9110 section 12.5.5), unless it is there. */
export function vary(fields: FieldList, name: string): FieldList {
  const names = (fieldValue(fields, 'vary') ?? '').toLowerCase().split(/[\t ,]+/);
  const isThere = names.includes('*') || names.includes(name.toLowerCase());
  return isThere ? fields : [...fields, 'Vary', name];
}
