/** Sends a request and follows its redirects. */

import { IoError } from '@awaitio/core';
import type { RequestProgress } from './connections/failure.ts';
import { held } from './connections/held-response.ts';
import type { OutgoingRequest } from './connections/outgoing-request.ts';
import { send, type PoolSource } from './connections/send.ts';
import type { RequestDefaults } from './prepare.ts';
import { redirectOf, type Redirectable } from './redirect.ts';
import type { RequestDeadline } from './request-deadline.ts';
import { isReplayable, type RequestOptions } from './request-options.ts';
import { responseOf, type ClientResponse } from './response.ts';
import type { Target } from './routes/target.ts';
import { hasField } from '../protocol/vocabulary/fields.ts';
import { isIdempotent } from '../protocol/vocabulary/methods.ts';

/** What a request needs of its client. */
export interface Follower extends PoolSource {
  readonly defaults: RequestDefaults;
  /** How many redirects to follow. */
  readonly maxRedirects: number;
}

/** A request whose target is known. */
interface Targeted extends Redirectable {
  readonly target: Target;
}

/** @throws as `HttpClient.request` */
export async function follow(
  first: Targeted,
  options: RequestOptions,
  progress: RequestProgress,
  signal: AbortSignal | undefined,
  client: Follower,
  deadline: RequestDeadline | undefined,
): Promise<ClientResponse> {
  const limit = options.maxRedirects ?? client.maxRedirects;
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    const { target } = request;
    updateProgress(progress, request);
    const outgoing = outgoingOf(request, options, progress, signal, client.defaults);
    const incoming = await send(outgoing, target, client);
    const next = limit === 0 ? undefined : redirectOf(incoming.head, request, target);
    if (next === undefined || typeof next === 'string') {
      if (deadline !== undefined) incoming.onSettled = deadline;
      return responseOf(incoming.head, held(incoming), target.url, redirects, next);
    }
    incoming.discard();
    if (redirects >= limit) throw tooMany(limit);
    request = next;
  }
}

function updateProgress(
  progress: RequestProgress,
  { method, fields, body, target }: Targeted,
): void {
  progress.method = method;
  progress.origin = target.origin;
  progress.isIdempotent = isIdempotent(method) || hasField(fields, 'idempotency-key');
  progress.hasReplayableBody = isReplayable(body);
}

function outgoingOf(
  { method, target, fields, body }: Targeted,
  options: RequestOptions,
  progress: RequestProgress,
  signal: AbortSignal | undefined,
  defaults: RequestDefaults,
): OutgoingRequest {
  // RFC 9110 section 10.1.1: no expectation without a body.
  const expectContinue = options.expectContinue === true && body !== undefined;
  return {
    method,
    target: target.path,
    fields: defaults.withHost(
      expectContinue ? [...fields, 'Expect', '100-continue'] : fields,
      target,
    ),
    body,
    length: options.length,
    trailers: options.trailers,
    expectContinue,
    signal,
    onInformational: options.onInformational,
    progress,
  };
}

function tooMany(limit: number): IoError {
  return new IoError(`request: more than ${limit} redirects`, {
    code: 'ERR_HTTP_TOO_MANY_REDIRECTS',
    operation: 'request',
  });
}
