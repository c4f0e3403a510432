/**
 * An attempt to connect: SYN, the answer, and retries.
 *
 * As in TCP: a SYN that is lost (a partition, a host that is down) is sent again after 1, 2, 4… seconds until the network's
 * `giveUpAfter`; a host that is up and has no listener refuses at once. The stream is made when the answer is back; the
 * listener receives the connection one trip later, before everything that the client writes.
 */

import { InetAddress, parseAddress, type AddressLike } from '../../../vocabulary/address.ts';
import { AddressError, BrokenError, invalidInput } from '../../../vocabulary/errors.ts';
import { ListedWaiter } from '../../../waiting/waiter.ts';
import type { Draws } from '../decisions/draws.ts';
import { KIND } from '../decisions/kinds.ts';
import type { SimConnection } from './connection.ts';
import type { SimStream } from './stream.ts';
import type { SimConnectOptions } from './types.ts';
import { drawFrom } from './faults.ts';
import type { HostState, World } from './world.ts';

/** A host to connect to. */
export interface Server extends HostState {
  listenerAt(port: number): unknown;
}

/** The network, as an attempt sees it. */
export interface AttemptNetwork extends World {
  find(name: string): Server | undefined;
  isHeld(from: HostState, to: HostState): boolean;
  join(client: HostState, from: InetAddress, server: HostState, to: InetAddress): SimConnection;
}

/** The delay of the first retry of a SYN, in milliseconds (RFC 6298 section 2); it doubles each time. */
const FIRST_RETRY = 1_000;

export class ConnectAttempt {
  readonly #network: AttemptNetwork;
  readonly #client: HostState;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #options: SimConnectOptions;
  readonly #wait: ListedWaiter<SimStream>;
  /** What chance does to the connection that it becomes, on the way to the server. */
  #draws: Draws | undefined;
  #isSettled = false;
  #retry = FIRST_RETRY;
  /** From when on the host counts as unreachable: not while a path is held. */
  #unreachableSince: number;
  /** `client → server:80` */
  readonly subject: string;
  readonly since: number;

  constructor(
    network: AttemptNetwork,
    client: HostState,
    address: AddressLike | InetAddress,
    options: SimConnectOptions,
  ) {
    const target = parseAddress(address, 'connect', client.name);
    if ('path' in target) throw invalidInput('connect', 'address', 'a host and port', address);
    this.#network = network;
    this.#client = client;
    this.#target = target;
    this.#options = options;
    this.subject = `${client.name} → ${target.host}:${target.port}`;
    this.since = network.clock.now();
    this.#unreachableSince = this.since;
    this.#wait = new ListedWaiter<SimStream>('connect', options.clock ?? network.clock, options);
    this.#wait.owner = {
      remove: () => {
        this.#isSettled = true;
      },
    };
  }

  /** Sends the first SYN. */
  begin(from: InetAddress): Promise<SimStream> {
    const { host, port } = this.#target;
    this.#network.trace.record('connect', this.subject);
    this.#draws = this.#network.decisions.of(`${from} → ${host}:${port}`);
    this.#send(from);
    return this.#wait.promise;
  }

  /** Fails the attempt from outside. */
  fail(reason: unknown): void {
    if (!this.#isSettled) this.#wait.reject(reason);
  }

  #send(from: InetAddress): void {
    this.#later(this.#trip(), () => {
      const server = this.#network.find(this.#target.host);
      if (server === undefined) this.#refuse('ENOTFOUND', 'no such host');
      else if (!this.#network.isOpen(this.#client, server)) this.#sendAgain(from, server);
      else this.#answer(from, server);
    });
  }

  /** The SYN arrived at the server; its answer travels back. */
  #answer(from: InetAddress, server: Server): void {
    const isRefused = this.#draws?.chance(KIND.refuse, this.#network.faults.refuse) === true;
    const listens = server.listenerAt(this.#target.port) !== undefined && !isRefused;
    this.#later(this.#trip(), () => {
      if (!this.#network.isOpen(server, this.#client)) {
        this.#sendAgain(from, server);
      } else if (!listens) {
        this.#refuse('ECONNREFUSED', 'no listener on this port');
      } else {
        const to = new InetAddress(server.name, this.#target.port);
        const connection = this.#network.join(this.#client, from, server, to);
        const { clock, readHighWaterMark, writeHighWaterMark } = this.#options;
        const options = { clock, readHighWaterMark, writeHighWaterMark };
        connection.establish();
        this.#wait.resolve(connection.open(connection.client, options));
      }
    });
  }

  /** The SYN, or its answer, was lost. */
  #sendAgain(from: InetAddress, server: Server): void {
    const { clock, giveUpAfter } = this.#network;
    const isHeld =
      this.#network.isHeld(this.#client, server) || this.#network.isHeld(server, this.#client);
    if (isHeld) this.#unreachableSince = clock.now();
    const left = giveUpAfter - (clock.now() - this.#unreachableSince);
    if (isHeld || this.#retry < left) {
      this.#later(this.#retry, () => {
        this.#send(from);
      });
      if (!isHeld) this.#retry *= 2;
    } else {
      this.#later(Math.max(0, left), () => {
        this.#refuse('ETIMEDOUT', 'the host could not be reached');
      });
    }
  }

  /** How long the next step of the handshake travels. */
  #trip(): number {
    return this.#draws === undefined
      ? 0
      : drawFrom(this.#draws, KIND.handshake, this.#network.latency);
  }

  #refuse(code: string, why: string): void {
    this.#network.trace.record('refused', `${this.subject} ${code}`);
    const options = { code, operation: 'connect' };
    const message = `connect: ${this.#target.host}:${this.#target.port}: ${why}`;
    this.#wait.reject(
      code === 'ETIMEDOUT' ? new BrokenError(message, options) : new AddressError(message, options),
    );
  }

  /** Runs the next step, unless the attempt was cancelled meanwhile. */
  #later(delay: number, step: () => void): void {
    this.#network.clock.schedule(() => {
      if (!this.#isSettled) step();
    }, delay);
  }
}
