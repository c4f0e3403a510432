/** Opening a connection: one attempt, which its request or the pool may give up. */

import type { ByteStream, Clock, WaitOptions } from '@awaitio/core';
import {
  checkMethods,
  failureOf,
  Waiter,
  watchAbort,
  watchScope,
  type AbortRegistration,
  type AbortWatcher,
  type AmbientScope,
} from '@awaitio/core/lowlevel';
import type { ClientDeadlines } from './deadlines.ts';
import type { RequestProgress } from './failure.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { Route } from '../routes/route.ts';

/** One attempt to connect: cancelled by its request's signal, the end of the scope of the request, or when the pool closes. */
export class Attempt implements AbortWatcher {
  readonly #controller = new AbortController();
  readonly #registration: AbortRegistration | undefined;
  readonly #scope: AmbientScope | undefined;
  readonly clock: Clock;
  /** How long connecting took, in milliseconds, without TLS: about a round trip, or more. */
  roundTrip = 0;
  readonly progress: RequestProgress;

  constructor({ signal, progress }: OutgoingRequest, clock: Clock) {
    this.clock = clock;
    this.progress = progress;
    // It may have aborted since its request was given room for an attempt.
    if (signal?.aborted === true) this.onAbort(signal.reason);
    else this.#registration = signal === undefined ? undefined : watchAbort(signal, this);
    // The attempt itself runs outside of scopes, as the connection that it makes does.
    this.#scope = watchScope(this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onAbort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** It has connected. */
  end(): void {
    this.#registration?.remove();
    this.#scope?.unwatch(this);
  }

  /** It has failed, perhaps by its time: what still goes on of it ends. */
  fail(reason: unknown): void {
    this.end();
    this.#controller.abort(reason);
  }
}

/** Opens a stream, phase by phase. */
export async function dial(
  route: Route,
  attempt: Attempt,
  deadlines: ClientDeadlines,
): Promise<ByteStream> {
  attempt.progress.phase = 'connect';
  const begunAt = attempt.clock.now();
  const stream = await openWith(route.connect, attempt, deadlines.connect);
  attempt.roundTrip = attempt.clock.now() - begunAt;
  if (route.secure === undefined) return stream;
  attempt.progress.phase = 'tls';
  return route.secure(stream, { signal: attempt.signal, timeout: deadlines.tls });
}

/** Connects. A `connect` of the program may ignore its signal and its timeout: then its stream, if one comes, is reset. */
function openWith(
  connect: Route['connect'],
  attempt: Attempt,
  timeout: number,
): Promise<ByteStream> {
  const { signal } = attempt;
  if (signal.aborted) return Promise.reject(signal.reason);
  const options = { signal, timeout };
  const wait = new StreamWaiter('connect', attempt.clock, options);
  connectWith(connect, options).then(
    (stream) => {
      wait.take(stream);
    },
    (error: unknown) => {
      wait.reject(failureOf(error, 'connect'));
    },
  );
  return wait.promise;
}

/** The wait for a stream. One that comes when the wait was given up, in the same moment even, has no other owner: it is reset. */
class StreamWaiter extends Waiter<ByteStream> {
  #isGivenUp = false;

  override reject(reason: unknown): void {
    this.#isGivenUp = true;
    super.reject(reason);
  }

  take(stream: ByteStream): void {
    if (this.#isGivenUp) stream.reset();
    else this.resolve(stream);
  }
}

async function connectWith(connect: Route['connect'], options: WaitOptions): Promise<ByteStream> {
  const stream = await connect(options);
  checkMethods('request', 'connect(address)', stream, ['read', 'write', 'readClosed', 'reset']);
  return stream;
}
