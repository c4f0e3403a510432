/** A host of a simulated network: its listeners, its connection attempts, its crashes and restarts. */

import { InetAddress, type AddressLike } from '../../../vocabulary/address.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import { AddressError, BrokenError, invalidInput } from '../../../vocabulary/errors.ts';
import { charged } from '../../../waiting/charged.ts';
import { checkWaitOptions } from '../../../waiting/waiter.ts';
import { ConnectAttempt, type AttemptNetwork } from './connect.ts';
import { HostListener } from './listener.ts';
import type { SimStream } from './stream.ts';
import {
  SIM_CONNECT_OPTIONS,
  SIM_LISTEN_OPTIONS,
  type HostModules,
  type HostProgram,
  type SimConnectOptions,
  type SimHost,
  type SimListenOptions,
} from './types.ts';
import type { HostState, SimWait } from './world.ts';

/** The network, as its hosts see it. */
export interface HostNetwork extends AttemptNetwork {
  onCrash(host: Host): void;
  onRestart(host: Host): void;
  runProgram(name: string, program: () => Promise<void>): void;
  modulesOf(name: string): HostModules;
}

/** The first dynamic port (RFC 6335 section 6). */
const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;

export class Host implements SimHost, HostState {
  readonly name: string;
  readonly #network: HostNetwork;
  readonly #listeners = new Map<number, HostListener>();
  readonly #attempts = new Set<ConnectAttempt>();
  readonly #programs: HostProgram[] = [];
  #nextPort = FIRST_FREE_PORT;
  #life = new AbortController();
  #isUp = true;
  #isServer = false;

  constructor(name: string, network: HostNetwork) {
    this.name = name;
    this.#network = network;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isServer(): boolean {
    return this.#isServer;
  }

  get signal(): AbortSignal {
    return this.#life.signal;
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
    charged(this.#network, () => this.bind(port, options));

  /** As `listen`, at once. */
  bind(port: number, options: SimListenOptions = {}): HostListener {
    if (!Number.isInteger(port) || port < 0 || port > LAST_PORT) {
      throw invalidInput('listen', 'port', 'a whole number from 0 to 65535', port);
    }
    checkOptions('listen', options, SIM_LISTEN_OPTIONS);
    checkWaitOptions('listen', { signal: options.signal });
    this.#checkUp('listen');
    const bound = port === 0 ? this.#freePort() : port;
    if (this.#listeners.has(bound)) {
      throw new AddressError(`listen: ${this.name}:${bound} is in use`, {
        code: 'EADDRINUSE',
        operation: 'listen',
      });
    }
    const address = new InetAddress(this.name, bound);
    const listener = new HostListener(address, this.#network.clock, options, () => {
      this.#listeners.delete(bound);
    });
    this.#isServer = true;
    this.#listeners.set(bound, listener);
    this.#network.trace.record('listen', String(address));
    return listener;
  }

  readonly connect = (
    address: AddressLike | InetAddress,
    options: SimConnectOptions = {},
  ): Promise<SimStream> => charged(this.#network, () => this.#connect(address, options));

  async #connect(
    address: AddressLike | InetAddress,
    options: SimConnectOptions,
  ): Promise<SimStream> {
    checkOptions('connect', options, SIM_CONNECT_OPTIONS);
    checkWaitOptions('connect', options);
    this.#checkUp('connect');
    const attempt = new ConnectAttempt(this.#network, this, address, options);
    this.#attempts.add(attempt);
    try {
      return await attempt.begin(new InetAddress(this.name, this.#freePort()));
    } finally {
      this.#attempts.delete(attempt);
    }
  }

  run(program: HostProgram): void {
    this.#programs.push(program);
    if (this.#isUp) this.#begin(program);
  }

  crash(): void {
    if (!this.#isUp) return;
    this.#network.trace.record('crash', this.name);
    this.#isUp = false;
    const reason = this.#crashed('run');
    this.#life.abort(reason);
    for (const attempt of this.#attempts) attempt.fail(reason);
    this.closeListeners();
    this.#network.onCrash(this);
  }

  restart(): void {
    if (this.#isUp) return;
    this.#network.trace.record('restart', this.name);
    this.#isUp = true;
    this.#life = new AbortController();
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
    const now = this.#network.clock.now();
    for (const { subject, since } of this.#attempts) {
      into.push({ subject, operation: 'connect', age: now - since });
    }
  }

  #begin(program: HostProgram): void {
    const { signal } = this.#life;
    this.#network.runProgram(this.name, async () => {
      try {
        await program({ signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    });
  }

  #freePort(): number {
    do {
      this.#nextPort = this.#nextPort === LAST_PORT ? FIRST_FREE_PORT : this.#nextPort + 1;
    } while (this.#listeners.has(this.#nextPort));
    return this.#nextPort;
  }

  #checkUp(operation: string): void {
    if (!this.#isUp) throw this.#crashed(operation);
  }

  #crashed(operation: string): BrokenError {
    return new BrokenError(`${operation}: the host ${this.name} crashed`, {
      code: 'ERR_HOST_CRASHED',
      operation,
    });
  }
}
