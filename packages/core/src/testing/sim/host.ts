/** A host of a simulated network: what listens and connects there, and what happens to it. */

import { InetAddress, type AddressLike } from '../../vocabulary/address.ts';
import { AddressError, BrokenError, invalidInput } from '../../vocabulary/errors.ts';
import { checkWaitOptions } from '../../waiting/waiter.ts';
import { ConnectAttempt, type AttemptNetwork, type SimConnectOptions } from './connect.ts';
import { checkListenOptions, SimListener, type SimListenOptions } from './listener.ts';
import type { SimStream } from './stream.ts';
import type { Place, SimWait } from './world.ts';

/** What a host asks of its network. */
export interface HostNetwork extends AttemptNetwork {
  onCrash(host: SimHost): void;
  onRestart(host: SimHost): void;
  runProgram(name: string, program: () => Promise<void>): void;
}

/** A program of a host: begun at once and again after each restart. */
export type HostProgram = (context: {
  /** Aborts when the host crashes: the program is expected to end, and its failure then counts for nothing. */
  readonly signal: AbortSignal;
}) => Promise<void>;

/** The first of the ports that are chosen freely (RFC 6335 section 6). */
const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;

/** A machine with a name. */
export class SimHost implements Place {
  /** What others connect to. */
  readonly name: string;
  readonly #network: HostNetwork;
  readonly #listeners = new Map<number, SimListener>();
  readonly #attempts = new Set<ConnectAttempt>();
  readonly #programs: HostProgram[] = [];
  #nextPort = FIRST_FREE_PORT;
  #life = new AbortController();
  #isUp = true;
  #isServer = false;

  /** @internal Hosts come from `sim.host(name)`. */
  constructor(name: string, network: HostNetwork) {
    this.name = name;
    this.#network = network;
  }

  /** Whether the host is running: it has not crashed, or was restarted. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether somebody has listened here: only such hosts are crashed by the dice. */
  get isServer(): boolean {
    return this.#isServer;
  }

  /** Aborts when the host crashes; a new one after the restart. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Listens on a port; may be passed on as a function of its own.
   *
   * @param port - A whole number from 0; 0 chooses a free one.
   * @returns A listener with the contract of `TcpListener`.
   * @throws `AddressError` (`EADDRINUSE`); `BrokenError` when the host is down; `InvalidInputError`; `signal.reason`.
   */
  readonly listen = async (port: number, options: SimListenOptions = {}): Promise<SimListener> => {
    if (!Number.isInteger(port) || port < 0 || port > LAST_PORT) {
      throw invalidInput('listen', 'port', 'a whole number from 0 to 65535', port);
    }
    checkWaitOptions('listen', { signal: options.signal });
    checkListenOptions(options);
    this.#checkUp('listen');
    const bound = port === 0 ? this.#freePort() : port;
    if (this.#listeners.has(bound)) {
      throw new AddressError(`listen: ${this.name}:${bound} is in use`, {
        code: 'EADDRINUSE',
        operation: 'listen',
      });
    }
    const address = new InetAddress(this.name, bound);
    const listener = new SimListener(address, this.#network.clock, options, () => {
      this.#listeners.delete(bound);
    });
    this.#isServer = true;
    this.#listeners.set(bound, listener);
    this.#network.trace.record('listen', String(address));
    return listener;
  };

  /**
   * Connects to a host of the network; may be passed on as a function of its own (`new HttpClient({ connect })`).
   *
   * @param address - `'server:80'` or `{ host, port }`; without a host, this one.
   * @returns A stream with the contract of `TcpStream`.
   * @throws `AddressError` (`ENOTFOUND`, `ECONNREFUSED`); `BrokenError` (`ETIMEDOUT`) when the host cannot be reached;
   * `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  readonly connect = async (
    address: AddressLike | InetAddress,
    options: SimConnectOptions = {},
  ): Promise<SimStream> => {
    checkWaitOptions('connect', options);
    this.#checkUp('connect');
    const attempt = new ConnectAttempt(this.#network, this, address, options);
    this.#attempts.add(attempt);
    try {
      return await attempt.begin(new InetAddress(this.name, this.#freePort()));
    } finally {
      this.#attempts.delete(attempt);
    }
  };

  /** Runs a program now and after each restart: a server that comes back with its host. */
  run(program: HostProgram): void {
    this.#programs.push(program);
    if (this.#isUp) this.#begin(program);
  }

  /**
   * Stops the machine at once: its streams and listeners are gone, and no peer is told.
   *
   * Peers find out by `ETIMEDOUT` (the network's `giveUpAfter`), or by `ECONNRESET` when they send something and the host
   * is back. What runs on the host sees its streams fail with `ERR_HOST_CRASHED`, and {@link SimHost.signal} abort.
   */
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

  /** Starts the machine again, with its programs. */
  restart(): void {
    if (this.#isUp) return;
    this.#network.trace.record('restart', this.name);
    this.#isUp = true;
    this.#life = new AbortController();
    this.#network.onRestart(this);
    for (const program of this.#programs) this.#begin(program);
  }

  /** @internal */
  listenerAt(port: number): SimListener | undefined {
    return this.#listeners.get(port);
  }

  /** @internal */
  closeListeners(): void {
    for (const listener of this.#listeners.values()) listener.closeNow();
  }

  /** @internal */
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
