/** The names of a simulated network: which hosts each stands for, now, and by which addresses hosts are known. */

import { checkOptions, checkValue, rules, type OptionTable } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';

/** How a name service fails: no such name, no answer for now, an error of the server, no answer in time. */
export type SimDnsError = 'ENOTFOUND' | 'EAI_AGAIN' | 'ESERVFAIL' | 'ETIMEOUT';

/** How a name is answered, see {@link SimDns.set}. */
export interface SimDnsOptions {
  /** Milliseconds until the answer. @default 0 */
  readonly delay?: number | undefined;
  /** The lookup fails. @default no failure, `ENOTFOUND` without hosts */
  readonly error?: SimDnsError | undefined;
  /** Seconds that a program may keep the answer; what `node:dns` gives for `{ ttl: true }`. No cache is simulated. @default 0 */
  readonly ttl?: number | undefined;
}

/** The name service of a run, from {@link Simulation.dns}: for `host.connect`, UDP, and the modules of Node on hosts. */
export interface SimDns {
  /**
   * Sets what a name stands for, from now on: hosts, in the order in which they are tried. None: the name does not exist.
   *
   * Without it a name stands for the host of that name. Connections that exist stay where they are.
   *
   * @param name - A name without spaces, colons or brackets.
   * @param hosts - The names of hosts.
   * @param options - How it is answered: late, with an error, to be kept.
   * @throws `InvalidInputError`.
   */
  set(name: string, hosts: readonly string[], options?: SimDnsOptions): void;
  /** Forgets what was set for a name. */
  delete(name: string): void;
  /** The names of the hosts that a name, or an address, stands for now. */
  lookup(name: string): readonly string[];
  /** The IP address of a host: one of 10.0.0.0/8 for each, in the order of asking. @throws `InvalidInputError` */
  addressOf(host: string): string;
}

/** What the name service knows of a name. */
export interface Answer {
  readonly hosts: readonly string[];
  readonly delay: number;
  readonly error: SimDnsError | undefined;
  readonly ttl: number;
}

const NAME = /^[^\s:[\]]+$/;
const ADDRESS = /^\d+(?:\.\d+){3}$|:/;
/** What a host calls itself. */
const OWN = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::', '']);

const OPTIONS: OptionTable<SimDnsOptions> = {
  delay: rules.milliseconds,
  error: rules.oneOf('ENOTFOUND', 'EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT'),
  ttl: rules.whole(0),
};

/** @throws `InvalidInputError` for what is no name of a host. */
export function checkName(operation: string, name: unknown): void {
  if (typeof name === 'string' && NAME.test(name)) return;
  throw invalidInput(operation, 'name', 'a name without spaces, colons or brackets', name);
}

export class Names implements SimDns {
  readonly #answers = new Map<string, Answer>();
  readonly #addresses = new Map<string, string>();
  readonly #hosts = new Map<string, string>();
  readonly #trace: { record(event: string, subject: string): void };

  constructor(trace: { record(event: string, subject: string): void }) {
    this.#trace = trace;
  }

  set(name: string, hosts: readonly string[], options: SimDnsOptions = {}): void {
    checkName('set', name);
    if (!Array.isArray(hosts) || !hosts.every((host) => NAME.test(String(host)))) {
      throw invalidInput('set', 'hosts', 'a list of names of hosts', hosts);
    }
    checkOptions('set', options, OPTIONS);
    const { delay = 0, error, ttl = 0 } = options;
    this.#answers.set(name, { hosts: [...hosts], delay, error, ttl });
    const failing = error === undefined ? '' : `, ${error}`;
    this.#trace.record('dns', `${name} → ${hosts.join(', ')}${failing}`);
  }

  delete(name: string): void {
    checkValue('delete', 'name', name, rules.string);
    if (this.#answers.delete(name)) this.#trace.record('dns', `${name} → ${this.lookup(name)[0]}`);
  }

  lookup(name: string): readonly string[] {
    checkValue('lookup', 'name', name, rules.string);
    return this.#answers.get(name)?.hosts ?? [this.#hosts.get(name) ?? name];
  }

  /** What is answered, on the host `own`. */
  answer(name: string, own: string): Answer {
    if (!OWN.has(name)) {
      const found = this.#answers.get(name);
      if (found !== undefined) return found;
    }
    const hosts = OWN.has(name) ? [own] : this.lookup(name);
    return { hosts, delay: 0, error: undefined, ttl: 0 };
  }

  addressOf(host: string): string {
    if (typeof host === 'string' && ADDRESS.test(host)) return host;
    checkName('addressOf', host);
    let address = this.#addresses.get(host);
    if (address === undefined) {
      const number = this.#addresses.size + 1;
      address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
      this.#addresses.set(host, address);
      this.#hosts.set(address, host);
    }
    return address;
  }

  /** The host that has an address. */
  hostOf(address: string): string | undefined {
    return this.#hosts.get(address);
  }
}
