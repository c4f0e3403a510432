/**
 * The inside of a simulated network: hosts, connections, the paths between hosts, and the faults of paths and hosts.
 *
 * How TCP reacts to faults is decided here, in one place. A partition loses the segments in flight; TCP sends them again a
 * little after the partition heals. A connection whose peer is unreachable for `giveUpAfter` fails with `ETIMEDOUT` at its
 * remaining ends, which stands for retransmission and keep-alive at once. A crashed host sends nothing; after its restart
 * it answers RST to segments of connections that it no longer knows.
 */

import type { InetAddress } from '../../../vocabulary/address.ts';
import { describeFailure, printLine } from '../../../vocabulary/callbacks.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import { seededRandom } from '../../../vocabulary/random.ts';
import type { TaskInfo } from '../../../tasks/task-types.ts';
import type { HostModules } from '../../../net/host-modules.ts';
import type { HostLife } from '../hosts/context.ts';
import { watchWaits, type WaitBoard } from '../../../waiting/wait-board.ts';
import { Decisions } from '../decisions/decisions.ts';
import type { Draws } from '../decisions/draws.ts';
import { KIND, type DecisionKind } from '../decisions/kinds.ts';
import { WORDS } from '../decisions/mixing.ts';
import type { Order } from '../decisions/order.ts';
import { SimClock } from '../wire/clock.ts';
import { SimConnection, type ConnectionEvents } from '../wire/connection.ts';
import { describeConnections, openEnds } from '../wire/open-ends.ts';
import { checkName, Names } from '../names/names.ts';
import { RuleBook } from '../rules/rule-book.ts';
import { DatagramNet } from '../datagrams/datagram-net.ts';
import { meetChance } from '../wire/chance.ts';
import { FaultBook } from '../wire/fault-book.ts';
import { allFaults, RETRANSMISSION, type Range } from '../wire/faults.ts';
import { Host, type HostNetwork } from './host.ts';
import { closeAtEnd } from '../wire/listener.ts';
import { LocalWorld } from '../unix/local-world.ts';
import { Paths, type HostState } from '../paths/paths.ts';
import { Trace } from '../wire/trace.ts';
import {
  PARTITION_OPTIONS,
  SIM_NETWORK_OPTIONS,
  type PartitionOptions,
  type SimNetworkOptions,
} from './types.ts';
import { describeBoard, type SimMachine, type SimWait, type World } from '../wire/world.ts';

const DEFAULT_GIVE_UP = 30_000;

