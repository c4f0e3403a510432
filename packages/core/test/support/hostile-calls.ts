/**
 * Calls public functions with wrong arguments, and says which outcomes are wrong.
 *
 * Each parameter in turn gets every value of {@link VALUES}, with right values in the other places. What its type forbids
 * must end in `InvalidInputError`; whatever else happens may only be a result or a typed error. A call that returns a
 * promise never throws synchronously, and never waits for a timeout.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvalidInputError, IoError } from '../../src/index.ts';
import type { Parameter, PublicCall } from './public-api.ts';

/** What the traps of the hostile proxy throw: the caller's own error, which may pass through. */
export class TrapError extends Error {}

const trap = (): never => {
  throw new TrapError('a trap of a proxy');
};
const TRAPS: ProxyHandler<object> = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map((name) => [name, trap]),
);

type Kind =
  | 'undefined'
  | 'null'
  | 'boolean'
  | 'number'
  | 'string'
  | 'symbol'
  | 'bigint'
  | 'function'
  | 'array'
  | 'object'
  | 'proxy';

/** Values that a caller without types may pass. */
export const VALUES: readonly (readonly [kind: Kind, show: string, make: () => unknown])[] = [
  ['undefined', 'undefined', () => undefined],
  ['null', 'null', () => null],
  ['boolean', 'true', () => true],
  ['number', '7', () => 7],
  ['number', 'NaN', () => Number.NaN],
  ['number', '-1.5', () => -1.5],
  ['string', "'nonsense'", () => 'nonsense'],
  ['string', "''", () => ''],
  ['symbol', 'Symbol()', () => Symbol('hostile')],
  ['bigint', '7n', () => 7n],
  ['function', '() => {}', () => () => {}],
  ['object', '{}', () => ({})],
  ['object', 'Object.freeze({})', () => Object.freeze({})],
  ['object', 'Object.create(null)', () => Object.create(null)],
  ['array', '[]', () => []],
  ['array', 'Object.freeze([null])', () => Object.freeze([null])],
  ['proxy', 'a Proxy that throws', () => new Proxy({}, TRAPS)],
  ['proxy', 'a function Proxy that throws', () => new Proxy(() => {}, TRAPS)],
];

