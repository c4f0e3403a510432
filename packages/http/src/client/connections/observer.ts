/** Publishes the events of a client. An event is built only when its channel has a subscriber. */

import { channel } from 'node:diagnostics_channel';
import type { ByteStream, Clock } from '@awaitio/core';
import { CLIENT_CHANNELS, type ClientEvent, type ObservedRequest } from './events.ts';
import type { IncomingResponse } from './incoming-response.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

type Channel = ReturnType<typeof channel>;

const CHANNELS = Object.fromEntries(
  Object.entries(CLIENT_CHANNELS).map(([type, name]) => [type, channel(name)]),
) as Readonly<Record<ClientEvent['type'], Channel>>;
/** Looked at for each request: by name, not by key. */
const { requestStarted, responseStarted, requestFinished } = CHANNELS;

/** A subscriber that throws is the process's uncaught exception, as everywhere in diagnostics_channel. */
function publish(event: ClientEvent): void {
  CHANNELS[event.type].publish(event);
}

/** The observation of an attempt that begins; `undefined` without a subscriber. */
export function observeAttempt(
  request: OutgoingRequest,
  clock: Clock,
): AttemptObserver | undefined {
  const isWanted =
    requestStarted.hasSubscribers ||
    responseStarted.hasSubscribers ||
    requestFinished.hasSubscribers;
  return isWanted ? new AttemptObserver(request, clock) : undefined;
}

export class AttemptObserver {
  readonly #request: ObservedRequest;
  readonly #clock: Clock;
  readonly #startedAt: number;

  constructor({ method, target, progress }: OutgoingRequest, clock: Clock) {
    const { origin, attempt } = progress;
    // To a proxy, the target is a whole URL.
    const path = target.startsWith(origin) ? target.slice(origin.length) : target;
    this.#request = Object.freeze({ method, origin, target: path, attempt });
    this.#clock = clock;
    this.#startedAt = clock.now();
    publish({ type: 'requestStarted', request: this.#request });
  }

  get #duration(): number {
    return this.#clock.now() - this.#startedAt;
  }

  /** The head has come. */
  answered(incoming: IncomingResponse): void {
    const { status } = incoming.head;
    publish({ type: 'responseStarted', request: this.#request, status, duration: this.#duration });
    incoming.onSettled = {
      end: () => {
        this.#finish(status, incoming.isComplete, incoming.failure);
      },
    };
  }

  /** No head has come. */
  failed(error: unknown): void {
    this.#finish(0, false, error);
  }

  #finish(status: number, isComplete: boolean, error: unknown): void {
    const duration = this.#duration;
    publish({
      type: 'requestFinished',
      request: this.#request,
      status,
      isComplete,
      error,
      duration,
    });
  }
}

/** A connection is open: says so, and when it is closed. */
export function observeConnection(
  stream: ByteStream,
  connection: { readonly served: number },
  origin: string,
  clock: Clock,
  begunAt: number,
): void {
  const openedAt = clock.now();
  if (CHANNELS.connectionOpened.hasSubscribers) {
    publish({ type: 'connectionOpened', origin, duration: openedAt - begunAt });
  }
  if (!CHANNELS.connectionClosed.hasSubscribers) return;
  void stream.closed.then(() => {
    const { bytesRead, bytesWritten } = stream.statistics();
    const duration = clock.now() - openedAt;
    const requests = connection.served;
    publish({ type: 'connectionClosed', origin, requests, bytesRead, bytesWritten, duration });
  });
}
