/** Opening a connection: one attempt, which its request or the pool may give up. */

import type { ByteStream, Clock, WaitOptions } from '@awaitio/core';
import {
  checkMethods,
  failureOf,
  Waiter,
  watchAbort,
  type AbortRegistration,
  type AbortWatcher,
} from '@awaitio/core/lowlevel';
import type { ClientDeadlines } from './deadlines.ts';
import type { RequestProgress } from './failure.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { Route } from '../routes/route.ts';

/** One attempt to connect: cancelled by its request's signal, or when the pool closes. */
export class Attempt implements AbortWatcher {
  readonly #controller = new AbortController();
  readonly #registration: AbortRegistration | undefined;
  readonly clock: Clock;
  readonly progress: RequestProgress;
  /** Whether it has connected, failed or been given up. */
  isOver = false;

  constructor({ signal, progress }: OutgoingRequest, clock: Clock) {
    this.clock = clock;
    this.progress = progress;
    // It may have aborted since its request was given room for an attempt.
    if (signal?.aborted === true) this.onAbort(signal.reason);
    else this.#registration = signal === undefined ? undefined : watchAbort(signal, this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onAbort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  end(): void {
    this.isOver = true;
    this.#registration?.remove();
  }
}

/** Opens a stream, phase by phase. */
export async function dial(
  route: Route,
  attempt: Attempt,
  deadlines: ClientDeadlines,
): Promise<ByteStream> {
  attempt.progress.phase = 'connect';
  const stream = await openWith(route.connect, attempt, deadlines.connect);
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
  const wait = new Waiter<ByteStream>('connect', attempt.clock, options);
  const onStream = (stream: ByteStream): void => {
    if (attempt.isOver) stream.reset();
    else wait.resolve(stream);
  };
  connectWith(connect, options).then(onStream, (error: unknown) => {
    wait.reject(failureOf(error, 'connect'));
  });
  return wait.promise;
}

async function connectWith(connect: Route['connect'], options: WaitOptions): Promise<ByteStream> {
  const stream = await connect(options);
  checkMethods('request', 'connect(address)', stream, ['read', 'write', 'readClosed', 'reset']);
  return stream;
}