/** What a value of this type may be; everything else has to be refused. `{}` is an object without any member. */
export function accepted({ type, isOptional }: Parameter): ReadonlySet<Kind> {
  const kinds = new Set<Kind>(['proxy']);
  if (isOptional || /\bundefined\b/.test(type)) kinds.add('undefined');
  if (/\bnull\b/.test(type)) kinds.add('null');
  if (type === 'unknown' || /^(T|In|Out|Token|WebStreams)$/.test(type)) {
    for (const [kind] of VALUES) kinds.add(kind);
    return kinds;
  }
  if (/\bnumber\b|\bInterest\b/.test(type)) kinds.add('number');
  if (/\bboolean\b/.test(type)) kinds.add('boolean');
  if (/\bstring\b|'|Data$|Address\b|Body\b|\bURL\b|Role|HttpVersion|Encoding/.test(type))
    kinds.add('string');
  if (
    /=>|\bHandler\b|TaskFunction|ScopeFunction|Consume|SimulatedMain|ManyRunsMain|MakeStreamPair|PacketMatch|HostProgram/.test(
      type,
    )
  ) {
    kinds.add('function');
  }
  // Bags of options: an empty one is right, and an array has no wrong member.
  if (/Options|Init|Faults|^\{|Pick</.test(type)) kinds.add('object').add('array');
  if (/\[\]|Iterable|FieldList|HeadersInput|Body\b/.test(type)) kinds.add('array');
  if (/HeadersInput|Record</.test(type)) kinds.add('object');
  return kinds;
}

/** What a call is made on, and how it is torn down afterwards. */
export interface Subject {
  /** `undefined` for a plain function. */
  readonly target?: unknown;
  /** Right arguments, or more of them than the page has. */
  readonly args: readonly unknown[];
  /** Ends what still waits, and closes everything. */
  readonly release?: () => unknown;
  /** Whether it is a simulation, which ends by itself: a turn of the real loop would fail it. */
  readonly isSimulation?: boolean;
}

/** A right call, made anew each time; or the reason why a name is not called. */
export type Recipe = string | (() => Subject | Promise<Subject>);

export interface CallOptions {
  /** Beside those of this package. */
  readonly isTyped?: (error: unknown) => boolean;
  /** Other errors that refuse an argument, beside `InvalidInputError`. */
  readonly refuses?: (error: unknown) => boolean;
  /** Parameters with other rules than their type says: `name(parameter)` and the kinds that may succeed. */
  readonly exceptions?: Readonly<Record<string, readonly string[]>>;
  /** How a pending call is given time, in turns of the loop. */
  readonly turns?: number;
}

const PENDING = Symbol('pending');

async function settledWithin<T>(promise: Promise<T>, turns: number): Promise<T | typeof PENDING> {
  // Once it is won, nothing may run on behind the next test.
  const race = { isOver: false };
  const late = async (): Promise<typeof PENDING> => {
    for (let turn = 0; turn < turns && !race.isOver; turn += 1) await nextTurn();
    return PENDING;
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    race.isOver = true;
  }
}

/** Waits for what takes real time, such as a socket that is refused. */
async function settledInTime<T>(promise: Promise<T>): Promise<T | typeof PENDING> {
  const end = performance.now() + 2_000;
  for (;;) {
    const outcome = await settledWithin(promise, 100);
    if (outcome !== PENDING || performance.now() > end) return outcome;
  }
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as Promise<unknown> | null | undefined)?.then === 'function';

/** Closes whatever a call has made. */
async function discard(result: unknown): Promise<void> {
  if (typeof result !== 'object' || result === null) return;
  if (Array.isArray(result)) {
    for (const item of result) await discard(item);
    return;
  }
  const made = result as { shutdown?: unknown; reset?: () => void; close?: () => unknown };
  if (typeof made.reset === 'function') made.reset();
  else if (typeof made.close === 'function') await made.close();
  else if ('fetch' in made && typeof made.shutdown === 'function') {
    await (made.shutdown as (options: object) => Promise<unknown>).call(made, { grace: 0 });
  }
}

/** Makes every wrong call of one name; returns one line for each that ended wrongly. */
export async function wrongCalls(
  call: PublicCall,
  recipe: Exclude<Recipe, string>,
  options: CallOptions = {},
): Promise<{ made: number; wrong: string[] }> {
  const wrong: string[] = [];
  let made = 0;
  for (const [at, parameter] of call.parameters.entries()) {
    const kinds = accepted(parameter);
    const exception = options.exceptions?.[`${call.name}(${parameter.name})`] ?? [];
    for (const [kind, show, make] of VALUES) {
      made += 1;
      const complain = (what: string): void => {
        wrong.push(`${call.name}: ${parameter.name} = ${show}: ${what}`);
      };
      const mayPass = kinds.has(kind) || exception.includes(kind);
      await wrongCall(call, recipe, at, make(), mayPass, complain, options);
    }
  }
  return { made, wrong };
}

async function wrongCall(
  call: PublicCall,
  recipe: Exclude<Recipe, string>,
  at: number,
  value: unknown,
  mayPass: boolean,
  complain: (what: string) => void,
  { isTyped = () => false, refuses = () => false, turns = 4 }: CallOptions,
): Promise<void> {
  const { target, args, release, isSimulation = false } = await recipe();
  const given = [...args];
  while (given.length < at) given.push(undefined);
  given[at] = value;
  const judge = (error: unknown): void => {
    if (error instanceof TrapError) return;
    if (!mayPass && !(error instanceof InvalidInputError) && !refuses(error)) {
      complain(`expected InvalidInputError, got ${showError(error)}`);
    } else if (!(error instanceof IoError) && !isTyped(error)) {
      complain(`an untyped error: ${showError(error)}`);
    }
  };
  let result: unknown;
  try {
    result = invoke(call.name, target, given);
  } catch (error) {
    if (call.returnsPromise) complain('threw synchronously');
    judge(error);
    await release?.();
    return;
  }
  if (!call.returnsPromise) {
    if (!mayPass) complain('was accepted');
    await discard(result);
    await release?.();
    return;
  }
  // An overload that returns no promise.
  if (!isPromise(result)) {
    if (!mayPass) complain('was accepted');
    await release?.();
    return;
  }
  try {
    let outcome = isSimulation ? await result : await settledWithin(result, turns);
    if (outcome === PENDING && !mayPass) complain('waits');
    if (outcome === PENDING) {
      await release?.();
      outcome = await settledInTime(result);
      if (outcome === PENDING) complain('waits for ever');
      else await discard(outcome);
      return;
    }
    if (!mayPass) complain('was accepted');
    await discard(outcome);
  } catch (error) {
    judge(error);
  }
  await release?.();
}

function invoke(name: string, target: unknown, args: readonly unknown[]): unknown {
  if (name.startsWith('new ')) {
    return Reflect.construct(target as new () => unknown, args as unknown[]);
  }
  if (typeof target === 'function' && !/[.]|::/.test(name)) {
    return Reflect.apply(target, undefined, args);
  }
  const member = name.replace(/^\w+(?:\.|::)/, '');
  const method = (target as Record<string, (...args: unknown[]) => unknown>)[member];
  if (typeof method !== 'function') throw new Error(`the recipe of ${name} has no such method`);
  return Reflect.apply(method, target, args);
}

export function showError(error: unknown): string {
  try {
    return error instanceof Error
      ? `${error.name}: ${error.message}\n      ${
          error.stack
            ?.split('\n')
            .find((line) => line.includes('/src/'))
            ?.trim() ?? ''
        }`
      : `${typeof error} ${String(error)}`;
  } catch {
    return 'something that cannot be shown';
  }
}
