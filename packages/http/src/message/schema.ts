/**
 * Validates parts of a request or response against a schema.
 *
 * A schema is anything with the Standard Schema interface, such as a zod 4 schema. So a program brings its own validation
 * library, and one that validates nothing loads none.
 */

import { checkOptions, invalidInput } from '@awaitio/core/lowlevel';
import { COLLECT_OPTIONS, type CollectOptions } from './collect-options.ts';
import { HttpProblem, type ProblemDetail } from './problem.ts';

/** A schema: zod 4, or any other library with the Standard Schema interface. */
export interface Schema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Tells a schema from options, where a call takes either: the schema, or `undefined` for options.
 *
 * @throws `InvalidInputError` for what is neither.
 */
export function schemaOf<T>(
  operation: string,
  given: Schema<T> | CollectOptions | undefined,
): Schema<T> | undefined {
  if (given === undefined) return undefined;
  // A schema may be a function, as ArkType's are.
  const isOpen = (typeof given === 'object' && given !== null) || typeof given === 'function';
  if (isOpen && '~standard' in given) return given;
  if (isOpen && Object.getPrototypeOf(given) === Object.prototype) {
    checkOptions(operation, given, COLLECT_OPTIONS);
    return undefined;
  }
  throw invalidInput(
    operation,
    'schema',
    "a schema with the Standard Schema interface, such as zod 4's, or options { limit }",
    given,
  );
}

/** A valid value, or what is wrong with it. */
export type Checked<T> =
  | { readonly value: T; readonly errors?: undefined }
  | { readonly errors: readonly ProblemDetail[] };

/**
 * Checks a value.
 *
 * @param place - The first element of each path in the errors: `body`, `query`.
 * @throws what the schema throws; `InvalidInputError` when it gives no result
 */
export async function check<T>(
  schema: Schema<T>,
  value: unknown,
  place: string,
): Promise<Checked<T>> {
  const result = await schema['~standard'].validate(value);
  if (typeof result !== 'object' || result === null) {
    throw invalidInput('schema', 'validate(value)', 'an object with `value` or `issues`', result);
  }
  if (result.issues === undefined) return { value: result.value };
  return { errors: result.issues.map((issue) => describe(issue, place)) };
}

/**
 * Validates a value of a request.
 *
 * @param place - As in {@link check}.
 * @throws `HttpProblem` 422 that lists every violation with its path.
 */
export async function validate<T>(schema: Schema<T>, value: unknown, place: string): Promise<T> {
  const checked = await check(schema, value, place);
  if (checked.errors === undefined) return checked.value;
  const { errors } = checked;
  throw new HttpProblem(422, { detail: `the ${place} does not match its schema`, errors });
}

function describe(issue: SchemaIssue, place: string): ProblemDetail {
  let path = place;
  for (const step of issue.path ?? []) {
    const key = typeof step === 'object' ? step.key : step;
    path += typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
  }
  return { path, message: issue.message };
}

/** The entries of a query or form as an object. A name that appears more than once becomes an array. */
export function entriesToObject<V>(entries: Iterable<[string, V]>): Record<string, V | V[]> {
  const object: Record<string, V | V[]> = Object.create(null) as Record<string, V | V[]>;
  for (const [name, value] of entries) {
    const before = object[name];
    if (before === undefined) object[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else object[name] = [before, value];
  }
  return { ...object };
}
