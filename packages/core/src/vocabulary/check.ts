/**
 * Checks of arguments and options that several calls share.
 *
 * A bag of options that is read once is checked against a table with one rule for each name: an unknown name would be
 * ignored in silence, and a wrong type would show later and elsewhere. `OptionTable<Options>` makes the compiler refuse a
 * table that lacks a name of its interface, or has one too many. Bags that are read for each read, write, wait, spawn or
 * request have no table: only their values are checked.
 */

import { containResult, isThenable, stderrSink } from './callbacks.ts';
import { invalidInput, InvalidInputError } from './errors.ts';
import { Interest } from './interest.ts';
import { nearestOption, type OptionNames } from './nearest-option.ts';

/** What the value of an option may be, besides `undefined`. */
export interface OptionRule {
  /** What is accepted, for the message: `a whole number from 1`. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** The rules of an option that is a bag of options itself. */
  readonly options?: Readonly<Record<string, OptionRule>> | undefined;
  /** Whether a wrong value may be a secret, which no message shows. @default false */
  readonly isSecret?: boolean | undefined;
}

/** One rule for each option of an interface. */
export type OptionTable<Options> = Readonly<Record<keyof Options, OptionRule>>;

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The rules that most options have. */
export const rules: {
  /** Any value: the call checks it itself, or its consumer does. */
  readonly any: OptionRule;
  readonly flag: OptionRule;
  /** A string, which may be empty. */
  readonly string: OptionRule;
  /** A string that is not empty. */
  readonly text: OptionRule;
  /** A whole number from 1, or Infinity. */
  readonly count: OptionRule;
  /** A number from 0, or Infinity. */
  readonly milliseconds: OptionRule;
  readonly function: OptionRule;
  readonly object: OptionRule;
  readonly signal: OptionRule;
  readonly clock: OptionRule;
  /** A whole number from `from`, and up to `to` if that is given. */
  readonly whole: (from: number, to?: number) => OptionRule;
  readonly oneOf: (...values: readonly (string | number)[]) => OptionRule;
  /** An object that has this method. */
  readonly method: (name: string) => OptionRule;
  /** Certificates of authorities. Node ignores text that holds none, such as the path of a file. */
  readonly authorities: OptionRule;
  /** A bag of options. */
  readonly group: (options: Readonly<Record<string, OptionRule>>) => OptionRule;
} = {
  any: { expected: 'any value', accepts: () => true },
  flag: { expected: 'true or false', accepts: (value) => typeof value === 'boolean' },
  string: { expected: 'a string', accepts: (value) => typeof value === 'string' },
  text: {
    expected: 'a non-empty string',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
  count: {
    expected: 'a whole number from 1, or Infinity',
    accepts: (value) => value === Infinity || (isWhole(value) && value >= 1),
  },
  milliseconds: {
    expected: 'a number of milliseconds from 0',
    accepts: (value) => typeof value === 'number' && value >= 0,
  },
  function: { expected: 'a function', accepts: (value) => typeof value === 'function' },
  object: { expected: 'an object', accepts: isObject },
  signal: { expected: 'an AbortSignal', accepts: (value) => value instanceof AbortSignal },
  clock: methodRule('setTimer'),
  whole: (from, to) => ({
    expected: `a whole number from ${from}${to === undefined ? '' : ` to ${to}`}`,
    accepts: (value) => isWhole(value) && value >= from && value <= (to ?? Infinity),
  }),
  oneOf: (...values) => ({
    expected: values
      .map((value) => (typeof value === 'string' ? `'${value}'` : String(value)))
      .join(' or '),
    accepts: (value) => values.includes(value as string | number),
  }),
  method: methodRule,
  authorities: {
    expected: 'certificates as PEM: the text of a file, not its path',
    accepts: (value) =>
      [value].flat().every((each) => typeof each !== 'string' || each.includes('-----BEGIN')),
    isSecret: true,
  },
  group: (options) => ({ expected: 'an object', accepts: isObject, options }),
};

function methodRule(name: string): OptionRule {
  return {
    expected: `an object with a method ${name}`,
    accepts: (value) =>
      (isObject(value) || typeof value === 'function') &&
      typeof Reflect.get(value, name) === 'function',
  };
}

/**
 * Checks a bag of options: it is an object, every name is known, and every value is what its rule accepts or `undefined`.
 *
 * @param operation - The public call that received the options.
 * @param options - What was passed; a call whose options are optional does not pass `undefined` on.
 * @param table - The rules, by name.
 * @throws `InvalidInputError`
 */
export function checkOptions(
  operation: string,
  options: unknown,
  table: Readonly<Record<string, OptionRule>>,
): void {
  if (!isObject(options) || Array.isArray(options)) {
    throw invalidInput(operation, 'options', 'an object', options);
  }
  const count = checkGroup(operation, options, table, '', table);
  if (count === 0 && !isPlain(options)) {
    throw invalidInput(operation, 'options', 'an object of options', options);
  }
}

/** Whether it has no class: one without a single name is something else, such as a request, in the place of options. */
function isPlain(options: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(options);
  return !isObject(prototype) || Object.getPrototypeOf(prototype) === null;
}

function checkGroup(
  operation: string,
  options: object,
  table: Readonly<Record<string, OptionRule>>,
  path: string,
  root: Readonly<Record<string, OptionRule>>,
): number {
  const prefix = path === '' ? '' : `${path}.`;
  let count = 0;
  // Not the own ones alone: defaults may be inherited.
  for (const name in options) {
    count += 1;
    const rule = Object.hasOwn(table, name) ? table[name] : undefined;
    if (rule === undefined) {
      throw new InvalidInputError(`${operation}: ${unknownOption(name, path, root)}`, operation);
    }
    const value: unknown = (options as Record<string, unknown>)[name];
    if (value === undefined) continue;
    if (!rule.accepts(value)) throw wrongValue(operation, prefix + name, rule, value);
    // A rule may accept a name in place of the bag.
    if (rule.options !== undefined && isObject(value)) {
      checkGroup(operation, value, rule.options, prefix + name, root);
    }
  }
  return count;
}

function wrongValue(
  operation: string,
  name: string,
  { expected, isSecret }: OptionRule,
  value: unknown,
): InvalidInputError {
  if (isSecret !== true) return invalidInput(operation, name, expected, value);
  return new InvalidInputError(
    `${operation}: expected \`${name}\` to be ${expected}, got a value of type ${typeof value}, which is not shown`,
    operation,
  );
}

/** From this many options on, a message does not list them. */
const MANY = 13;

/**
 * Says that an option is unknown, and which one was probably meant; or, when none is near, which there are.
 *
 * @param name - The unknown name.
 * @param path - The bag that it stands in: empty, or `deadlines`.
 * @param table - All options of the call.
 */
export function unknownOption(name: string, path: string, table: OptionNames): string {
  const shown = `${path === '' ? '' : `${path}.`}${name.slice(0, 64)}`;
  const nearest = nearestOption(name, path, table);
  const advice = nearest === undefined ? namesOf(path, table) : `did you mean \`${nearest}\`?`;
  return `unknown option \`${shown}\`${advice === '' ? '' : `: ${advice}`}`;
}

/** The names of a bag of options; nothing when there are too many to help. */
function namesOf(path: string, table: OptionNames): string {
  const bag = path === '' ? { options: table } : (table[path] as { options?: OptionNames });
  const names = Object.keys(bag?.options ?? {}).map((name) => `\`${name}\``);
  if (names.length === 0 || names.length >= MANY) return '';
  return names.length === 1 ? `the only option is ${names[0]}` : `there are ${names.join(', ')}`;
}

/**
 * Checks that options are an object, where nothing else about them is checked.
 *
 * @throws `InvalidInputError`
 */
export function checkIsObject(operation: string, options: unknown): void {
  if (!isObject(options)) throw invalidInput(operation, 'options', 'an object', options);
}

/**
 * Checks that a collaborator has the methods that are called on it later: a stream, a listener, a clock.
 *
 * @param name - The name of the parameter.
 * @throws `InvalidInputError`
 */
export function checkMethods(
  operation: string,
  name: string,
  value: unknown,
  methods: readonly string[],
): void {
  const isCallable = typeof value === 'function' || isObject(value);
  for (const method of methods) {
    if (isCallable && typeof Reflect.get(Object(value), method) === 'function') continue;
    const list = methods.join(', ');
    throw invalidInput(
      operation,
      name,
      `an object with the method${methods.length === 1 ? '' : 's'} ${list}`,
      value,
    );
  }
}

/** Checks one value against a rule. @throws `InvalidInputError` */
export function checkValue(
  operation: string,
  name: string,
  value: unknown,
  rule: OptionRule,
): void {
  if (!rule.accepts(value)) throw wrongValue(operation, name, rule, value);
}

/**
 * Checks the result of a callback that has to be synchronous. What a promise rejects with goes to stderr.
 *
 * @throws `InvalidInputError` for a promise.
 */
export function checkNoPromise(operation: string, name: string, returned: unknown): void {
  if (!isThenable(returned)) return;
  containResult(name, returned, stderrSink);
  throw invalidInput(operation, `${name}()`, 'a value and no promise', returned);
}

/** Checks that a callback is a function. @throws `InvalidInputError` */
export function checkFunction(operation: string, name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidInput(operation, name, 'a function', value);
}

/** The options that a table names, for a call below that takes no others. */
export function pickOptions<Options extends object>(
  options: Options,
  table: Partial<OptionTable<Options>>,
): Options {
  return Object.fromEntries(
    Object.keys(table).map((name) => [name, options[name as keyof Options]]),
  ) as Options;
}

/** The defaults, replaced by what was given; a given `undefined` means the default. */
export function withDefaults<T extends object>(
  defaults: T,
  given: { readonly [Name in keyof T]?: T[Name] | undefined } | undefined,
): T {
  const merged = { ...defaults };
  if (given === undefined) return merged;
  for (const name of Object.keys(defaults) as (keyof T)[]) {
    const value = given[name];
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}

/** Checks that an interest is one or both of {@link Interest}. @throws `InvalidInputError` */
export function checkInterest(operation: string, interest: Interest): void {
  if (Number.isInteger(interest) && interest >= 1 && interest <= 3) return;
  throw invalidInput(
    operation,
    'interest',
    `Interest.READABLE (${Interest.READABLE}), Interest.WRITABLE (${Interest.WRITABLE}) or both`,
    interest,
  );
}
