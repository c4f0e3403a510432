/** Sends a request and follows its redirects. */

import { IoError, type Random } from '@awaitio/core';
import type { RequestProgress, SentBody } from './connections/failure.ts';
import { held } from './connections/held-response.ts';
import type { OutgoingRequest } from './connections/outgoing-request.ts';
import { send, type PoolSource } from './connections/send.ts';
import { countedResponse } from './content/counted-response.ts';
import { decodedResponse } from './content/decoded-response.ts';
import { isReplayable, madeContent, type BodyFunction } from './content/request-body.ts';
import type { RequestDefaults } from './prepare.ts';
import { redirectOf, type Redirectable } from './redirect.ts';
import type { RequestOptions } from './request-options.ts';
import { responseOf, type ClientResponse } from './response.ts';
import type { Proxies } from './routes/proxies.ts';
import type { Target } from './routes/target.ts';
import { hasField, type FieldList } from '../protocol/vocabulary/fields.ts';
import { isIdempotent } from '../protocol/vocabulary/methods.ts';

/** What a request needs of its client. */
export interface Follower extends PoolSource {
  readonly defaults: RequestDefaults;
  readonly random: Random;
  readonly proxies: Proxies | undefined;
  /** How many redirects to follow. */
  readonly maxRedirects: number;
  /** Whether bodies are decoded, and how much longer they may become. */
  readonly decompress: boolean;
  readonly maxExpansion: number;
}

/** A request whose target is known. */
export interface TargetedRequest extends Redirectable {
  readonly target: Target;
}

/** One call of the program: what stays the same over redirects. */
export interface Call {
  readonly options: RequestOptions;
  readonly progress: RequestProgress;
  readonly signal: AbortSignal | undefined;
  /** Is ended when the response is complete, or has failed. */
  readonly deadline: { end(): void } | undefined;
  readonly client: Follower;
}

/** @throws as `HttpClient.request` */
export async function follow(first: TargetedRequest, call: Call): Promise<ClientResponse> {
  const { options, client } = call;
  const limit = options.maxRedirects ?? client.maxRedirects;
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    const { target, body } = request;
    updateProgress(call.progress, request);
    const outgoing =
      typeof body === 'function'
        ? await madeRequest(request, body, call)
        : outgoingOf(request, call, request.fields, body, request.length, undefined);
    const incoming = await send(outgoing, target, client);
    const { head } = incoming;
    const next = limit === 0 ? undefined : redirectOf(head, request, target);
    if (next === undefined || typeof next === 'string') {
      if (call.deadline !== undefined) incoming.onSettled = call.deadline;
      const { onDownloadProgress } = options;
      const whole = held(incoming);
      const received =
        onDownloadProgress === undefined ? whole : countedResponse(whole, onDownloadProgress);
      const isDecoded = options.decompress ?? client.decompress;
      const origin = isDecoded
        ? decodedResponse(received, head.headers, client.maxExpansion)
        : received;
      return responseOf(head, origin, target.url, redirects, next);
    }
    incoming.discard();
    if (redirects >= limit) throw tooMany(limit);
    call.progress.onRedirect();
    request = next;
  }
}

function updateProgress(
  progress: RequestProgress,
  { method, fields, body, target }: TargetedRequest,
): void {
  progress.method = method;
  progress.origin = target.origin;
  progress.isIdempotent = isIdempotent(method) || hasField(fields, 'idempotency-key');
  progress.hasReplayableBody = isReplayable(body);
}

/** The request with a body that is made now, and again when it has to be repeated. */
async function madeRequest(
  request: TargetedRequest,
  make: BodyFunction,
  call: Call,
): Promise<OutgoingRequest> {
  const { body, length, type } = await madeContent(make, call.client.random);
  const hasType = type === undefined || hasField(request.fields, 'content-type');
  const fields = hasType ? request.fields : [...request.fields, 'Content-Type', type];
  return outgoingOf(request, call, fields, body, length ?? request.length, () =>
    madeRequest(request, make, call),
  );
}

function outgoingOf(
  { method, target }: TargetedRequest,
  { options, progress, signal, client }: Call,
  fields: FieldList,
  body: SentBody | undefined,
  length: number | undefined,
  again: OutgoingRequest['again'],
): OutgoingRequest {
  progress.unsent = body;
  const proxy = target.isSecure ? undefined : client.proxies?.for(target);
  // RFC 9110 section 10.1.1: no expectation without a body.
  const expectContinue = options.expectContinue === true && body !== undefined;
  let all = expectContinue ? [...fields, 'Expect', '100-continue'] : fields;
  if (proxy?.authorization !== undefined) {
    all = [...all, 'Proxy-Authorization', proxy.authorization];
  }
  return {
    method,
    // RFC 9112 section 3.2.2.
    target: proxy === undefined ? target.path : target.origin + target.path,
    fields: client.defaults.withHost(all, target),
    body,
    length,
    trailers: options.trailers,
    expectContinue,
    signal,
    onInformational: options.onInformational,
    onUploadProgress: options.onUploadProgress,
    progress,
    again,
  };
}

function tooMany(limit: number): IoError {
  return new IoError(
    `request: more than ${limit} redirect${limit === 1 ? '' : 's'}: \`maxRedirects\` allows no more`,
    {
      code: 'ERR_HTTP_TOO_MANY_REDIRECTS',
      operation: 'request',
    },
  );
}
