/** The connection attempts of a host: to which of the hosts of a name, from which port, and what a crash does to them. */

import { InetAddress, parseAddress, type AddressLike } from '../../../vocabulary/address.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import { AddressError, invalidInput } from '../../../vocabulary/errors.ts';
import { checkWaitOptions } from '../../../waiting/waiter.ts';
import type { HostLife } from '../hosts/context.ts';
import { hostCrashed } from '../hosts/crashed.ts';
import type { Answer } from '../names/names.ts';
import { connectAny } from '../names/connect-any.ts';
import { ConnectAttempt, type AttemptNetwork } from './connect.ts';
import type { SimStream } from '../wire/stream.ts';
import { SIM_CONNECT_OPTIONS, type SimConnectOptions } from '../wire/connect-options.ts';
import type { SimMachine, SimWait } from '../wire/world.ts';

/** The network, as a host that connects sees it. */
export interface DialerNetwork extends AttemptNetwork {
  /** What names stand for. */
  readonly names: { answer(name: string, own: string): Answer };
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
    const { hosts, delay, error } = this.#network.names.answer(host, this.#host.name);
    if (hosts.length < 2 && delay === 0 && error === undefined) {
      return this.#attempt({ host, port, name: hosts[0] ?? '' }, options, life);
    }
    const { clock = life?.clock ?? this.#network.clock, ...rest } = options;
    return connectAny({
      destination: `${host}:${port}`,
      hosts: hosts.length === 0 || error !== undefined ? [host] : hosts,
      clock,
      options,
      connect: async (name, signal) => {
        if (delay > 0) await clock.sleep(delay, { signal });
        if (!this.#host.isUp) throw hostCrashed('connect', this.#host.name);
        if (error !== undefined) throw unknown(host, error);
        const given = { ...rest, clock, timeout: undefined, signal };
        return this.#attempt(
          { host: name, port, name: hosts.length === 0 ? '' : name },
          given,
          life,
        );
      },
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

function unknown(host: string, code: string): AddressError {
  const message = `connect: ${host}: the name could not be resolved (${code})`;
  return new AddressError(message, { code, operation: 'connect' });
}
