/** A host of a simulated network: its machine, its listeners, its connection attempts, its crashes and restarts. */

import type { AddressLike, InetAddress } from '../../../vocabulary/address.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import type { Executor } from '../../../tasks/executor.ts';
import { checkFunction, checkValue } from '../../../vocabulary/check.ts';
import { ClosedError, type BrokenError } from '../../../vocabulary/errors.ts';
import type { Random } from '../../../vocabulary/random.ts';
import type { TaskInfo } from '../../../tasks/task-types.ts';
import type { WaitBoard } from '../../../waiting/wait-board.ts';
import { charged } from '../../../waiting/charged.ts';
import { currentLife, isGone, never, type HostLife } from '../hosts/context.ts';
import { hostCrashed } from '../hosts/crashed.ts';
import { Life, pauseRule } from '../hosts/life.ts';
import { Machine } from '../hosts/machine.ts';
import type { SimHostClock } from '../hosts/types.ts';
import type { HostModules } from '../../../net/host-modules.ts';
import type { UdpOptions } from '../../../net/udp/udp-options.ts';
import type { UdpSocket } from '../../../net/udp/udp-socket.ts';
import type { DatagramNet } from '../datagrams/datagram-net.ts';
import type { DiskCalls } from '../disk/disk-calls.ts';
import { HostDisk } from '../disk/host-disk.ts';
import { UnixSockets, type UnixNetwork } from '../unix/unix-sockets.ts';
import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimUnixAddress, SimUnixListener, SimUnixListenOptions } from '../unix/unix-types.ts';
import type { SimConnectOptions } from '../wire/connect-options.ts';
import { Dialer, type DialerNetwork } from './dialer.ts';
import { beginProgram, diskOwner, disturbClock } from './host-parts.ts';
import { checkListen, Ports, type PortListener } from './ports.ts';
import type { SimStream } from '../wire/stream.ts';
import type { HostProgram, SimHost, SimListenOptions } from './types.ts';
import type { SimMachine, SimWait } from '../wire/world.ts';

/** The network, as its hosts see it. */
export interface HostNetwork extends DialerNetwork, UnixNetwork {
  /** The seed of the run. */
  readonly seed: number;
  readonly datagrams: DatagramNet;
  onCrash(host: Host, life: HostLife): void;
  onRestart(host: Host): void;
  modulesOf(name: string): HostModules;
  /** The clock of a host was made. */
  readonly onClock: ((clock: Clock, host: string) => void) | undefined;
  /** A task of a host's program failed, and was not awaited. */
  onTaskError(error: unknown, name: string): void;
}

export class Host implements SimHost, SimMachine {
  readonly name: string;
  readonly #network: HostNetwork;
  readonly #ports: Ports;
  #unix: UnixSockets | undefined;
  readonly #dialer: Dialer;
  readonly #programs: HostProgram[] = [];
  readonly #machine: Machine;
  #disk: HostDisk | undefined;
  #isServer = false;

