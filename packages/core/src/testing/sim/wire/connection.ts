/** A simulated connection: both ends, and the faults that affect it as a whole. */

import type { InetAddress } from '../../../vocabulary/address.ts';
import type { ByteStream, StreamOptions } from '../../../streams/byte-stream.ts';
import type { Transport } from '../../../streams/transport.ts';
import { recordedStreams } from '../../../vocabulary/recorded.ts';
import type { Draws } from '../decisions/draws.ts';
import type { DecisionKind } from '../decisions/kinds.ts';
import { drawWriteMark, type Range } from './faults.ts';
import { SimFlow } from './flow.ts';
import type { Delivery } from './trace.ts';
import type { HostLife } from '../hosts/context.ts';
import { SimTransport, type TransportEvents } from './transport.ts';
import type { HostState } from '../paths/paths.ts';
import type { FlowEnd, SimMachine, World } from './world.ts';

/** The network's view of a connection. */
export interface ConnectionEvents {
  onEstablished(connection: SimConnection): void;
  /** A segment is about to be delivered; the network may inject faults. @returns Whether to deliver it. */
  beforeDelivery(connection: SimConnection, to: HostState, draws: Draws): boolean;
  /** Both ends are closed. */
  onClosed(connection: SimConnection): void;
}

/** Makes the stream of an end. */
export type MakeStream<S extends ByteStream> = (
  transport: Transport,
  local: InetAddress,
  remote: InetAddress,
  options: StreamOptions,
) => S;

export class SimConnection {
  readonly #world: World;
  readonly #toServer: SimFlow;
  readonly #toClient: SimFlow;
  /** `client:49152 → server:80` */
  readonly label: string;
  readonly client: ConnectionEnd;
  readonly server: ConnectionEnd;

  constructor(world: World, client: FlowEnd, server: FlowEnd, events: ConnectionEvents) {
    this.#world = world;
    const toServer = new SimFlow(world, client, server);
    const toClient = new SimFlow(world, server, client);
    this.#toServer = toServer;
    this.#toClient = toClient;
    this.label = toServer.label;
    const clientMark = drawWriteMark(toServer.draws, world.faults.of(client.host, server.host));
    const serverMark = drawWriteMark(toClient.draws, world.faults.of(server.host, client.host));
    this.client = new ConnectionEnd(this, client, [toServer, toClient], clientMark, events);
    this.server = new ConnectionEnd(this, server, [toClient, toServer], serverMark, events);
    toServer.connect(this.client.transport, this.server.transport);
    toClient.connect(this.server.transport, this.client.transport);
  }

  /** A fault has swallowed a segment. */
  onLost(): void {
    this.#world.trace.lose(this.label);
  }

  /** What is on its way, in both directions. */
  get inFlight(): readonly Delivery[] {
    return [...this.#toServer.inFlight, ...this.#toClient.inFlight];
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

  /** Makes the stream of one end, in the life of the program that opens it. */
  open<S extends ByteStream>(
    end: ConnectionEnd,
    make: MakeStream<S>,
    options: StreamOptions,
    life: HostLife | undefined,
  ): S {
    const other = end === this.client ? this.server : this.client;
    end.life = life;
    const stream = make(end.transport, end.address, other.address, {
      ...options,
      clock: options.clock ?? life?.clock ?? this.#world.clock,
      writeHighWaterMark: options.writeHighWaterMark ?? end.writeMark,
    });
    end.stream = stream;
    const flow = end === this.client ? this.#toServer : this.#toClient;
    recordedStreams.set(stream, () => {
      flow.conceal();
    });
    return stream;
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

/** One end: its host and address, its carrier, and its stream once it is connected or accepted. */
export class ConnectionEnd implements TransportEvents {
  readonly #connection: SimConnection;
  readonly #events: ConnectionEvents;
  /** What chance does to what arrives here. */
  readonly #draws: Draws;
  readonly host: SimMachine;
  readonly address: InetAddress;
  readonly transport: SimTransport;
  /** The write mark that was drawn for it. */
  readonly writeMark: number | undefined;
  /** `client:49152 → server:80`, seen from this end. */
  readonly label: string;
  stream: ByteStream | undefined;
  /** The life that it was opened in, if that was by a program of its host. */
  life: HostLife | undefined;
  /** Called when this end is closed; set by the listener that accepted it. */
  whenClosed: (() => void) | undefined;

  constructor(
    connection: SimConnection,
    { host, address }: FlowEnd,
    [out, inward]: readonly [SimFlow, SimFlow],
    writeMark: number | undefined,
    events: ConnectionEvents,
  ) {
    this.#connection = connection;
    this.#events = events;
    this.#draws = inward.draws;
    this.host = host;
    this.address = address;
    this.writeMark = writeMark;
    this.label = out.label;
    this.transport = new SimTransport(out, inward, this);
  }

  get isKeeping(): boolean {
    return this.host.isKeeping;
  }

  keep(event: () => void): void {
    this.host.keep(event);
  }

  onEstablished(): void {
    this.#events.onEstablished(this.#connection);
  }

  beforeDelivery(): boolean {
    if (this.#events.beforeDelivery(this.#connection, this.host, this.#draws)) return true;
    this.#connection.onLost();
    return false;
  }

  onClosed(): void {
    this.whenClosed?.();
    this.#onEnded();
  }

  onLost(): void {
    this.#connection.break('ETIMEDOUT', 'the peer could not be reached');
  }

  onVanished(): void {
    this.stream = undefined;
    this.#onEnded();
  }

  #onEnded(): void {
    if (this.#connection.isClosed) this.#events.onClosed(this.#connection);
  }
}