export class Fabric implements World, HostNetwork, ConnectionEvents {
  readonly clock: SimClock;
  readonly decisions: Decisions;
  order: Order | undefined;
  readonly trace: Trace;
  readonly faults: FaultBook;
  readonly rules: RuleBook;
  readonly datagrams: DatagramNet;
  /** What connections within a host see of it. */
  readonly local: LocalWorld;
  readonly names: Names;
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
    this.faults = new FaultBook(allFaults(options.faults, options.latency));
    this.rules = new RuleBook(this);
    this.local = new LocalWorld(this);
    this.names = new Names(this.trace);
    this.datagrams = new DatagramNet(this);
    this.giveUpAfter = options.giveUpAfter ?? DEFAULT_GIVE_UP;
  }

  // --- For the program: see `SimNetwork` ----------------------------------------------------------------------

  host(name: string): Host {
    checkName('host', name);
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
    this.trace.record('heal', pairOf(a, b));
    this.#paths.heal(a, b);
    this.#kick(KIND.retransmit, RETRANSMISSION);
  }

  hold(a: HostState, b: HostState): void {
    this.trace.record('hold', `${a.name}, ${b.name}`);
    this.#paths.hold(a, b);
  }

  release(a?: HostState, b?: HostState): void {
    this.trace.record('release', pairOf(a, b));
    for (const { from, to } of this.#paths.release(a, b)) this.#expireBetween(from, to);
    this.#kick(KIND.release, this.faults.all.latency);
    this.datagrams.release();
  }

  get waits(): readonly SimWait[] {
    const waits: SimWait[] = [];
    describeConnections(this.#connections, waits);
    for (const host of this.#hosts.values()) host.describe(waits);
    this.rules.describe(waits);
    this.datagrams.describe(waits);
    describeBoard(this.#board, this.clock, waits);
    for (const { board, clock } of this.#hosts.values()) {
      if (board !== undefined) describeBoard(board, clock, waits);
    }
    return waits;
  }

  get openStreams(): readonly string[] {
    return openEnds(this.#connections);
  }

  /** The seed of the run, for the random numbers of hosts. */
  seed = 0;

  onClock: HostNetwork['onClock'];

  /** A task of a host's program failed, and was not awaited. */
  onTaskError: (error: unknown, name: string) => void = (error, name) => {
    printLine(`task ${name} failed and was not awaited: ${describeFailure(error)}`);
  };

  /** The modules of Node on a host; the simulation makes them. */
  modulesOf: (name: string) => HostModules = () => {
    throw new Error('the modules of a host are there in `simulate` only');
  };
  /** The names of the hosts that have crashed, also of those that were restarted. */
  get crashed(): readonly string[] {
    const crashed = [...this.#hosts.values()].filter(({ isUp, lives }) => lives > 1 || !isUp);
    return crashed.map(({ name }) => name);
  }

  /** The tasks of the programs of hosts that have not ended. */
  get tasks(): readonly TaskInfo[] {
    return [...this.#hosts.values()].flatMap(({ tasks }) => tasks);
  }

  closeListeners(): void {
    closeAtEnd(this.#hosts.values());
    this.datagrams.close();
  }

  /** Loses what is on its way, and everything from now on, without notifying either end. */
  silence(connection: SimConnection): void {
    this.trace.record('silence', connection.label);
    connection.silence();
    this.#expire((other) => other === connection);
  }

  /** Breaks a connection at both ends. */
  reset(connection: SimConnection): void {
    this.trace.record('reset!', connection.label);
    connection.break('ECONNRESET', 'the peer reset the connection');
  }

  /** Cuts directions for a time. */
  breakPaths(ends: readonly (readonly [HostState, HostState])[], duration: number): void {
    const subject = ends.map(([from, to]) => `${from.name} → ${to.name}`).join(', ');
    this.trace.record('partition!', subject);
    const end = this.#paths.beginOutage(ends.map(([from, to]) => this.#paths.get(from, to)));
    const heal = (): void => {
      this.trace.record('heal!', subject);
      end();
      this.#kick(KIND.retransmit, RETRANSMISSION);
    };
    this.clock.schedule(heal, duration).unref();
  }

  /** The open connections. */
  get connections(): readonly SimConnection[] {
    return [...this.#connections];
  }

  /** Ends all that is wrong: nothing breaks by itself any more, paths are open, hosts are up. */
  quiet(): void {
    this.trace.record('quiet', 'all');
    this.faults.quiet();
    this.rules.clear();
    this.heal();
    this.release();
    for (const host of this.#hosts.values()) host.restart();
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
  join(client: SimMachine, from: InetAddress, server: SimMachine, to: InetAddress): SimConnection {
    const connection = new SimConnection(
      this,
      { host: client, address: from },
      { host: server, address: to },
      this,
    );
    this.add(connection);
    return connection;
  }

  add(connection: SimConnection): void {
    this.#connections.add(connection);
  }

  onEstablished(connection: SimConnection): void {
    const { server } = connection;
    const listener = this.#hosts.get(server.host.name)?.listenerAt(server.address.port);
    if (listener === undefined) server.transport.reset();
    else listener.admit(connection);
  }

  beforeDelivery(connection: SimConnection, to: HostState, draws: Draws): boolean {
    return meetChance(this, connection, to, draws);
  }

  onClosed(connection: SimConnection): void {
    this.#connections.delete(connection);
  }

  /** The host went down: its ends are closed, the others are not notified, nor are programs that are gone with it. */
  onCrash(host: Host, life: HostLife): void {
    this.datagrams.onCrash(host);
    for (const connection of this.#connections) {
      for (const { host: place, life: owner, transport } of connection.ends) {
        if (place !== host) continue;
        if (owner === life) transport.vanish();
        else transport.break('ERR_HOST_CRASHED', `the host ${host.name} crashed`);
      }
    }
    this.#expire((connection) => connection.touches(host));
  }

  /** The host is back: segments sent to it arrive at a host that knows no connection. */
  onRestart(_host: Host): void {
    this.#kick(KIND.retransmit, RETRANSMISSION);
  }

  // --- Inside --------------------------------------------------------------------------------------------------

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
  #expire(concerns: (connection: SimConnection) => boolean, stands = (): boolean => true): void {
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

const pairOf = (a: HostState | undefined, b: HostState | undefined): string =>
  a === undefined || b === undefined ? 'all' : `${a.name}, ${b.name}`;
