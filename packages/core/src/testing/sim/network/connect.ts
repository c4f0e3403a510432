/**
 * An attempt to connect: SYN, the answer, and retries.
 *
 * As in TCP: a SYN that is lost (a partition, a host that is down) is sent again after 1, 2, 4… seconds until the network's
 * `giveUpAfter`; a host that is up and has no listener refuses at once. The stream is made when the answer is back; the
 * listener receives the connection one trip later, before everything that the client writes.
 */

import { InetAddress } from '../../../vocabulary/address.ts';
import { AddressError, BrokenError } from '../../../vocabulary/errors.ts';
import { ListedWaiter } from '../../../waiting/waiter.ts';
import type { Draws } from '../decisions/draws.ts';
import { KIND } from '../decisions/kinds.ts';
import { enterLife, type HostLife } from '../hosts/context.ts';
import { Packet } from '../rules/packet.ts';
import type { SimPacket } from '../rules/types.ts';
import type { SimConnection } from '../wire/connection.ts';
import { openSimStream, type SimStream } from '../wire/stream.ts';
import type { SimConnectOptions } from '../wire/connect-options.ts';
import { drawFrom } from '../wire/faults.ts';
import type { HostState } from '../paths/paths.ts';
import type { SimMachine, World } from '../wire/world.ts';

/** A host to connect to. */
export interface Server extends SimMachine {
  listenerAt(port: number): unknown;
}

/** Where to: a name and a port, and the host that the name stands for now. */
export interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  readonly name: string;
}

/** The network, as an attempt sees it. */
export interface AttemptNetwork extends World {
  find(name: string): Server | undefined;
  isHeld(from: HostState, to: HostState): boolean;
  join(client: SimMachine, from: InetAddress, server: SimMachine, to: InetAddress): SimConnection;
}

const NOTHING = new Uint8Array(0);
/** The delay of the first retry of a SYN, in milliseconds (RFC 6298 section 2); it doubles each time. */
const FIRST_RETRY = 1_000;

export class ConnectAttempt {
  readonly #network: AttemptNetwork;
  readonly #client: SimMachine;
  readonly #life: HostLife | undefined;
  readonly #target: ConnectTarget;
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
    client: SimMachine,
    target: ConnectTarget,
    options: SimConnectOptions,
    life: HostLife | undefined,
  ) {
    this.#network = network;
    this.#client = client;
    this.#life = life;
    this.#target = target;
    this.#options = options;
    this.subject = `${client.name} → ${target.host}:${target.port}`;
    this.since = network.clock.now();
    this.#unreachableSince = this.since;
    this.#wait = new ListedWaiter<SimStream>(
      'connect',
      options.clock ?? life?.clock ?? network.clock,
      options,
    );
    this.#wait.owner = {
      remove: () => {
        this.#isSettled = true;
      },
    };
  }

  /** Sends the first SYN. */
  begin(from: InetAddress): Promise<SimStream> {
    const { name, port } = this.#target;
    this.#network.trace.record('connect', this.subject);
    this.#draws = this.#network.decisions.of(`${from} → ${name}:${port}`);
    this.#send(from);
    return this.#wait.promise;
  }

  /** The client's host crashed: a program that is gone with it notices nothing. */
  onCrash(reason: unknown): void {
    if (this.#life === undefined) this.fail(reason);
    else this.#isSettled = true;
  }

  /** Fails the attempt from outside. */
  fail(reason: unknown): void {
    if (!this.#isSettled) this.#wait.reject(reason);
  }

  #send(from: InetAddress): void {
    const { rules } = this.#network;
    const { name: host, port } = this.#target;
    const server = this.#network.find(host);
    const syn = rules.isEmpty
      ? undefined
      : new Packet('syn', from, new InetAddress(host, port), NOTHING);
    const late = syn === undefined ? 0 : rules.lateness(syn);
    this.#later(this.#trip(this.#client, server ?? this.#client) + late, () => {
      this.#arrive(from, syn);
    });
  }

  /** The SYN arrives, if it does. */
  #arrive(from: InetAddress, syn: SimPacket | undefined): void {
    const { rules } = this.#network;
    const { name: host, port } = this.#target;
    const server = this.#network.find(host);
    if (server === undefined) {
      this.#refuse('ENOTFOUND', 'no such host');
      return;
    }
    if (!this.#network.isOpen(this.#client, server)) {
      this.#sendAgain(from, server);
      return;
    }
    if (rules.isEmpty) {
      this.#answer(from, server);
      return;
    }
    const packet = syn ?? new Packet('syn', from, new InetAddress(host, port), NOTHING);
    const verdict = rules.judge(packet);
    if (verdict === 'passes') this.#answer(from, server);
    else if (verdict === 'lost') this.#sendAgain(from, server);
    else {
      verdict.hold(packet, () => {
        this.#later(0, () => {
          this.#arrive(from, packet);
        });
      });
    }
  }

  /** The SYN arrived at the server; its answer travels back. */
  #answer(from: InetAddress, server: Server): void {
    const isRefused =
      this.#draws?.chance(KIND.refuse, this.#network.faults.of(this.#client, server).refuse) ===
      true;
    const listens = server.listenerAt(this.#target.port) !== undefined && !isRefused;
    this.#later(this.#trip(server, this.#client), () => {
      if (!this.#network.isOpen(server, this.#client)) {
        this.#sendAgain(from, server);
      } else if (!listens) {
        this.#refuse('ECONNREFUSED', 'no listener on this port');
      } else {
        const to = new InetAddress(server.name, this.#target.port);
        this.#onAnswered(this.#network.join(this.#client, from, server, to));
      }
    });
  }

  /** The program has its stream when its host runs; the connection is made before. */
  #onAnswered(connection: SimConnection): void {
    connection.establish();
    this.#notify(() => {
      if (this.#isSettled) {
        connection.client.transport.reset();
        return;
      }
      const { clock, readHighWaterMark, writeHighWaterMark } = this.#options;
      const options = { clock, readHighWaterMark, writeHighWaterMark };
      this.#wait.resolve(connection.open(connection.client, openSimStream, options, this.#life));
    });
  }

  #notify(event: () => void): void {
    const life = this.#life;
    const happen = life === undefined ? event : (): void => enterLife(life, event);
    if (this.#client.isKeeping) this.#client.keep(happen);
    else happen();
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
  #trip(from: HostState, to: HostState): number {
    return this.#draws === undefined
      ? 0
      : drawFrom(this.#draws, KIND.handshake, this.#network.faults.of(from, to).latency);
  }

  #refuse(code: string, why: string): void {
    this.#network.trace.record('refused', `${this.subject} ${code}`);
    const options = { code, operation: 'connect' };
    const message = `connect: ${this.#target.host}:${this.#target.port}: ${why}`;
    const error =
      code === 'ETIMEDOUT' ? new BrokenError(message, options) : new AddressError(message, options);
    this.#notify(() => {
      this.fail(error);
    });
  }

  /** Runs the next step, unless the attempt was cancelled meanwhile. */
  #later(delay: number, step: () => void): void {
    this.#network.clock.schedule(() => {
      if (!this.#isSettled) step();
    }, delay);
  }
}
