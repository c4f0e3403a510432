/**
 * The rules of a network: which packets are lost, late, or held back, because the program of the run says so.
 *
 * A rule is asked when a packet arrives, and one that delays when it is sent. Rules are asked in the order in which they were made; the
 * first that matches decides. What a packet of TCP loses it sends again, until the connection gives up; what is held back holds
 * back all that is behind it in its direction.
 */

import {
  checkFunction,
  checkNoPromise,
  checkValue,
  rules,
  type OptionRule,
} from '../../../vocabulary/check.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import { ClosedError, invalidInput } from '../../../vocabulary/errors.ts';
import {
  checkWaitOptions,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from '../../../waiting/waiter.ts';
import type { PacketMatch, SimBarrier, SimPacket, SimRule } from './types.ts';

/** What becomes of a packet that arrives. */
export type Verdict = 'lost' | 'passes' | HoldingRule;

/** Keeps what it holds back. */
export interface HoldingRule {
  hold(packet: SimPacket, goOn: () => void): void;
}

/** What a rule needs of its network. */
export interface RuleOwner {
  readonly clock: Clock;
  readonly trace: { record(event: string, subject: string): void };
  /** A function of the program failed. */
  onTaskError(error: unknown, name: string): void;
}

const delayRule: OptionRule = {
  expected: rules.milliseconds.expected,
  accepts: (value) => rules.milliseconds.accepts(value) && value !== Infinity,
};

class Rule implements SimRule {
  readonly #rules: Set<Rule>;
  readonly #match: PacketMatch;
  readonly #owner: RuleOwner;
  readonly name: string;
  count = 0;

  constructor(set: Set<Rule>, name: string, match: PacketMatch, owner: RuleOwner) {
    checkFunction(name, 'match', match);
    this.#rules = set;
    this.#match = match;
    this.#owner = owner;
    this.name = name;
    set.add(this);
  }

  /** Whether it is about a packet. What the program's function throws fails the run. */
  meets(packet: SimPacket): boolean {
    try {
      const answer: unknown = this.#match(packet);
      checkNoPromise(this.name, 'match', answer);
      if (typeof answer !== 'boolean') {
        throw invalidInput(this.name, 'match()', 'true or false', answer);
      }
      if (!answer) return false;
    } catch (error) {
      this.release();
      this.#owner.onTaskError(error, `match of ${this.name}`);
      return false;
    }
    this.count += 1;
    this.#owner.trace.record(`${this.name}!`, `${packet.from} → ${packet.to} ${packet.kind}`);
    return true;
  }

  release(): void {
    this.#rules.delete(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

class DelayRule extends Rule {
  readonly delay: number;

  constructor(set: Set<Rule>, match: PacketMatch, delay: number, owner: RuleOwner) {
    checkValue('delay', 'milliseconds', delay, delayRule);
    super(set, 'delay', match, owner);
    this.delay = delay;
  }
}

class Barrier extends Rule implements SimBarrier, HoldingRule {
  readonly #clock: Clock;
  readonly #waiters = new WaiterList<SimPacket>();
  #first: SimPacket | undefined;
  readonly #held: (() => void)[] = [];
  #isReleased = false;

  constructor(set: Set<Rule>, match: PacketMatch, owner: RuleOwner) {
    super(set, 'barrier', match, owner);
    this.#clock = owner.clock;
  }

  async reached(options?: WaitOptions): Promise<SimPacket> {
    checkWaitOptions('reached', options);
    if (this.#first !== undefined) return this.#first;
    if (this.#isReleased) throw released();
    return this.#waiters.wait('reached', this.#clock, options);
  }

  hold(packet: SimPacket, goOn: () => void): void {
    this.#held.push(goOn);
    this.#first ??= packet;
    this.#waiters.resolveAll(this.#first);
  }

  override release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    super.release();
    this.#waiters.rejectAll(released());
    for (const goOn of this.#held.splice(0)) goOn();
  }

  describe(into: WaitInfo[]): void {
    this.#waiters.describe(this.#clock.now(), into);
  }
}

export class RuleBook {
  readonly #owner: RuleOwner;
  readonly #rules = new Set<Rule>();

  constructor(owner: RuleOwner) {
    this.#owner = owner;
  }

  /** Whether there is none: then no packet is made. */
  get isEmpty(): boolean {
    return this.#rules.size === 0;
  }

  drop(match: PacketMatch): SimRule {
    return new Rule(this.#rules, 'drop', match, this.#owner);
  }

  delay(match: PacketMatch, delay: number): SimRule {
    return new DelayRule(this.#rules, match, delay, this.#owner);
  }

  barrier(match: PacketMatch): SimBarrier {
    return new Barrier(this.#rules, match, this.#owner);
  }

  /** How much later a packet that is sent arrives, in milliseconds. */
  lateness(packet: SimPacket): number {
    for (const rule of this.#rules) {
      if (rule instanceof DelayRule && rule.meets(packet)) return rule.delay;
    }
    return 0;
  }

  /** What becomes of a packet that arrives. */
  judge(packet: SimPacket): Verdict {
    for (const rule of this.#rules) {
      if (rule instanceof DelayRule || !rule.meets(packet)) continue;
      return rule instanceof Barrier ? rule : 'lost';
    }
    return 'passes';
  }

  /** Ends all rules. */
  clear(): void {
    for (const rule of this.#rules) rule.release();
  }

  /** Adds what waits for barriers to a report. */
  describe(into: (WaitInfo & { readonly subject: string })[]): void {
    for (const rule of this.#rules) {
      if (!(rule instanceof Barrier)) continue;
      const found: WaitInfo[] = [];
      rule.describe(found);
      for (const wait of found) into.push({ ...wait, subject: 'barrier' });
    }
  }
}

function released(): ClosedError {
  return new ClosedError('reached: the barrier was released before a packet came to it', {
    code: 'ERR_BARRIER_RELEASED',
    operation: 'reached',
  });
}
