/** A simulated connection: both ends, and the faults that affect it as a whole. */

import type { InetAddress } from '../../../vocabulary/address.ts';
import type { StreamOptions } from '../../../streams/byte-stream.ts';
import { recordedStreams } from '../../../vocabulary/recorded.ts';
import type { Draws } from '../decisions/draws.ts';
import type { DecisionKind } from '../decisions/kinds.ts';
import { drawWriteMark, type Range } from './faults.ts';
import { SimFlow } from './flow.ts';
import { openSimStream, type SimStream } from './stream.ts';
import { SimTransport } from './transport.ts';
import type { HostState, World } from './world.ts';

/** One end: its host and address, its carrier, and its stream once it is connected or accepted. */
export interface ConnectionEnd {
  readonly host: HostState;
  readonly address: InetAddress;
  readonly transport: SimTransport;
  /** The write mark that was drawn for it. */
  readonly writeMark: number | undefined;
  stream: SimStream | undefined;
  /** Called when this end is closed; set by the listener that accepted it. */
  onClosed: (() => void) | undefined;
}

/** The network's view of a connection. */
export interface ConnectionEvents {
  onEstablished(connection: SimConnection): void;
  /** A segment is about to be delivered; the network may inject faults. @returns Whether to deliver it. */
  beforeDelivery(connection: SimConnection, to: HostState, draws: Draws): boolean;
  /** Both ends are closed. */
  onClosed(connection: SimConnection): void;
}

export class SimConnection {
  readonly #world: World;
  readonly #toServer: SimFlow;
  readonly #toClient: SimFlow;
  /** `client:49152 → server:80` */
  readonly label: string;
  readonly client: ConnectionEnd;
  readonly server: ConnectionEnd;

  constructor(
    world: World,
    client: { readonly host: HostState; readonly address: InetAddress },
    server: { readonly host: HostState; readonly address: InetAddress },
    events: ConnectionEvents,
  ) {
    this.#world = world;
    this.label = `${client.address} → ${server.address}`;
    this.#toServer = new SimFlow(world, client.host, server.host, this.label);
    const back = `${server.address} → ${client.address}`;
    this.#toClient = new SimFlow(world, server.host, client.host, back);
    const watch = (host: HostState, { draws }: SimFlow, end: () => ConnectionEnd) => ({
      onEstablished: () => {
        events.onEstablished(this);
      },
      beforeDelivery: () => events.beforeDelivery(this, host, draws),
      onClosed: () => {
        end().onClosed?.();
        if (this.isClosed) events.onClosed(this);
      },
    });
    const toServer = this.#toServer;
    const toClient = this.#toClient;
    const own = { writeMark: undefined, stream: undefined, onClosed: undefined };
    this.client = {
      ...own,
      ...client,
      writeMark: drawWriteMark(toServer.draws, world.faults),
      transport: new SimTransport(
        toServer,
        toClient,
        watch(client.host, toClient, () => this.client),
      ),
    };
    this.server = {
      ...own,
      ...server,
      writeMark: drawWriteMark(toClient.draws, world.faults),
      transport: new SimTransport(
        toClient,
        toServer,
        watch(server.host, toServer, () => this.server),
      ),
    };
    toServer.connect(this.client.transport, this.server.transport);
    toClient.connect(this.server.transport, this.client.transport);
  }

  get isClosed(): boolean {
    return this.client.transport.isClosed && this.server.transport.isClosed;
  }

  get ends(): readonly [ConnectionEnd, ConnectionEnd] {
    return [this.client, this.server];
  }

  /** Whether one of its ends is at this host. */
  touches(host: HostState): boolean {
    return this.client.host === host || this.server.host === host;
  }

  /** Sends the last segment of the handshake, which precedes everything that the client writes. */
  establish(): void {
    this.#toServer.acknowledgeHandshake();
  }

  /** Makes the stream of one end. */
  open(end: ConnectionEnd, options: StreamOptions): SimStream {
    const other = end === this.client ? this.server : this.client;
    end.stream = openSimStream(end.transport, end.address, other.address, {
      ...options,
      clock: options.clock ?? this.#world.clock,
      writeHighWaterMark: options.writeHighWaterMark ?? end.writeMark,
    });
    const flow = end === this.client ? this.#toServer : this.#toClient;
    recordedStreams.set(end.stream, () => {
      flow.conceal();
    });
    return end.stream;
  }

  /** Both paths may be open again. */
  kick(kind: DecisionKind, delay: Range): void {
    this.#toServer.kick(kind, delay);
    this.#toClient.kick(kind, delay);
  }

  /** Loses everything from now on without notifying either end: half-open peers. */
  silence(): void {
    this.#toServer.isSilent = true;
    this.#toClient.isSilent = true;
  }

  /** Breaks both ends at once. */
  break(code: string, message: string): void {
    for (const { transport } of this.ends) transport.break(code, message);
  }
}
