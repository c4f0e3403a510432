/**
 * What holds over all runs: conditions that must always hold, and situations that some run must reach.
 *
 * A run that fails nowhere proves little if it never came to the place where it could. So a program says where that is, and
 * the seeds together have to get there.
 */

import { invalidInput, LimitError } from '../../vocabulary/errors.ts';
import { isGone } from './hosts/context.ts';

/** `always`: fails the run when it is false; `sometimes`, `reachable`: fail many runs together, when none of them gets there. */
export type PropertyKind = 'always' | 'reachable' | 'sometimes';

/** How often a property held. */
export interface PropertyCount {
  readonly kind: PropertyKind;
  readonly name: string;
  /** How often its condition was true, or its place was reached. */
  readonly held: number;
  /** How often its condition was false. */
  readonly failed: number;
}

/** The most names of properties of a run. */
const MAX_NAMES = 1_000;

/** The properties of one run. */
export class Properties {
  readonly #counts = new Map<
    string,
    { kind: PropertyKind; name: string; held: number; failed: number }
  >();
  readonly #onViolation: (name: string) => void;

  /** @param onViolation - Called with the name of each `always` that is false. */
  constructor(onViolation: (name: string) => void) {
    this.#onViolation = onViolation;
  }

  readonly always = (condition: boolean, name: string): void => {
    this.#count('always', condition, name);
    if (!condition && !isGone()) this.#onViolation(name);
  };

  readonly sometimes = (condition: boolean, name: string): void => {
    this.#count('sometimes', condition, name);
  };

  readonly reachable = (name: string): void => {
    this.#count('reachable', true, name);
  };

  get counts(): readonly PropertyCount[] {
    return Object.freeze([...this.#counts.values()].map((count) => Object.freeze({ ...count })));
  }

  #count(kind: PropertyKind, condition: boolean, name: string): void {
    check(kind, condition, name);
    if (isGone()) return;
    const key = `${kind} ${name}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      if (this.#counts.size === MAX_NAMES) {
        throw new LimitError(
          `${kind}: more than ${MAX_NAMES} names; use a fixed text for each place`,
          {
            code: 'ERR_LIMIT',
            operation: kind,
            limitName: 'names',
            limit: MAX_NAMES,
          },
        );
      }
      count = { kind, name, held: 0, failed: 0 };
      this.#counts.set(key, count);
    }
    if (condition) count.held += 1;
    else count.failed += 1;
  }
}

function check(kind: PropertyKind, condition: boolean, name: string): void {
  if (typeof condition !== 'boolean') {
    throw invalidInput(kind, 'condition', 'true or false', condition);
  }
  if (typeof name !== 'string' || name === '') {
    throw invalidInput(kind, 'name', 'a non-empty string', name);
  }
}

/** Those of the run that runs now: at most one does. */
let current: Properties | undefined;

export function setCurrentProperties(properties: Properties | undefined): void {
  current = properties;
}

/**
 * A condition that must hold whenever a run comes here; the first time that it is false, the run fails, of kind `always`.
 *
 * For code that does not get the {@link Simulation}. Outside of a simulation it does nothing, so it can stay in a program.
 *
 * @param condition - Whether it holds.
 * @param name - Its name in reports, the same each time.
 * @throws `InvalidInputError` for a condition or a name of another type; `LimitError` for more than 1,000 names in a run.
 *
 * @example
 * ```ts
 * import { always, simulate } from '@awaitio/core/testing';
 *
 * const error: unknown = await simulate({}, () => {
 *   always(1 > 2, 'one is more than two');
 * }).catch((failure: unknown) => failure);
 * console.log(String(error).includes('always "one is more than two" was false')); // true
 * ```
 */
export function always(condition: boolean, name: string): void {
  if (current === undefined) check('always', condition, name);
  else current.always(condition, name);
}

/**
 * A condition that must hold in some run, at least once: many seeds together fail, as a {@link SeedsError}, when it was false
 * each time that a run came here.
 *
 * Whether a run comes here at all is another question: `mustReach` of {@link SeedsOptions} asks it.
 *
 * @param condition - Whether it holds now.
 * @param name - Its name in reports, the same each time.
 * @throws `InvalidInputError` for a condition or a name of another type; `LimitError` for more than 1,000 names in a run.
 *
 * @example
 * ```ts
 * import { simulateSeeds, sometimes } from '@awaitio/core/testing';
 *
 * const report = await simulateSeeds({ count: 20 }, (sim) => {
 *   sometimes(sim.random.chance(0.5), 'the coin shows heads');
 * });
 * console.log(report.properties[0]?.name); // the coin shows heads
 * ```
 */
export function sometimes(condition: boolean, name: string): void {
  if (current === undefined) check('sometimes', condition, name);
  else current.sometimes(condition, name);
}

/**
 * A place that some run must reach, if its name is in `mustReach` of {@link SeedsOptions}. Reports count how often it was.
 *
 * @param name - Its name in reports, the same each time.
 * @throws `InvalidInputError` for a name of another type; `LimitError` for more than 1,000 names in a run.
 *
 * @example
 * ```ts
 * import { reachable, simulateSeeds } from '@awaitio/core/testing';
 *
 * await simulateSeeds({ count: 20, mustReach: ['a second try'] }, (sim) => {
 *   if (sim.random.chance(0.5)) reachable('a second try');
 * });
 * ```
 */
export function reachable(name: string): void {
  if (current === undefined) check('reachable', true, name);
  else current.reachable(name);
}
