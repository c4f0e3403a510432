/**
 * A network in memory: hosts with names, paths between them, and everything that goes wrong on paths and hosts.
 *
 * What TCP makes of trouble is decided here, in one place. A partition loses what is under way; TCP sends it again when
 * the partition heals, a little later. A connection whose peer cannot be reached for `giveUpAfter` is given up with
 * `ETIMEDOUT` at the ends that are left, which stands for retransmission and keep-alive at once. A crashed host says
 * nothing; after its restart it answers RST to whoever still sends to connections it no longer knows.
 *
 * The file is long because every way to trouble a network is documented here.
 */

import type { InetAddress } from '../../vocabulary/address.ts';
import { invalidInput } from '../../vocabulary/errors.ts';
import { seededRandom, type Random } from '../../vocabulary/random.ts';
import { SimClock } from './clock.ts';
import { SimConnection, type ConnectionEvents } from './connection.ts';
import {
  checkFaults,
  checkRange,
  drawFrom,
  type Faults,
  type Range,
  type SimFaults,
} from './faults.ts';
import { SimHost, type HostNetwork } from './host.ts';
import { Trace } from './trace.ts';
import type { Path, Place, SimWait, World } from './world.ts';

/** How a network is made. */
export interface SimNetworkOptions {
  /** Where time comes from. @default a new `SimClock` */
  readonly clock?: SimClock | undefined;
  /** Where chance comes from. @default a generator seeded with 0 */
  readonly random?: Random | undefined;
  /** How long a segment travels, in milliseconds: drawn from `[min, max]`. @default [1, 50] */
  readonly latency?: Range | undefined;
  /** What goes wrong, and how often. */
  readonly faults?: SimFaults | undefined;
  /**
   * Milliseconds after which a connection, or an attempt at one, whose peer cannot be reached is given up with
   * `ETIMEDOUT`; `Infinity` leaves half-open peers waiting for good. @default 30000
   */
  readonly giveUpAfter?: number | undefined;
  /** @internal Where the run is written down. */
  readonly trace?: Trace | undefined;
}

/** How {@link SimNetwork.partition} cuts. */
export interface PartitionOptions {
  /** Only what the first host sends to the second is lost. @default false */
  readonly oneWay?: boolean | undefined;
}

const DEFAULT_LATENCY: Range = [1, 50];
const DEFAULT_GIVE_UP = 30_000;
/** How long after a heal TCP sends again what was lost, in milliseconds. */
const RETRANSMISSION: Range = [1, 1_000];

/**
 * A simulated network.
 *
 * `simulate` makes one and drives its clock; by itself it is useful where a test wants to step the clock on its own.
 */
export class SimNetwork implements World, HostNetwork, ConnectionEvents {
  /** The virtual time of everything on it. */
  readonly clock: SimClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly latency: Range;
  readonly giveUpAfter: number;
  readonly #hosts = new Map<string, SimHost>();
  readonly #connections = new Set<SimConnection>();
  readonly #paths = new Map<Place, Map<Place, Path>>();

  constructor(options: SimNetworkOptions = {}) {
    this.clock = options.clock ?? new SimClock();
    this.random = options.random ?? seededRandom(0);
    this.trace = options.trace ?? new Trace(() => this.clock.now());
    this.faults = checkFaults(options.faults);
    this.latency = checkRange('latency', options.latency ?? DEFAULT_LATENCY);
    this.giveUpAfter = options.giveUpAfter ?? DEFAULT_GIVE_UP;
    if (typeof this.giveUpAfter !== 'number' || !(this.giveUpAfter > 0)) {
      throw invalidInput(
        'simulate',
        'giveUpAfter',
        'a number of milliseconds above 0',
        options.giveUpAfter,
      );
    }
  }

  // --- What programs use ---------------------------------------------------------------------------------------

