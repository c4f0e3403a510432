/** A bound UDP port of a simulated host, in the shape that `UdpSocket` needs of `node:dgram`. */

import type { DatagramPort } from '../../../net/udp/datagram-port.ts';
import { InetAddress } from '../../../vocabulary/address.ts';
import { AddressError, IoError, type BrokenError } from '../../../vocabulary/errors.ts';
import { microtask } from '../../../vocabulary/platform.ts';
import { enterLife, type HostLife } from '../hosts/context.ts';

/** The longest payload over IPv4 (RFC 768). */
const LONGEST = 65_507;
const FAMILY = 'IPv4';

/** A host, as its ports see it. */
export interface PortHost {
  readonly name: string;
  readonly isUp: boolean;
  readonly isKeeping: boolean;
  keep(event: () => void): void;
}

/** The network, as a port sees it. */
export interface PortNetwork {
  /** Sends a datagram on its way. @throws `AddressError` when there is no such host */
  send(port: SimPort, bytes: Uint8Array, to: InetAddress): void;
  /** The name of a host, or what a name stands for. @throws `AddressError` */
  resolve(host: string, own: string): string;
  unbind(port: SimPort): void;
}

type Passed = (error: Error | null, bytes: number) => void;
type Message = (data: Uint8Array, from: { address: string; port: number }) => void;

/** The port under a UDP socket of a simulated host. */
export class SimPort implements Pick<DatagramPort, 'address'> {
  readonly #network: PortNetwork;
  readonly #life: HostLife | undefined;
  readonly #groups = new Set<string>();
  #onMessage: Message | undefined;
  #onError: ((error: Error) => void) | undefined;
  #peer: InetAddress | undefined;
  #failure: Error | undefined;
  #isClosed = false;
  readonly host: PortHost;
  readonly bound: InetAddress;
  canBroadcast = false;

  constructor(
    network: PortNetwork,
    host: PortHost,
    bound: InetAddress,
    life: HostLife | undefined,
  ) {
    this.#network = network;
    this.#life = life;
    this.host = host;
    this.bound = bound;
  }

  // --- For the socket -------------------------------------------------------------------------------------

  address(): { address: string; family: string; port: number } {
    return { address: this.bound.host, family: FAMILY, port: this.bound.port };
  }

  remoteAddress(): { address: string; family: string; port: number } {
    const { host = '', port = 0 } = this.#peer ?? {};
    return { address: host, family: FAMILY, port };
  }

  on(event: string, listener: unknown): this {
    if (event === 'message') this.#onMessage = listener as Message;
    else if (event === 'error') this.#onError = listener as (error: Error) => void;
    return this;
  }

  off(event: string): this {
    if (event === 'message') this.#onMessage = undefined;
    return this;
  }

  send(bytes: Uint8Array, ...rest: readonly unknown[]): void {
    const passed = rest.at(-1) as Passed;
    const error = this.#send(bytes, rest.length > 1 ? (rest as unknown[]) : undefined);
    microtask(() => {
      passed(error ?? null, bytes.length);
    });
  }

  connect(port: number, host?: unknown, callback?: unknown): void {
    let failure: Error | undefined;
    try {
      if (this.#peer !== undefined) {
        throw new IoError('connect: the socket is connected already', {
          code: 'ERR_SOCKET_DGRAM_IS_CONNECTED',
          operation: 'connect',
        });
      }
      this.#peer = new InetAddress(this.#network.resolve(String(host), this.host.name), port);
    } catch (error) {
      failure = error as Error;
    }
    microtask(() => {
      (callback as (error?: Error) => void)(failure);
    });
  }

  setBroadcast(flag: boolean): void {
    this.canBroadcast = flag;
  }

  setTTL(ttl: number): number {
    return ttl;
  }

  addMembership(group: string): void {
    this.#groups.add(group);
  }

  dropMembership(group: string): void {
    this.#groups.delete(group);
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  close(callback?: () => void): this {
    this.#isClosed = true;
    this.#network.unbind(this);
    if (callback !== undefined) microtask(callback);
    return this;
  }

  // --- For the network -----------------------------------------------------------------------------------

  isIn(group: string): boolean {
    return this.#groups.has(group);
  }

  /** Whether its program is gone with its host. */
  get isGone(): boolean {
    return this.#life?.isOver === true;
  }

  /** A datagram arrived. */
  receive(bytes: Uint8Array, from: InetAddress): void {
    const peer = this.#peer;
    if (peer !== undefined && String(peer) !== String(from)) return;
    this.#notify(() => this.#onMessage?.(bytes.slice(), { address: from.host, port: from.port }));
  }

  /** What was sent to an address found no socket (ICMP): only a connected one notices. */
  unreachable(to: InetAddress): void {
    if (String(this.#peer) !== String(to)) return;
    const error = new AddressError(`recvFrom: no socket is bound to ${to}`, {
      code: 'ECONNREFUSED',
      operation: 'recvFrom',
    });
    this.#notify(() => this.#onError?.(error));
  }

  /** The host crashed: a program that is gone with it notices nothing. */
  crash(error: BrokenError): void {
    this.#failure = error;
    this.#network.unbind(this);
    if (this.#life === undefined) this.#onError?.(error);
  }

  #notify(event: () => void): void {
    const life = this.#life;
    const happen = (): void => {
      if (this.#isClosed || this.isGone) return;
      if (life === undefined) event();
      else enterLife(life, event);
    };
    if (this.host.isKeeping) this.host.keep(happen);
    else happen();
  }

  #send(bytes: Uint8Array, target: unknown[] | undefined): Error | undefined {
    try {
      if (this.#failure !== undefined) return this.#failure;
      if (bytes.length > LONGEST) {
        return new IoError(
          `sendTo: a datagram of ${bytes.length} bytes is longer than ${LONGEST}`,
          {
            code: 'EMSGSIZE',
            operation: 'sendTo',
          },
        );
      }
      if (target !== undefined && this.#peer !== undefined) {
        return new IoError('sendTo: the socket is connected', {
          code: 'ERR_SOCKET_DGRAM_IS_CONNECTED',
          operation: 'sendTo',
        });
      }
      const [port, host] = target ?? [];
      const to =
        this.#peer ??
        new InetAddress(this.#network.resolve(String(host), this.host.name), Number(port));
      this.#network.send(this, bytes, to);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }
}
