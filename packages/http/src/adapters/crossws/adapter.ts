/** `crosswsAdapter`: the hooks of crossws, and with them WebSockets of h3 and Nitro, on a server of `serve`. */

import type { AdapterInstance, AdapterOptions, Peer } from 'crossws';
import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { TopicOptions } from '../../websocket/topic.ts';
import type { FetchInfo } from '../fetch-handler.ts';
import {
  acceptSocket,
  CALLBACK_SOCKET_OPTIONS,
  checkInfo,
  type CallbackSocketOptions,
} from '../socket-events/accept-socket.ts';
import type { CallbackSocket, Message } from '../socket-events/callback-socket.ts';
import { askUpgrade, HookCaller, type Upgrading } from './hooks.ts';
import { PeerMessage } from './message.ts';
import { messageOf } from './payload.ts';
import { PeerTopics } from './peer-topics.ts';
import { SocketPeer } from './peer.ts';
import { Relay } from './relay.ts';

/** Options of {@link crosswsAdapter}: those of every adapter of crossws, and two more. */
export interface CrosswsAdapterOptions extends AdapterOptions {
  /**
   * Origins, subprotocols, limits and deadlines of the WebSockets. Header fields come from the hook `upgrade`; its `protocol`, and
   * `handleProtocols`, come before `protocols`, and `deadlines` before `idleTimeout`.
   */
  readonly webSocket?: Omit<CallbackSocketOptions, 'headers'> | undefined;
  /** Options of each topic. @default a capacity of 1024 messages */
  readonly topics?: TopicOptions | undefined;
}

/** What {@link crosswsAdapter} makes. */
export interface CrosswsAdapter extends AdapterInstance {
  /**
   * Accepts a WebSocket: asks the hook `upgrade`, and calls the others until the end.
   *
   * @param request - The first argument of `fetch`.
   * @param info - The second.
   * @returns For `fetch` to return: the response of the hook `upgrade`, or of a refusal (400, 403, 426), or one that is not sent because the
   * connection was handed over.
   */
  handleUpgrade(request: Request, info: FetchInfo): Promise<Response>;
}

// Header fields come from the hook.
const { headers: _headers, ...SOCKET_OPTIONS } = CALLBACK_SOCKET_OPTIONS;

const ADAPTER_OPTIONS: OptionTable<CrosswsAdapterOptions> = {
  resolve: rules.function,
  getNamespace: rules.function,
  hooks: rules.object,
  handleProtocols: rules.function,
  idleTimeout: { expected: 'a number of seconds from 0', accepts: rules.milliseconds.accepts },
  sync: rules.function,
  onError: rules.function,
  webSocket: rules.group(SOCKET_OPTIONS),
  topics: rules.object,
};

const CAPACITY = 1_024;

/** As crossws calls the failures of connections. */
class WSError extends Error {
  override name = 'WSError';
}

/**
 * Makes an adapter of crossws, for an application that `serve` serves.
 *
 * Peers and messages have what crossws documents. Published messages go through a `Topic` of `@awaitio/http/websocket` for each
 * namespace and name: a peer that is slower than its capacity is closed with 1008. What `peer.send` leaves waiting is bounded by
 * `webSocket.bufferedBytes`; the hook `drain` and `peer.waitForDrain()` say when it is sent. What a hook throws, or rejects with, closes
 * its WebSocket with 1011 and goes to the server's `onError`. A shutdown of the server closes with 1001, and waits for the hooks `close`.
 *
 * @param options - See {@link CrosswsAdapterOptions}. `resolve` is called once for each connection.
 * @returns The adapter; its `handleUpgrade` belongs in the `fetch` of the application. `close(code, reason)` closes every peer, and is
 * fulfilled when they are closed.
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { serve, type FetchInfo } from '@awaitio/http';
 * import { crosswsAdapter } from '@awaitio/http/crossws';
 * import { connectWebSocket } from '@awaitio/http/websocket';
 *
 * const sockets = crosswsAdapter({
 *   hooks: { message: (peer, message) => void peer.send(`you said ${message.text()}`) },
 * });
 * const server = await serve(
 *   { fetch: (request: Request, info: FetchInfo) => sockets.handleUpgrade(request, info) },
 *   { port: 0 },
 * );
 * const socket = await connectWebSocket(server.url);
 * await socket.send('hello');
 * console.log(await socket.receive()); // you said hello
 * await socket.close();
 * await server.shutdown();
 * ```
 */