  /** The host of that name; it is made when it is first asked for. */
  host(name: string): SimHost {
    if (typeof name !== 'string' || !/^[^\s:[\]]+$/.test(name)) {
      throw invalidInput('host', 'name', 'a name without spaces, colons or brackets', name);
    }
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new SimHost(name, this);
      this.#hosts.set(name, host);
    }
    return host;
  }

  /** Cuts two hosts off from each other: what they send is lost, until {@link SimNetwork.heal}. */
  partition(a: SimHost, b: SimHost, options?: PartitionOptions): void {
    this.trace.record(options?.oneWay === true ? 'cut' : 'partition', `${a.name}, ${b.name}`);
    this.#path(a, b).isCut = true;
    if (options?.oneWay !== true) this.#path(b, a).isCut = true;
    this.#expireBetween(a, b);
  }

  /** Ends the partitions between two hosts, or all there are. */
  heal(a?: SimHost, b?: SimHost): void {
    this.trace.record('heal', a === undefined || b === undefined ? 'all' : `${a.name}, ${b.name}`);
    for (const path of this.#between(a, b)) {
      path.isCut = false;
      path.outages = 0;
    }
    this.#kick(() => drawFrom(this.random, RETRANSMISSION));
  }

  /** Holds back what two hosts send each other: nothing is lost, nobody gives up, until {@link SimNetwork.release}. */
  hold(a: SimHost, b: SimHost): void {
    this.trace.record('hold', `${a.name}, ${b.name}`);
    this.#path(a, b).isHeld = true;
    this.#path(b, a).isHeld = true;
  }

  /** Lets what was held back between two hosts, or everywhere, go on. */
  release(a?: SimHost, b?: SimHost): void {
    this.trace.record(
      'release',
      a === undefined || b === undefined ? 'all' : `${a.name}, ${b.name}`,
    );
    for (const path of this.#between(a, b)) path.isHeld = false;
    this.#kick(() => drawFrom(this.random, this.latency));
  }

  /** Who waits on the network now: on streams, listeners and attempts to connect. */
  get waits(): readonly SimWait[] {
    const waits: SimWait[] = [];
    for (const connection of this.#connections) {
      for (const { stream } of connection.ends) {
        if (stream === undefined) continue;
        const subject = `${stream.localAddress} → ${stream.remoteAddress}`;
        for (const wait of stream.statistics().waits) waits.push({ ...wait, subject });
      }
    }
    for (const host of this.#hosts.values()) host.describe(waits);
    return waits;
  }

  /** The open ends of connections, as `local → remote`: the network's `netstat`. */
  get openStreams(): readonly string[] {
    return [...this.#connections].flatMap(({ ends }) =>
      ends
        .filter(({ stream, transport }) => stream !== undefined && !transport.isGone)
        .map(({ stream }) => `${stream?.localAddress} → ${stream?.remoteAddress}`),
    );
  }

  /** @internal How the programs of {@link SimHost.run} are run. */
  runProgram: (name: string, program: () => Promise<void>) => void = (_name, program) => {
    void program();
  };

  /** @internal Closes every listener. */
  closeListeners(): void {
    for (const host of this.#hosts.values()) host.closeListeners();
  }

  // --- What hosts and connections ask --------------------------------------------------------------------------

  /** @internal */
  isOpen(from: Place, to: Place): boolean {
    if (!from.isUp || !to.isUp) return false;
    const path = this.#paths.get(from)?.get(to);
    return path === undefined || !(path.isCut || path.isHeld || path.outages > 0);
  }

  /** @internal */
  isHeld(from: Place, to: Place): boolean {
    return this.#paths.get(from)?.get(to)?.isHeld === true;
  }

  /** @internal */
  find(name: string): SimHost | undefined {
    return this.#hosts.get(name);
  }

  /** @internal Joins two addresses; the client's side calls {@link SimConnection.establish} next. */
  join(client: Place, from: InetAddress, server: Place, to: InetAddress): SimConnection {
    const connection = new SimConnection(
      this,
      { place: client, address: from },
      { place: server, address: to },
      this,
    );
    this.#connections.add(connection);
    return connection;
  }

  /** @internal */
  onEstablished(connection: SimConnection): void {
    const { server } = connection;
    const listener = this.#hosts.get(server.place.name)?.listenerAt(server.address.port);
    if (listener === undefined) server.transport.reset();
    else listener.admit(connection);
  }

  /** @internal The dice are thrown once per segment; what is not asked for draws nothing. */
  onArrival(connection: SimConnection, to: Place): boolean {
    const { random, faults } = this;
    if (random.chance(faults.reset)) {
      this.trace.record('reset!', connection.label);
      connection.break('ECONNRESET', 'the peer reset the connection');
      return false;
    }
    if (random.chance(faults.halfOpen)) {
      this.trace.record('silence', connection.label);
      connection.silence();
      this.#expire(
        (other) => other === connection,
        () => true,
      );
      return false;
    }
    if (random.chance(faults.partition)) this.#breakPath(connection);
    if (random.chance(faults.crash)) {
      const host = this.#hosts.get(to.name);
      if (host?.isServer === true) {
        const down = drawFrom(random, faults.downFor);
        host.crash();
        this.clock.schedule(() => host.restart(), down).unref();
        return false;
      }
    }
    return true;
  }

  /** @internal */
  onGone(connection: SimConnection): void {
    this.#connections.delete(connection);
  }

  /** @internal The host went down: its ends are gone, the others are not told. */
  onCrash(host: SimHost): void {
    for (const connection of this.#connections) {
      for (const end of connection.ends) {
        if (end.place === host)
          end.transport.break('ERR_HOST_CRASHED', `the host ${host.name} crashed`);
      }
    }
    this.#expire(
      (connection) => connection.touches(host),
      () => true,
    );
  }

  /** @internal The host is back: what was sent to it arrives, at a host that knows nothing. */
  onRestart(_host: SimHost): void {
    this.#kick(() => drawFrom(this.random, RETRANSMISSION));
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  #path(from: Place, to: Place): Path {
    let paths = this.#paths.get(from);
    if (paths === undefined) {
      paths = new Map();
      this.#paths.set(from, paths);
    }
    let path = paths.get(to);
    if (path === undefined) {
      path = { isCut: false, isHeld: false, outages: 0 };
      paths.set(to, path);
    }
    return path;
  }

  #between(a: SimHost | undefined, b: SimHost | undefined): readonly Path[] {
    if (a !== undefined && b !== undefined) return [this.#path(a, b), this.#path(b, a)];
    return [...this.#paths.values()].flatMap((paths) => [...paths.values()]);
  }

  /** A partition by the dice: one way or both, healed by itself. */
  #breakPath({ client, server }: SimConnection): void {
    const { random } = this;
    const there = this.#path(client.place, server.place);
    const back = this.#path(server.place, client.place);
    const shape = random.integer(0, 3);
    const cut = shape === 0 ? [there] : shape === 1 ? [back] : [there, back];
    this.trace.record('partition!', `${client.place.name}, ${server.place.name}`, shape);
    for (const path of cut) path.outages += 1;
    const heal = (): void => {
      this.trace.record('heal!', `${client.place.name}, ${server.place.name}`);
      for (const path of cut) path.outages = Math.max(0, path.outages - 1);
      this.#kick(() => drawFrom(random, RETRANSMISSION));
    };
    this.clock.schedule(heal, drawFrom(random, this.faults.partitionFor)).unref();
  }

  #kick(delay: () => number): void {
    for (const connection of this.#connections) connection.kick(delay);
  }

  #expireBetween(a: SimHost, b: SimHost): void {
    const cutAt = [this.#path(a, b), this.#path(b, a)];
    this.#expire(
      (connection) => connection.touches(a) && connection.touches(b),
      () => cutAt.some(({ isCut }) => isCut),
    );
  }

  /** Gives connections up later, if what made them unreachable still stands then. */
  #expire(concerns: (connection: SimConnection) => boolean, stands: () => boolean): void {
    if (this.giveUpAfter === Infinity) return;
    const concerned = [...this.#connections].filter(concerns);
    if (concerned.length === 0) return;
    const giveUp = (): void => {
      if (!stands()) return;
      for (const connection of concerned) {
        if (!connection.isGone) this.trace.record('give up', connection.label);
        connection.break('ETIMEDOUT', 'the peer could not be reached');
      }
    };
    this.clock.schedule(giveUp, this.giveUpAfter).unref();
  }
}
