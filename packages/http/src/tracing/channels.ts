/**
 * Tracing channels of `node:diagnostics_channel`, for tracers: what a server and a client do, from its beginning to its end.
 *
 * Each name stands for five channels, `tracing:<name>:start` and so on, as `tracingChannel(name)` of Node makes them. All five carry one
 * object, so that a tracer can keep what it knows beside it. While no channel of a name has a subscriber, nothing is made.
 */

import { tracingChannel } from 'node:diagnostics_channel';

/** The names of the tracing channels, for `tracingChannel` of `node:diagnostics_channel`. */
export const TRACING_CHANNELS: {
  /** A request that a server received: carries a {@link ServerRequestTrace}. */
  readonly serverRequest: string;
  /** A connection of a server: carries a {@link ServerConnectionTrace}. */
  readonly serverConnection: string;
  /** One attempt of a client to send a request: carries a {@link ClientRequestTrace}. */
  readonly clientRequest: string;
  /** A connection of a client: carries a {@link ClientConnectionTrace}. */
  readonly clientConnection: string;
  /** A WebSocket, of either side: carries a {@link WebSocketTrace}. */
  readonly webSocket: string;
} = Object.freeze({
  serverRequest: 'awaitio:http:server:request',
  serverConnection: 'awaitio:http:server:connection',
  clientRequest: 'awaitio:http:client:request',
  clientConnection: 'awaitio:http:client:connection',
  webSocket: 'awaitio:http:websocket',
});

/** What is used of a channel. The types of Node have it under names whose parameters differ from version to version. */
interface EventChannel<Context> {
  readonly name: string | symbol;
  readonly hasSubscribers: boolean;
  publish(context: Context): void;
  runStores<Result>(context: Context, body: () => Result): Result;
}

/** The five channels of a name. */
export type Channels<Context extends object> = Readonly<
  Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', EventChannel<Context>>
>;

/** The five channels of a name: the same objects that a subscriber gets. */
export function channelsOf<Context extends object>(name: string): Channels<Context> {
  const channels: unknown = tracingChannel(name);
  return channels as Channels<Context>;
}

/** Whether a channel has a subscriber: five tests, and nothing is made. Node has its own for this from version 22 on. */
export function isTraced<Context extends object>({
  start,
  end,
  asyncStart,
  asyncEnd,
  error,
}: Channels<Context>): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    asyncStart.hasSubscribers ||
    end.hasSubscribers ||
    error.hasSubscribers
  );
}
