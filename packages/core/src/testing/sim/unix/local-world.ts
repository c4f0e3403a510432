/**
 * The network as connections within one machine see it: nothing travels, nothing is cut off, and no packets are there for rules.
 *
 * What may happen to them is what happens to a Unix socket: the other process reads late or in other parts, breaks the connection,
 * or ends with the machine.
 */

import type { ChanceWorld } from '../wire/chance.ts';
import type { LinkFaults } from '../wire/fault-book.ts';
import type { HostState } from '../paths/paths.ts';
import { RuleBook } from '../rules/rule-book.ts';

export class LocalWorld implements ChanceWorld {
  readonly #network: ChanceWorld;
  readonly rules: RuleBook;
  readonly faults: ChanceWorld['faults'];
  readonly find: ChanceWorld['find'];
  readonly reset: ChanceWorld['reset'];
  readonly silence: ChanceWorld['silence'];
  readonly breakPaths: ChanceWorld['breakPaths'];

  constructor(network: ChanceWorld) {
    this.#network = network;
    const { clock, trace } = network;
    this.rules = new RuleBook({ clock, trace, onTaskError: () => {} });
    this.find = network.find.bind(network);
    this.reset = network.reset.bind(network);
    this.silence = network.silence.bind(network);
    this.breakPaths = network.breakPaths.bind(network);
    this.faults = new LocalFaults(network.faults);
  }

  get clock(): ChanceWorld['clock'] {
    return this.#network.clock;
  }

  get decisions(): ChanceWorld['decisions'] {
    return this.#network.decisions;
  }

  get order(): ChanceWorld['order'] {
    return this.#network.order;
  }

  get trace(): ChanceWorld['trace'] {
    return this.#network.trace;
  }

  get giveUpAfter(): number {
    return this.#network.giveUpAfter;
  }

  isOpen(machine: HostState): boolean {
    return machine.isUp;
  }
}

/** A class: V8 keeps the functions of a literal with getters, and all that they close over, until it collects everything. */
class LocalFaults {
  readonly #network: ChanceWorld['faults'];
  readonly #within = new Map<LinkFaults, LinkFaults>();

  constructor(network: ChanceWorld['faults']) {
    this.#network = network;
  }

  get all(): LinkFaults {
    return this.#network.all;
  }

  of(from: HostState, to: HostState): LinkFaults {
    const faults = this.#network.of(from, to);
    let within = this.#within.get(faults);
    if (within === undefined) {
      within = { ...faults, latency: [0, 0], halfOpen: 0, partition: 0 };
      this.#within.set(faults, within);
    }
    return within;
  }
}
