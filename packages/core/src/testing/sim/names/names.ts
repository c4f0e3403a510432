/** The names of a simulated network: which hosts each stands for, now. */

import { checkValue, rules } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';

/** The name service of a run, from {@link Simulation.dns}. */
export interface SimDns {
  /**
   * Sets what a name stands for, from now on: hosts, in the order in which they are tried. None: the name does not exist.
   *
   * Without it a name stands for the host of that name. Connections that exist stay where they are.
   *
   * @throws `InvalidInputError`.
   */
  set(name: string, hosts: readonly string[]): void;
  /** Forgets what was set for a name. @throws `InvalidInputError` */
  delete(name: string): void;
  /** The names of the hosts that a name stands for now. @throws `InvalidInputError` */
  lookup(name: string): readonly string[];
}

const NAME = /^[^\s:[\]]+$/;

const isName = (value: unknown): boolean => typeof value === 'string' && NAME.test(value);

export class Names implements SimDns {
  readonly #names = new Map<string, readonly string[]>();
  readonly #trace: { record(event: string, subject: string): void };

  constructor(trace: { record(event: string, subject: string): void }) {
    this.#trace = trace;
  }

  set(name: string, hosts: readonly string[]): void {
    if (!isName(name)) {
      throw invalidInput('set', 'name', 'a name without spaces, colons or brackets', name);
    }
    if (!Array.isArray(hosts) || !hosts.every(isName)) {
      throw invalidInput('set', 'hosts', 'a list of names of hosts', hosts);
    }
    this.#names.set(name, [...hosts]);
    this.#trace.record('dns', `${name} → ${hosts.join(', ')}`);
  }

  delete(name: string): void {
    checkValue('delete', 'name', name, rules.string);
    this.#names.delete(name);
  }

  lookup(name: string): readonly string[] {
    checkValue('lookup', 'name', name, rules.string);
    return this.#names.get(name) ?? [name];
  }
}
