/** A host of a simulated network: its machine, its listeners, its connection attempts, its crashes and restarts. */

import { InetAddress, type AddressLike } from '../../../vocabulary/address.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import type { Executor } from '../../../tasks/executor.ts';
import { checkFunction, checkOptions, checkValue } from '../../../vocabulary/check.ts';
import {
  AddressError,
  BrokenError,
  ClosedError,
  invalidInput,
} from '../../../vocabulary/errors.ts';
import type { Random } from '../../../vocabulary/random.ts';
import type { TaskInfo } from '../../../tasks/task-types.ts';
import type { WaitBoard } from '../../../waiting/wait-board.ts';
import { charged } from '../../../waiting/charged.ts';
import { checkWaitOptions } from '../../../waiting/waiter.ts';
import { currentLife, isGone, never, type HostLife } from '../hosts/context.ts';
import { Life, pauseRule } from '../hosts/life.ts';
import { Machine } from '../hosts/machine.ts';
import type { SimHostClock } from '../hosts/types.ts';
import type { HostModules } from '../../../net/host-modules.ts';
import type { UdpOptions } from '../../../net/udp/udp-options.ts';
import type { UdpSocket } from '../../../net/udp/udp-socket.ts';
import type { DatagramNet } from '../datagrams/datagram-net.ts';
import { HostDisk } from '../disk/host-disk.ts';
import { Dialer, type DialerNetwork } from './dialer.ts';
import { diskOwner, disturbClock, ProgramContext } from './host-parts.ts';
import { HostListener } from './listener.ts';
import type { SimStream } from '../wire/stream.ts';
import {
  SIM_LISTEN_OPTIONS,
  type HostProgram,
  type SimConnectOptions,
  type SimHost,
  type SimListenOptions,
} from './types.ts';
import type { SimMachine, SimWait } from '../wire/world.ts';

/** The network, as its hosts see it. */
export interface HostNetwork extends DialerNetwork {
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

/** The first dynamic port (RFC 6335 section 6). */
const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;

export class Host implements SimHost, SimMachine {
  readonly name: string;
  readonly #network: HostNetwork;
  readonly #listeners = new Map<number, HostListener>();
  readonly #dialer: Dialer;
  readonly #programs: HostProgram[] = [];
  #nextPort = FIRST_FREE_PORT;
  readonly #machine: Machine;
  #disk: HostDisk | undefined;
  #isServer = false;

  constructor(name: string, network: HostNetwork) {
    this.name = name;
    this.#network = network;
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

  readonly listen = (port: number, options: SimListenOptions = {}): Promise<HostListener> =>
    isGone() ? never() : charged(this.#network, () => this.bind(port, options));

  /** As `listen`, at once. */
  bind(port: number, options: SimListenOptions = {}): HostListener {
    if (!Number.isInteger(port) || port < 0 || port > LAST_PORT) {
      throw invalidInput('listen', 'port', 'a whole number from 0 to 65535', port);
    }
    checkOptions('listen', options, SIM_LISTEN_OPTIONS);
    checkWaitOptions('listen', { signal: options.signal });
    this.#checkUp('listen');
    const bound = port === 0 ? this.freePort() : port;
    if (this.#listeners.has(bound)) {
      throw new AddressError(`listen: ${this.name}:${bound} is in use`, {
        code: 'EADDRINUSE',
        operation: 'listen',
      });
    }
    const address = new InetAddress(this.name, bound);
    const listener: HostListener = new HostListener(
      address,
      this.#network.clock,
      options,
      this.#own,
      () => {
        if (this.#listeners.get(bound) === listener) this.#listeners.delete(bound);
      },
    );
    this.#isServer = true;
    this.#listeners.set(bound, listener);
    this.#network.trace.record('listen', String(address));
    return listener;
  }

  readonly connect = (
    address: AddressLike | InetAddress,
    options: SimConnectOptions = {},
  ): Promise<SimStream> =>
    isGone() ? never() : charged(this.#network, () => this.#connect(address, options));

  async #connect(
    address: AddressLike | InetAddress,
    options: SimConnectOptions,
  ): Promise<SimStream> {
    this.#checkUp('connect');
    return this.#dialer.connect(address, options, this.#own);
  }

  readonly bindUdp = (port: number, options: UdpOptions = {}): Promise<UdpSocket> =>
    isGone() ? never() : charged(this.#network, () => this.#bindUdp(port, options));

  #bindUdp(port: number, options: UdpOptions): UdpSocket {
    this.#checkUp('bindUdp');
    return this.#network.datagrams.bind(this, port, options, this.#own);
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
    const reason = this.#crashed('run');
    const { life } = this.#machine;
    life.end(reason);
    this.#dialer.onCrash(reason);
    for (const listener of this.#listeners.values()) listener.onCrash();
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

  listenerAt(port: number): HostListener | undefined {
    return this.#listeners.get(port);
  }

  closeListeners(): void {
    for (const listener of this.#listeners.values()) listener.closeNow();
  }

  describe(into: SimWait[]): void {
    for (const listener of this.#listeners.values()) {
      const subject = `listener ${listener.localAddress}`;
      for (const wait of listener.statistics().waits) into.push({ ...wait, subject });
    }
    this.#dialer.describe(into);
  }

  #begin(program: HostProgram): void {
    const { life } = this.#machine;
    const context = new ProgramContext(this, life);
    const run = async (): Promise<void> => {
      try {
        await program(context);
      } catch (error) {
        if (!life.isStopped) throw error;
      }
    };
    life.executor.spawn(run, { name: `program of ${this.name}` });
  }

  freePort(): number {
    do {
      this.#nextPort = this.#nextPort === LAST_PORT ? FIRST_FREE_PORT : this.#nextPort + 1;
    } while (this.#listeners.has(this.#nextPort));
    return this.#nextPort;
  }

  #checkUp(operation: string): void {
    if (!this.isUp) throw this.#crashed(operation);
  }

  #crashed(operation: string): BrokenError {
    return new BrokenError(`${operation}: the host ${this.name} crashed`, {
      code: 'ERR_HOST_CRASHED',
      operation,
    });
  }
}