  constructor(name: string, network: HostNetwork) {
    this.name = name;
    this.#network = network;
    this.#ports = new Ports(name, network);
    this.#dialer = new Dialer(network, this);
    this.#machine = new Machine({
      name,
      time: network.clock,
      seed: network.seed,
      record: (event, subject, count) => {
        network.trace.record(event, subject, count);
      },
      onTaskError: (error, task) => {
        network.onTaskError(error, task);
      },
      onClock: network.onClock,
    });
    disturbClock(this, this.#network);
  }

  get isUp(): boolean {
    return this.#machine.isUp;
  }

  get lives(): number {
    return this.#machine.lives;
  }

  get isPaused(): boolean {
    return this.#machine.life.isPaused;
  }

  get clock(): SimHostClock {
    return this.#life.clock;
  }

  get executor(): Executor {
    return this.#life.executor;
  }

  get random(): Random {
    return this.#life.random;
  }

  get isServer(): boolean {
    return this.#isServer;
  }

  get disk(): HostDisk {
    this.#disk ??= new HostDisk(diskOwner(this, this.#network, () => this.#own));
    return this.#disk;
  }

  get signal(): AbortSignal {
    const life = this.#own;
    return life === undefined ? this.#machine.life.crashSignal : life.stopSignal;
  }

  get isKeeping(): boolean {
    return this.#machine.life.isKeeping;
  }

  keep(event: () => void): void {
    this.#machine.life.keep(event);
  }

  /** The life of the caller, if it runs here: a program that is gone still sees its own. */
  get #own(): Life | undefined {
    const life = currentLife();
    return life instanceof Life && life.machine === this.#machine ? life : undefined;
  }

  get #life(): Life {
    return this.#own ?? this.#machine.life;
  }

  get tasks(): readonly TaskInfo[] {
    return this.isUp ? this.#machine.life.tasks : [];
  }

  get board(): WaitBoard | undefined {
    return this.isUp ? this.#machine.life.board : undefined;
  }

  get net(): HostModules['net'] {
    return this.#network.modulesOf(this.name).net;
  }

  get tls(): HostModules['tls'] {
    return this.#network.modulesOf(this.name).tls;
  }

  get dns(): HostModules['dns'] {
    return this.#network.modulesOf(this.name).dns;
  }

  readonly listen = (port: number, options: SimListenOptions = {}): Promise<PortListener> =>
    isGone() ? never() : charged(this.#network, () => this.bind(port, options));

  /** As `listen`, at once. */
  bind(port: number, options: SimListenOptions = {}): PortListener {
    checkListen(port, options);
    this.#checkUp('listen');
    const listener = this.#ports.listen(port, options, this.#own);
    this.#isServer = true;
    return listener;
  }

  readonly listenUnix = (
    address: SimUnixAddress,
    options: SimUnixListenOptions = {},
  ): Promise<SimUnixListener> =>
    isGone() ? never() : charged(this.#network, () => this.bindUnix(address, options));

  /** As `listenUnix`, at once. */
  bindUnix(address: SimUnixAddress, options: SimUnixListenOptions = {}): SimUnixListener {
    this.#checkUp('listenUnix');
    const listener = this.#sockets.listen(address, options, this.#own);
    this.#isServer = true;
    return listener;
  }

  readonly connectUnix = (
    address: SimUnixAddress,
    options: SimConnectOptions = {},
  ): Promise<SimUnixStream> =>
    this.#call('connectUnix', () => this.#sockets.connect(address, options, this.#own));

  get #sockets(): UnixSockets {
    this.#unix ??= new UnixSockets(this, this.#network);
    return this.#unix;
  }

  /** The files of its disk, for its Unix sockets. */
  get files(): DiskCalls {
    return this.disk.calls;
  }

  readonly connect = (
    address: AddressLike | InetAddress,
    options: SimConnectOptions = {},
  ): Promise<SimStream> =>
    this.#call('connect', () => this.#dialer.connect(address, options, this.#own));

  readonly bindUdp = (port: number, options: UdpOptions = {}): Promise<UdpSocket> =>
    this.#call('bindUdp', () => this.#network.datagrams.bind(this, port, options, this.#own));

  /** Makes a call: it never settles for a program that is gone, and fails while the host is down. */
  #call<T>(operation: string, body: () => Promise<T> | T): Promise<T> {
    if (isGone()) return never();
    return charged(this.#network, () => {
      this.#checkUp(operation);
      return body();
    });
  }

  run(program: HostProgram): void {
    checkFunction('run', 'program', program);
    if (isGone()) return;
    this.#programs.push(program);
    if (this.isUp) this.#begin(program);
  }

  enter<T>(body: () => T): T {
    checkFunction('enter', 'body', body);
    this.#checkUp('enter');
    return this.#machine.life.enter(body);
  }

  pause(milliseconds: number): void {
    checkValue('pause', 'milliseconds', milliseconds, pauseRule);
    if (this.isUp) this.#machine.life.pause(milliseconds);
  }

  stop(): void {
    if (!this.isUp) return;
    this.#network.trace.record('stop', this.name);
    const message = `run: the host ${this.name} was asked to stop`;
    this.#machine.life.stop(
      new ClosedError(message, { code: 'ERR_HOST_STOPPED', operation: 'run' }),
    );
  }

  crash(): void {
    if (!this.isUp) return;
    this.#network.trace.record('crash', this.name);
    const reason = this.crashed('run');
    const { life } = this.#machine;
    life.end(reason);
    this.#dialer.onCrash(reason);
    this.#ports.onCrash();
    this.#unix?.onCrash();
    this.#disk?.crash();
    this.#network.onCrash(this, life);
  }

  restart(): void {
    if (this.isUp) return;
    this.#network.trace.record('restart', this.name);
    this.#machine.start();
    disturbClock(this, this.#network);
    this.#network.onRestart(this);
    for (const program of this.#programs) this.#begin(program);
  }

  listenerAt(port: number): PortListener | undefined {
    return this.#ports.at(port);
  }

  closeListeners(): void {
    this.#ports.close();
    this.#unix?.closeListeners();
  }

  describe(into: SimWait[]): void {
    this.#ports.describe(into);
    this.#unix?.describe(into);
    this.#dialer.describe(into);
  }

  #begin(program: HostProgram): void {
    beginProgram(this, this.#machine.life, program);
  }

  freePort(): number {
    return this.#ports.free();
  }

  #checkUp(operation: string): void {
    if (!this.isUp) throw this.crashed(operation);
  }

  crashed(operation: string): BrokenError {
    return hostCrashed(operation, this.name);
  }
}
