/**
 * An attempt to connect: SYN, the answer, and trying again when there is none.
 *
 * As TCP does it: a SYN that is lost (a partition, a host that is down) is sent again after 1, 2, 4… seconds until the
 * network's `giveUpAfter`; a host that is there but has no listener refuses at once. The stream is made when the answer
 * is back; the listener hears of it one trip later, before everything the client writes.
 */

import { InetAddress, parseAddress, type AddressLike } from '../../vocabulary/address.ts';
import type { StreamOptions } from '../../streams/byte-stream.ts';
import { AddressError, BrokenError, invalidInput } from '../../vocabulary/errors.ts';
import { ListedWaiter, type WaitOptions } from '../../waiting/waiter.ts';
import type { SimConnection } from './connection.ts';
import type { SimStream } from './stream.ts';
import { drawLatency, type Place, type World } from './world.ts';

/** Options of {@link SimHost.connect}; those that only sockets have are accepted and do nothing. */
export interface SimConnectOptions extends WaitOptions, StreamOptions {
  /** Taken and not looked at, so that options of TCP fit. */
  readonly noDelay?: boolean | undefined;
  readonly keepAlive?: boolean | number | undefined;
}

/** A host that may be connected to. */
export interface Server extends Place {
  listenerAt(port: number): unknown;
}

/** What an attempt asks of the network. */
export interface AttemptNetwork extends World {
  find(name: string): Server | undefined;
  isHeld(from: Place, to: Place): boolean;
  join(client: Place, from: InetAddress, server: Place, to: InetAddress): SimConnection;
}

/** The wait before a SYN is sent again the first time, in milliseconds (RFC 6298 section 2); it doubles. */
const FIRST_RETRY = 1_000;

export class ConnectAttempt {
  readonly #network: AttemptNetwork;
  readonly #client: Place;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #options: SimConnectOptions;
  readonly #wait: ListedWaiter<SimStream>;
  #isSettled = false;
  #retry = FIRST_RETRY;
  /** `client → server:80` */
  readonly subject: string;
  readonly since: number;

  constructor(
    network: AttemptNetwork,
    client: Place,
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
    this.#wait = new ListedWaiter<SimStream>('connect', options.clock ?? network.clock, options);
    this.#wait.owner = {
      remove: () => {
        this.#isSettled = true;
      },
    };
  }

  /** Sends the first SYN. */
  begin(from: InetAddress): Promise<SimStream> {
    this.#network.trace.record('connect', this.subject);
    this.#send(from);
    return this.#wait.promise;
  }

  /** Ends the attempt from outside. */
  fail(reason: unknown): void {
    if (!this.#isSettled) this.#wait.reject(reason);
  }

  #send(from: InetAddress): void {
    this.#later(drawLatency(this.#network), () => {
      const server = this.#network.find(this.#target.host);
      if (server === undefined) this.#refuse('ENOTFOUND', 'no host has this name');
      else if (!this.#network.isOpen(this.#client, server)) this.#tryAgain(from, server);
      else this.#answer(from, server);
    });
  }

  /** The SYN is at the server; its answer travels back. */
  #answer(from: InetAddress, server: Server): void {
    const { random, faults } = this.#network;
    const isRefused = random.chance(faults.refuse);
    const listens = server.listenerAt(this.#target.port) !== undefined && !isRefused;
    this.#later(drawLatency(this.#network), () => {
      if (!this.#network.isOpen(server, this.#client)) {
        this.#tryAgain(from, server);
      } else if (!listens) {
        this.#refuse('ECONNREFUSED', 'nobody listens there');
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
  #tryAgain(from: InetAddress, server: Server): void {
    const { clock, giveUpAfter } = this.#network;
    const isHeld =
      this.#network.isHeld(this.#client, server) || this.#network.isHeld(server, this.#client);
    const left = giveUpAfter - (clock.now() - this.since);
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

  #refuse(code: string, why: string): void {
    this.#network.trace.record('refused', `${this.subject} ${code}`);
    const options = { code, operation: 'connect' };
    const message = `connect: ${this.#target.host}:${this.#target.port}: ${why}`;
    this.#wait.reject(
      code === 'ETIMEDOUT' ? new BrokenError(message, options) : new AddressError(message, options),
    );
  }

  /** The next step, unless the attempt was given up meanwhile. */
  #later(delay: number, step: () => void): void {
    this.#network.clock.schedule(() => {
      if (!this.#isSettled) step();
    }, delay);
  }
}
