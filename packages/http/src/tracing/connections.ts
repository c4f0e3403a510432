/** Traces connections of both sides. */

import type { Address } from '@awaitio/core';
import { channelsOf, TRACING_CHANNELS, type Channels } from './channels.ts';
import type { ClientConnectionTrace, ServerConnectionTrace } from './contexts.ts';
import { Tracer } from './tracer.ts';

/** Looked at for each connection. */
export const serverConnections: Channels<ServerConnectionTrace> = channelsOf(
  TRACING_CHANNELS.serverConnection,
);
export const clientConnections: Channels<ClientConnectionTrace> = channelsOf(
  TRACING_CHANNELS.clientConnection,
);

type Mutable<Trace> = { -readonly [Name in keyof Trace]: Trace[Name] };

/** What a trace needs of a connection of a server. */
export interface TracedConnection {
  readonly id: number;
  readonly remoteAddress: Address | undefined;
  readonly answered: number;
  readonly end: { readonly reason: string };
  /** Why its loop failed. */
  readonly loopFailure: unknown;
}

/**
 * Traces a connection of a server.
 *
 * @param enter - Called in the stores that are bound to `start`.
 * @returns What is to be called once the connection is closed.
 */
export function traceServerConnection(connection: TracedConnection, enter: () => void): () => void {
  const context: Mutable<ServerConnectionTrace> = {
    connection: connection.id,
    remoteAddress: String(connection.remoteAddress ?? ''),
    reason: '',
    requests: 0,
    error: undefined,
  };
  const tracer = new Tracer(serverConnections, context);
  tracer.run(enter);
  return () => {
    context.reason = connection.end.reason;
    context.requests = connection.answered;
    context.remoteAddress = String(connection.remoteAddress ?? '');
    const { loopFailure } = connection;
    if (loopFailure !== undefined) tracer.fail(loopFailure);
    tracer.finish();
  };
}

/** Traces a connection of a client, from before it is opened. */
export class ClientConnectionTracer {
  readonly #context: Mutable<ClientConnectionTrace>;
  readonly #tracer: Tracer<Mutable<ClientConnectionTrace>>;

  constructor(origin: string) {
    this.#context = { origin, requests: 0, error: undefined };
    this.#tracer = new Tracer(clientConnections, this.#context);
  }

  /** Opens it. */
  run<Result>(open: () => Result): Result {
    return this.#tracer.run(open);
  }

  /** It is open. */
  opened(connection: { readonly served: number }, closed: Promise<unknown>): void {
    this.#tracer.settle();
    void closed.then(() => {
      this.#context.requests = connection.served;
      this.#tracer.finish();
    });
  }

  failed(error: unknown): void {
    this.#tracer.fail(error);
    this.#tracer.finish();
  }
}
