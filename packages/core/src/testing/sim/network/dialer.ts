/** The connection attempts of a host: to which of the hosts of a name, from which port, and what a crash does to them. */

import { InetAddress, parseAddress, type AddressLike } from '../../../vocabulary/address.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { checkWaitOptions } from '../../../waiting/waiter.ts';
import type { HostLife } from '../hosts/context.ts';
import { connectAny } from '../names/connect-any.ts';
import { ConnectAttempt, type AttemptNetwork } from './connect.ts';
import type { SimStream } from '../wire/stream.ts';
import { SIM_CONNECT_OPTIONS, type SimConnectOptions } from '../wire/connect-options.ts';
import type { SimMachine, SimWait } from '../wire/world.ts';

/** Names of the host itself. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|::1)$/;

/** The network, as a host that connects sees it. */
export interface DialerNetwork extends AttemptNetwork {
  /** What names stand for. */
  readonly names: { lookup(name: string): readonly string[] };
}

/** The host. */
export interface DialerHost extends SimMachine {
  freePort(): number;
}

export class Dialer {
  readonly #network: DialerNetwork;
  readonly #host: DialerHost;
  readonly #attempts = new Set<ConnectAttempt>();

  constructor(network: DialerNetwork, host: DialerHost) {
    this.#network = network;
    this.#host = host;
  }

  /** @throws as `SimHost.connect` */
  async connect(
    address: AddressLike | InetAddress,
    options: SimConnectOptions,
    life: HostLife | undefined,
  ): Promise<SimStream> {
    checkOptions('connect', options, SIM_CONNECT_OPTIONS);
    checkWaitOptions('connect', options);
    const target = parseAddress(address, 'connect', this.#host.name);
    if ('path' in target) {
      const expected = 'a host and port; connectUnix connects to a path';
      throw invalidInput('connect', 'address', expected, address);
    }
    const { host, port } = target;
    const names = this.#network.names.lookup(LOOPBACK.test(host) ? this.#host.name : host);
    if (names.length < 2) {
      return this.#attempt({ host, port, name: names[0] ?? '' }, options, life);
    }
    const { clock = life?.clock ?? this.#network.clock, ...rest } = options;
    return connectAny({
      destination: `${host}:${port}`,
      hosts: names,
      clock,
      options,
      connect: (name, signal) =>
        this.#attempt(
          { host: name, port, name },
          { ...rest, clock, timeout: undefined, signal },
          life,
        ),
    });
  }

  onCrash(reason: unknown): void {
    for (const attempt of this.#attempts) attempt.onCrash(reason);
    this.#attempts.clear();
  }

  describe(into: SimWait[]): void {
    const now = this.#network.clock.now();
    for (const { subject, since } of this.#attempts) {
      into.push({ subject, operation: 'connect', age: now - since });
    }
  }

  async #attempt(
    target: { readonly host: string; readonly port: number; readonly name: string },
    options: SimConnectOptions,
    life: HostLife | undefined,
  ): Promise<SimStream> {
    const attempt = new ConnectAttempt(this.#network, this.#host, target, options, life);
    this.#attempts.add(attempt);
    try {
      return await attempt.begin(new InetAddress(this.#host.name, this.#host.freePort()));
    } finally {
      this.#attempts.delete(attempt);
    }
  }
}
