/**
 * The inside of a simulated network: hosts, connections, the paths between hosts, and the faults of paths and hosts.
 *
 * How TCP reacts to faults is decided here, in one place. A partition loses the segments in flight; TCP sends them again a
 * little after the partition heals. A connection whose peer is unreachable for `giveUpAfter` fails with `ETIMEDOUT` at its
 * remaining ends, which stands for retransmission and keep-alive at once. A crashed host sends nothing; after its restart
 * it answers RST to segments of connections that it no longer knows.
 */

import type { InetAddress } from '../../../vocabulary/address.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { seededRandom } from '../../../vocabulary/random.ts';
import { watchWaits, type WaitBoard } from '../../../waiting/wait-board.ts';
import type { WaitInfo } from '../../../waiting/waiter.ts';
import { Decisions } from '../decisions/decisions.ts';
import type { Draws } from '../decisions/draws.ts';
import { KIND, type DecisionKind } from '../decisions/kinds.ts';
import { WORDS } from '../decisions/mixing.ts';
import type { Order } from '../decisions/order.ts';
import { SimClock } from './clock.ts';
import { SimConnection, type ConnectionEvents } from './connection.ts';
import { allFaults, drawOutage, type Faults, type Range } from './faults.ts';
import { Host, type HostNetwork } from './host.ts';
import { Paths } from './paths.ts';
import { Trace } from './trace.ts';
import {
  PARTITION_OPTIONS,
  type HostModules,
  SIM_NETWORK_OPTIONS,
  type PartitionOptions,
  type SimNetworkOptions,
} from './types.ts';
import type { HostState, SimWait, World } from './world.ts';

const DEFAULT_LATENCY: Range = [1, 50];
const DEFAULT_GIVE_UP = 30_000;
/** How long after a heal TCP sends lost segments again, in milliseconds. */
const RETRANSMISSION: Range = [1, 1_000];

export class Fabric implements World, HostNetwork, ConnectionEvents {
  readonly clock: SimClock;
  readonly decisions: Decisions;
  order: Order | undefined;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly latency: Range;
  readonly giveUpAfter: number;
  /** What waits on its clock besides its connections: channels, semaphores. */
  readonly #board: WaitBoard;
  readonly #hosts = new Map<string, Host>();
  readonly #connections = new Set<SimConnection>();
  readonly #paths = new Paths();

  constructor(options: SimNetworkOptions) {
    checkOptions('SimNetwork', options, SIM_NETWORK_OPTIONS);
    this.clock = options.clock ?? new SimClock();
    this.#board = watchWaits(this.clock);
    const random = options.random ?? seededRandom(0);
    const word = (): number => random.integer(0, WORDS - 1);
    this.decisions = new Decisions(word(), word(), options.decisions);
    this.trace = new Trace(() => this.clock.now());
    this.faults = allFaults(options.faults);
    this.latency = options.latency ?? DEFAULT_LATENCY;
    this.giveUpAfter = options.giveUpAfter ?? DEFAULT_GIVE_UP;
  }

  // --- For the program: see `SimNetwork` ----------------------------------------------------------------------

