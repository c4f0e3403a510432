/** Both ends of a simulated connection, and everything that can befall it as a whole. */

import type { InetAddress } from '../../vocabulary/address.ts';
import type { StreamOptions } from '../../streams/byte-stream.ts';
import { drawWriteMark } from './faults.ts';
import { SimFlow } from './flow.ts';
import { SimStream } from './stream.ts';
import { SimTransport } from './transport.ts';
import type { Place, World } from './world.ts';

/** One end: where it is, what carries it, and the stream over it once somebody has it. */
export interface ConnectionEnd {
  readonly place: Place;
  readonly address: InetAddress;
  readonly transport: SimTransport;
  /** The write mark that the dice chose. */
  readonly writeMark: number | undefined;
  stream: SimStream | undefined;
  /** Called when this end is gone, by the listener that handed it out. */
  onGone: (() => void) | undefined;
}

/** What a connection tells the network. */
export interface ConnectionEvents {
  onEstablished(connection: SimConnection): void;
  /** @returns Whether the segment may still be handed over. */
  onArrival(connection: SimConnection, to: Place): boolean;
  /** Both ends are gone. */
  onGone(connection: SimConnection): void;
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
    client: { readonly place: Place; readonly address: InetAddress },
    server: { readonly place: Place; readonly address: InetAddress },
    events: ConnectionEvents,
  ) {
    this.#world = world;
    this.label = `${client.address} → ${server.address}`;
    this.#toServer = new SimFlow(world, client.place, server.place, this.label);
    const back = `${server.address} → ${client.address}`;
    this.#toClient = new SimFlow(world, server.place, client.place, back);
    const watch = (place: Place, end: () => ConnectionEnd) => ({
      onEstablished: () => {
        events.onEstablished(this);
      },
      onArrival: () => events.onArrival(this, place),
      onGone: () => {
        end().onGone?.();
        if (this.isGone) events.onGone(this);
      },
    });
    const toServer = this.#toServer;
    const toClient = this.#toClient;
    const own = { writeMark: undefined, stream: undefined, onGone: undefined };
    this.client = {
      ...own,
      ...client,
      writeMark: drawWriteMark(world.random, world.faults),
      transport: new SimTransport(
        toServer,
        toClient,
        watch(client.place, () => this.client),
      ),
    };
    this.server = {
      ...own,
      ...server,
      writeMark: drawWriteMark(world.random, world.faults),
      transport: new SimTransport(
        toClient,
        toServer,
        watch(server.place, () => this.server),
      ),
    };
    toServer.connect(this.client.transport, this.server.transport);
    toClient.connect(this.server.transport, this.client.transport);
  }

  get isGone(): boolean {
    return this.client.transport.isGone && this.server.transport.isGone;
  }

  get ends(): readonly [ConnectionEnd, ConnectionEnd] {
    return [this.client, this.server];
  }

  /** Whether one of its ends is at `place`. */
  touches(place: Place): boolean {
    return this.client.place === place || this.server.place === place;
  }

  /** Sends the last word of the handshake, behind which everything the client writes travels. */
  establish(): void {
    this.#toServer.acknowledgeHandshake();
  }

  /** Makes the stream of one end. */
  open(end: ConnectionEnd, options: StreamOptions): SimStream {
    const other = end === this.client ? this.server : this.client;
    end.stream = new SimStream(end.transport, end.address, other.address, {
      ...options,
      clock: options.clock ?? this.#world.clock,
      writeHighWaterMark: options.writeHighWaterMark ?? end.writeMark,
    });
    return end.stream;
  }

  /** Both paths may be open again. */
  kick(delay: () => number): void {
    this.#toServer.kick(delay());
    this.#toClient.kick(delay());
  }

  /** Nothing gets through any more, and nobody is told: half-open peers. */
  silence(): void {
    this.#toServer.isSilent = true;
    this.#toClient.isSilent = true;
  }

  /** Breaks both ends at once. */
  break(code: string, message: string): void {
    for (const { transport } of this.ends) transport.break(code, message);
  }
}
