/**
 * The first of several waits, without the others going on: `select` and `race` (tokio's `select!`).
 *
 * Each arm runs in a separate scope. When one has settled the others are cancelled, and the call settles when all have
 * ended: a read that lost has taken no byte and is no longer pending. An arm that had its result by then, although it was not the
 * first, gives it in `also`, since JavaScript cannot tell that two are ready before both have run.
 *
 * A cancelled arm that passes the `CancelledError` on has followed the cancel. Any other error of it is a failure of cleaning up,
 * and the call rejects with it.
 */

import { checkFunction, checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { currentScope, runIn, type AmbientScope } from '../waiting/ambient.ts';
import { runScope, type CancelScope } from '../waiting/cancel-scope.ts';
import { charged } from '../waiting/charged.ts';
import { deferred } from '../waiting/deferred.ts';
import { followsCancel, Scope, ScopeView } from '../waiting/scope.ts';
import { ambientClock } from '../waiting/system-clock.ts';
import { boardOf, type WaitSource } from '../waiting/wait-board.ts';
import { beginTrace, callSite } from '../waiting/wait-trace.ts';
import {
  WAIT_OPTIONS,
  checkWaitValues,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';

/** The scope of one arm: it is cancelled when another one was first. */
export type ArmScope = Pick<CancelScope, 'signal' | 'isCancelled'>;

/** One of several things to wait for. */
export type Arm<T = unknown> = (scope: ArmScope) => T | Promise<T>;

/** Options of {@link select} and {@link race}. */
export interface SelectOptions extends WaitOptions {
  /** @default that of the scope or task around the call, else the system's */
  readonly clock?: Clock | undefined;
}

const SELECT_OPTIONS: OptionTable<SelectOptions> = { ...WAIT_OPTIONS, clock: rules.clock };

/** An arm, and what it gave. */
export interface ArmResult<Name, T> {
  readonly arm: Name;
  readonly value: T;
}

/** The first arm, and what it gave. */
export interface Selection<Name, T, Others> extends ArmResult<Name, T> {
  /** Arms that had a result, too, when they were to be cancelled, in the order of the call. Mostly empty. */
  readonly also: readonly Others[];
}

type Arms = Readonly<Record<string, Arm>>;

type ResultOf<Given extends Arms> = {
  [Name in keyof Given & string]: ArmResult<Name, Awaited<ReturnType<Given[Name]>>>;
}[keyof Given & string];

/** What {@link select} gives: test `arm` to know which arm it was. */
export type Selected<Given extends Arms> = {
  [Name in keyof Given & string]: Selection<
    Name,
    Awaited<ReturnType<Given[Name]>>,
    ResultOf<Given>
  >;
}[keyof Given & string];

/** What {@link race} gives: `arm` counts from 0. */
export type Raced<T> = Selection<number, T, ArmResult<number, T>>;

/**
 * Runs several arms, each in a scope, until the first one settles; cancels the others and waits until they have ended.
 *
 * All arms begin, in the order of their names. Calls of awaitio in them need no signal; for others there is `scope.signal`.
 *
 * @param arms - Functions by name. The name is in the result, in snapshots and in errors.
 * @param options - `signal` and `timeout` (milliseconds, no limit) cancel all arms; `clock` measures.
 * @returns The arm that was first and its value; in `also` those that had a value as well. All arms have ended.
 * @throws the failure of the first arm, or of one that fails while it is cancelled; an `AggregateError` of several, with the
 * first as its `cause`; `TimeoutError`; `signal.reason`; `CancelledError` when a scope around it ended; `InvalidInputError`.
 *
 * @example
 * ```ts
 * import { memoryPair, systemClock } from '@awaitio/core';
 * import { select } from '@awaitio/core/sync';
 *
 * const [client, server] = memoryPair();
 * await client.writeAll('a line\n');
 * const first = await select({
 *   line: () => server.readLine(),
 *   tick: () => systemClock.sleep(1_000),
 * });
 * if (first.arm === 'line') console.log(first.value); // a line
 * await client.close();
 * await server.close();
 * ```
 */
export function select<Given extends Arms>(
  arms: Given,
  options?: SelectOptions,
): Promise<Selected<Given>> {
  return run('select', arms, options) as Promise<Selected<Given>>;
}

/**
 * As {@link select}, for arms of one kind: as `Promise.race`, but the losers end.
 *
 * @param arms - At least one function.
 * @param options - As for {@link select}.
 * @returns The index of the arm that was first and its value.
 * @throws as {@link select}.
 *
 * @example
 * ```ts
 * import { systemClock } from '@awaitio/core';
 * import { race } from '@awaitio/core/sync';
 *
 * const { arm, value } = await race([
 *   async () => (await systemClock.sleep(60_000), 'slow'),
 *   async () => (await systemClock.sleep(1), 'fast'),
 * ]);
 * console.log(arm, value); // 1 fast
 * ```
 */
export async function race<T>(arms: readonly Arm<T>[], options?: SelectOptions): Promise<Raced<T>> {
  const { arm, value, also } = await run('race', arms, options);
  return Object.freeze({
    arm: Number(arm),
    value: value as T,
    also: also.map((each) => Object.freeze({ arm: Number(each.arm), value: each.value as T })),
  });
}

type AnySelection = Selection<string, unknown, ArmResult<string, unknown>>;

function run(
  operation: 'select' | 'race',
  arms: object,
  options: SelectOptions | undefined,
): Promise<AnySelection> {
  return charged(options, async () => {
    checkArms(operation, arms);
    if (options !== undefined) checkOptions(operation, options, SELECT_OPTIONS);
    checkWaitValues(operation, options);
    const clock = options?.clock ?? ambientClock();
    const site = callSite(operation);
    const given = Object.entries(arms) as [string, Arm][];
    const selected = await runScope(
      operation,
      () => new Selecting(operation, given, clock, currentScope(), site).run(),
      { signal: options?.signal, timeout: options?.timeout, clock },
    );
    // No arm gets the means to end the scope without a failure.
    return selected as AnySelection;
  });
}

function checkArms(operation: 'select' | 'race', arms: unknown): void {
  const isRight = operation === 'race' ? Array.isArray(arms) : rules.object.accepts(arms);
  const expected = `${operation === 'race' ? 'an array' : 'an object'} of at least one function`;
  if (!isRight || Object.keys(arms as object).length === 0) {
    throw invalidInput(operation, 'arms', expected, arms);
  }
  for (const [name, arm] of Object.entries(arms as object)) {
    checkFunction(operation, `arms.${name}`, arm);
  }
}

/** One arm, from its beginning to its end. */
interface RunningArm {
  readonly name: string;
  readonly scope: Scope;
  ended?: { readonly value: unknown } | { readonly error: unknown };
}

class Selecting implements WaitSource {
  readonly subject: string;
  readonly #operation: string;
  readonly #clock: Clock;
  readonly #site: string | undefined;
  readonly #since: number;
  readonly #arms: readonly (RunningArm & { readonly call: Arm })[];
  #first: RunningArm | undefined;

  constructor(
    operation: string,
    given: readonly [string, Arm][],
    clock: Clock,
    outer: AmbientScope | undefined,
    site: string | undefined,
  ) {
    this.subject = `${operation} of ${given.map(([name]) => `"${name}"`).join(', ')}`;
    this.#operation = operation;
    this.#clock = clock;
    this.#site = site;
    this.#since = clock.now();
    this.#arms = given.map(([name, call]) => ({
      name,
      call,
      scope: new Scope(`arm "${name}" of ${operation}`, clock, outer),
    }));
  }

  async run(): Promise<AnySelection> {
    const board = boardOf(this.#clock);
    const trace = beginTrace(this.subject, this.#since, this.#site);
    board?.add(this);
    const over = deferred<void>();
    let left = this.#arms.length;
    for (const arm of this.#arms) {
      void this.#begin(arm).then(() => {
        this.#settled(arm);
        left -= 1;
        if (left === 0) over.resolve();
      });
    }
    await over.promise;
    board?.delete(this);
    trace?.end();
    return this.#result();
  }

  /** The arms that have not ended, for a report of who waits. */
  describe(now: number, into: WaitInfo[]): void {
    for (const { name, ended } of this.#arms) {
      if (ended !== undefined) continue;
      into.push({ operation: `arm "${name}"`, age: now - this.#since, site: this.#site });
    }
  }

  /** Runs an arm; never rejects. */
  async #begin(arm: RunningArm & { readonly call: Arm }): Promise<void> {
    const { scope, call } = arm;
    try {
      arm.ended = { value: await runIn(scope, () => call(new ScopeView(scope))) };
    } catch (error) {
      arm.ended = { error };
    }
    scope.end();
  }

  #settled(arm: RunningArm): void {
    if (this.#first !== undefined) return;
    this.#first = arm;
    for (const { name, scope, ended } of this.#arms) {
      if (ended !== undefined) continue;
      scope.cancel(undefined);
      scope.expectEnd(() => `arm "${name}"`);
    }
  }

  #result(): AnySelection {
    const first = this.#first as RunningArm;
    const failures = [first, ...this.#arms.filter((arm) => arm !== first)].flatMap(failureOf);
    if (failures.length > 1) {
      throw new AggregateError(failures, `${failures.length} arms of ${this.#operation} failed`, {
        cause: failures[0],
      });
    }
    if (failures.length === 1) throw failures[0];
    // It was not the arm's failure, so it was the end of a scope around the call.
    if (first.ended === undefined || 'error' in first.ended) throw first.scope.cancelled as Error;
    const also = this.#arms.flatMap(({ name, ended }) =>
      name !== first.name && ended !== undefined && 'value' in ended
        ? [Object.freeze({ arm: name, value: ended.value })]
        : [],
    );
    return Object.freeze({ arm: first.name, value: first.ended.value, also: Object.freeze(also) });
  }
}

/** What an arm failed with, unless it has followed a cancel. */
function failureOf({ ended, scope }: RunningArm): readonly unknown[] {
  if (ended === undefined || !('error' in ended)) return [];
  return followsCancel(ended.error, scope) ? [] : [ended.error];
}