  host(name: string): Host {
    if (typeof name !== 'string' || !/^[^\s:[\]]+$/.test(name)) {
      throw invalidInput('host', 'name', 'a name without spaces, colons or brackets', name);
    }
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(name, this);
      this.#hosts.set(name, host);
    }
    return host;
  }

  partition(a: HostState, b: HostState, options?: PartitionOptions): void {
    if (options !== undefined) checkOptions('partition', options, PARTITION_OPTIONS);
    this.trace.record(options?.oneWay === true ? 'cut' : 'partition', `${a.name}, ${b.name}`);
    this.#paths.cut(a, b);
    if (options?.oneWay !== true) this.#paths.cut(b, a);
    this.#expireBetween(a, b);
  }

  heal(a?: HostState, b?: HostState): void {
    this.trace.record('heal', a === undefined || b === undefined ? 'all' : `${a.name}, ${b.name}`);
    this.#paths.heal(a, b);
    this.#kick(KIND.retransmit, RETRANSMISSION);
  }

  hold(a: HostState, b: HostState): void {
    this.trace.record('hold', `${a.name}, ${b.name}`);
    this.#paths.hold(a, b);
  }

  release(a?: HostState, b?: HostState): void {
    this.trace.record(
      'release',
      a === undefined || b === undefined ? 'all' : `${a.name}, ${b.name}`,
    );
    for (const { from, to } of this.#paths.release(a, b)) this.#expireBetween(from, to);
    this.#kick(KIND.release, this.latency);
  }

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
    for (const source of this.#board) {
      const found: WaitInfo[] = [];
      source.describe(this.clock.now(), found);
      for (const wait of found) waits.push({ ...wait, subject: source.subject });
    }
    return waits;
  }

  get openStreams(): readonly string[] {
    return [...this.#connections].flatMap(({ ends }) =>
      ends
        .filter(({ stream, transport }) => stream !== undefined && !transport.isClosed)
        .map(({ stream }) => `${stream?.localAddress} → ${stream?.remoteAddress}`),
    );
  }

  /** Runs the programs of `SimHost.run`; the simulation runs them on its executor. */
  runProgram: (name: string, program: () => Promise<void>) => void = (_name, program) => {
    void program();
  };

  /** The modules of Node on a host; the simulation makes them. */
  modulesOf: (name: string) => HostModules = () => {
    throw new Error('the modules of a host are there in `simulate` only');
  };

  closeListeners(): void {
    for (const host of this.#hosts.values()) host.closeListeners();
  }

  // --- For hosts and connections ------------------------------------------------------------------------------

  isOpen(from: HostState, to: HostState): boolean {
    if (!from.isUp || !to.isUp) return false;
    return this.#paths.isOpen(from, to);
  }

  isHeld(from: HostState, to: HostState): boolean {
    return this.#paths.isHeld(from, to);
  }

  find(name: string): Host | undefined {
    return this.#hosts.get(name);
  }

  /** Makes the connection of two addresses; the client's side calls {@link SimConnection.establish} next. */
  join(client: HostState, from: InetAddress, server: HostState, to: InetAddress): SimConnection {
    const connection = new SimConnection(
      this,
      { host: client, address: from },
      { host: server, address: to },
      this,
    );
    this.#connections.add(connection);
    return connection;
  }

  onEstablished(connection: SimConnection): void {
    const { server } = connection;
    const listener = this.#hosts.get(server.host.name)?.listenerAt(server.address.port);
    if (listener === undefined) server.transport.reset();
    else listener.admit(connection);
  }

  /** Draws the faults of one segment. */
  beforeDelivery(connection: SimConnection, to: HostState, draws: Draws): boolean {
    const { faults } = this;
    if (draws.chance(KIND.reset, faults.reset)) {
      this.trace.record('reset!', connection.label);
      connection.break('ECONNRESET', 'the peer reset the connection');
      return false;
    }
    if (draws.chance(KIND.halfOpen, faults.halfOpen)) {
      this.trace.record('silence', connection.label);
      connection.silence();
      this.#expire(
        (other) => other === connection,
        () => true,
      );
      return false;
    }
    const cutFor = drawOutage(draws, KIND.partition, faults.partition, faults.partitionFor);
    if (cutFor !== undefined) this.#breakPath(connection, draws, cutFor);
    const host = this.#hosts.get(to.name);
    if (host?.isServer === true) {
      const down = drawOutage(draws, KIND.crash, faults.crash, faults.downFor);
      if (down !== undefined) {
        host.crash();
        const { signal } = host;
        const restart = (): void => {
          // Unless the program has restarted it since: a later crash is not this one's to end.
          if (host.signal === signal) host.restart();
        };
        this.clock.schedule(restart, down).unref();
        return false;
      }
    }
    return true;
  }

  onClosed(connection: SimConnection): void {
    this.#connections.delete(connection);
  }

  /** The host went down: its ends are closed, the others are not notified. */
  onCrash(host: Host): void {
    for (const connection of this.#connections) {
      for (const end of connection.ends) {
        if (end.host === host)
          end.transport.break('ERR_HOST_CRASHED', `the host ${host.name} crashed`);
      }
    }
    this.#expire(
      (connection) => connection.touches(host),
      () => true,
    );
  }

  /** The host is back: segments sent to it arrive at a host that knows no connection. */
  onRestart(_host: Host): void {
    this.#kick(KIND.retransmit, RETRANSMISSION);
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  /** A random partition, in one direction or both, that heals later. */
  #breakPath({ client, server }: SimConnection, draws: Draws, cutFor: number): void {
    const there = this.#paths.get(client.host, server.host);
    const back = this.#paths.get(server.host, client.host);
    const shape = draws.integer(KIND.partitionSide, 0, 3);
    const cut = shape === 1 ? [there] : shape === 2 ? [back] : [there, back];
    this.trace.record('partition!', `${client.host.name}, ${server.host.name}`, shape);
    const end = this.#paths.beginOutage(cut);
    const heal = (): void => {
      this.trace.record('heal!', `${client.host.name}, ${server.host.name}`);
      end();
      this.#kick(KIND.retransmit, RETRANSMISSION);
    };
    this.clock.schedule(heal, cutFor).unref();
  }

  #kick(kind: DecisionKind, delay: Range): void {
    for (const connection of this.#connections) connection.kick(kind, delay);
  }

  #expireBetween(a: HostState, b: HostState): void {
    this.#expire(
      (connection) => connection.touches(a) && connection.touches(b),
      this.#paths.cutNow(a, b),
    );
  }

  /** Breaks connections later, if they are still unreachable then. */
  #expire(concerns: (connection: SimConnection) => boolean, stands: () => boolean): void {
    if (this.giveUpAfter === Infinity) return;
    const concerned = [...this.#connections].filter(concerns);
    if (concerned.length === 0) return;
    const giveUp = (): void => {
      if (!stands()) return;
      for (const connection of concerned) {
        if (!connection.isClosed) this.trace.record('give up', connection.label);
        connection.break('ETIMEDOUT', 'the peer could not be reached');
      }
    };
    this.clock.schedule(giveUp, this.giveUpAfter).unref();
  }
}