export function crosswsAdapter(options: CrosswsAdapterOptions = {}): CrosswsAdapter {
  checkOptions('crosswsAdapter', options, ADAPTER_OPTIONS);
  const adapter = new SocketAdapter(options);
  return {
    // The classes of crossws have members that only its own code may see; what hooks use of them is there.
    peers: adapter.peers as unknown as Map<string, Set<Peer>>,
    ...(adapter.relay.driver !== undefined && { sync: adapter.relay.driver }),
    publish: (topic, data, { namespace } = {}) => {
      adapter.publish(namespace, topic, data);
    },
    close: (code, reason) => adapter.close(code, reason),
    handleUpgrade: (request, info) => adapter.handleUpgrade(request, info),
  };
}

/** A peer that is silent for half of the time is sent a ping, and has the other half to answer. */
function deadlinesOf(idleTimeout: number | undefined): CallbackSocketOptions['deadlines'] {
  if (idleTimeout === undefined) return {};
  const half = idleTimeout * 500;
  return idleTimeout === 0 ? { ping: Infinity } : { ping: half, pong: half };
}

class SocketAdapter {
  readonly #options: CrosswsAdapterOptions;
  readonly #topics: PeerTopics;
  readonly peers = new Map<string, Set<SocketPeer>>();
  readonly relay: Relay;
  readonly #ends = new Set<Promise<void>>();

  constructor(options: CrosswsAdapterOptions) {
    this.#options = options;
    this.#topics = new PeerTopics({ capacity: CAPACITY, ...options.topics });
    this.relay = new Relay(options, ({ namespace, topic, data }) => {
      this.#topics.publish(namespace || undefined, topic, data);
    });
  }

  publish(namespace: string | undefined, topic: string, data: unknown): void {
    this.#topics.publish(namespace, topic, messageOf(data));
    this.relay.publish(namespace ?? '', topic, data);
  }

  async close(code?: number, reason?: string): Promise<void> {
    for (const peers of this.peers.values()) {
      for (const peer of peers) peer.close(code, reason);
    }
    await Promise.all(this.#ends);
    await this.relay.driver?.close?.();
  }

  async handleUpgrade(request: Request, given: FetchInfo): Promise<Response> {
    if (typeof request?.url !== 'string') {
      throw invalidInput('handleUpgrade', 'request', 'the Request that fetch got', request);
    }
    const info = checkInfo('handleUpgrade', 'info', given);
    const upgrading = await askUpgrade(this.#options, request);
    if (upgrading instanceof Response) return upgrading;
    const { protocol, headers } = upgrading;
    const { idleTimeout, webSocket } = this.#options;
    const accepted = await acceptSocket('handleUpgrade', info, {
      ...webSocket,
      deadlines: { ...deadlinesOf(idleTimeout), ...webSocket?.deadlines },
      ...(protocol !== undefined && { protocols: [protocol] }),
      headers: [...headers],
    });
    if (accepted instanceof Response) return accepted;
    const end = this.#run(accepted, request, info, upgrading);
    this.#ends.add(end);
    info.context.waitUntil(end);
    void end.then(() => this.#ends.delete(end));
    // It is not sent: the response was 101.
    return new Response(null);
  }

  #run(
    socket: CallbackSocket,
    request: Request,
    info: FetchInfo,
    { namespace, context, hooks }: Upgrading,
  ): Promise<void> {
    let peers = this.peers.get(namespace);
    if (peers === undefined) {
      peers = new Set();
      this.peers.set(namespace, peers);
    }
    const address = info.request.remoteAddress;
    const peer = new SocketPeer({
      socket,
      request,
      remoteAddress: address !== undefined && 'host' in address ? address.host : undefined,
      namespace,
      context,
      peers,
      topics: this.#topics,
      relay: (...published) => {
        this.relay.publish(...published);
      },
    });
    peers.add(peer);
    // As above.
    const caller = new HookCaller(hooks, peer as unknown as Peer, socket);
    return socket.run({
      onOpen: () => {
        caller.call('open', undefined);
      },
      onMessage: (message: Message) => {
        caller.call('message', new PeerMessage(message, peer));
      },
      onError: (error) => {
        caller.call('error', new WSError(String(error), { cause: error }));
      },
      onDrain: caller.has('drain')
        ? () => {
            caller.call('drain', undefined);
          }
        : undefined,
      onClose: async ({ code, reason }) => {
        peers.delete(peer);
        if (peers.size === 0) this.peers.delete(namespace);
        await caller.close({ code, reason });
        for (const topic of peer.topics) peer.unsubscribe(topic);
      },
    });
  }
}
