/** The TCP ports of a host: who listens on them, and which are free. */

import { InetAddress } from '../../../vocabulary/address.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import { AddressError, invalidInput } from '../../../vocabulary/errors.ts';
import { checkWaitOptions } from '../../../waiting/waiter.ts';
import type { HostLife } from '../hosts/context.ts';
import { HostListener } from '../wire/listener.ts';
import { openSimStream, type SimStream } from '../wire/stream.ts';
import type { SimWait, World } from '../wire/world.ts';
import { SIM_LISTEN_OPTIONS, type SimListenOptions } from './types.ts';

export type PortListener = HostListener<SimStream, InetAddress>;

/** The first dynamic port (RFC 6335 section 6). */
const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;

export class Ports {
  readonly #host: string;
  readonly #network: Pick<World, 'clock' | 'trace'>;
  readonly #listeners = new Map<number, PortListener>();
  #next = FIRST_FREE_PORT;

  constructor(host: string, network: Pick<World, 'clock' | 'trace'>) {
    this.#host = host;
    this.#network = network;
  }

  /** @throws as `SimHost.listen` */
  listen(port: number, options: SimListenOptions, life: HostLife | undefined): PortListener {
    const bound = port === 0 ? this.free() : port;
    if (this.#listeners.has(bound)) {
      throw new AddressError(`listen: ${this.#host}:${bound} is in use`, {
        code: 'EADDRINUSE',
        operation: 'listen',
      });
    }
    const { clock, trace } = this.#network;
    const localAddress = new InetAddress(this.#host, bound);
    const onClose = (): void => {
      if (this.#listeners.get(bound) === listener) this.#listeners.delete(bound);
    };
    const place = { localAddress, clock, life, make: openSimStream, onClose };
    const listener: PortListener = new HostListener(place, options);
    this.#listeners.set(bound, listener);
    trace.record('listen', String(localAddress));
    return listener;
  }

  at(port: number): PortListener | undefined {
    return this.#listeners.get(port);
  }

  /** A free port: the next one each time. */
  free(): number {
    do {
      this.#next = this.#next === LAST_PORT ? FIRST_FREE_PORT : this.#next + 1;
    } while (this.#listeners.has(this.#next));
    return this.#next;
  }

  onCrash(): void {
    for (const listener of this.#listeners.values()) listener.onCrash();
  }

  close(): void {
    for (const listener of this.#listeners.values()) listener.closeNow();
  }

  describe(into: SimWait[]): void {
    for (const listener of this.#listeners.values()) {
      const subject = `listener ${listener.localAddress}`;
      for (const wait of listener.statistics().waits) into.push({ ...wait, subject });
    }
  }
}

/** @throws `InvalidInputError`; `signal.reason` */
export function checkListen(port: number, options: SimListenOptions): void {
  if (!Number.isInteger(port) || port < 0 || port > LAST_PORT) {
    throw invalidInput('listen', 'port', 'a whole number from 0 to 65535', port);
  }
  checkOptions('listen', options, SIM_LISTEN_OPTIONS);
  checkWaitOptions('listen', { signal: options.signal });
}
