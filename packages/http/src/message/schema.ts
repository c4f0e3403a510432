/**
 * Checking parts of a request or response against a schema.
 *
 * What is asked of a schema is the Standard Schema interface, which zod 4's schemas have: so a program brings its own
 * zod, and one that validates nothing loads none.
 */

import { HttpProblem, type ProblemDetail } from './problem.ts';

/** A schema: any zod 4 schema, or another library's that has the Standard Schema interface. */
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
 * Checks a value.
 *
 * @param place - What the value is, for the paths of the errors: `body`, `query`.
 * @throws `HttpProblem` 422 that lists every thing that is wrong, each with its path.
 */
export async function validate<T>(schema: Schema<T>, value: unknown, place: string): Promise<T> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const errors = result.issues.map((issue) => describe(issue, place));
  throw new HttpProblem(422, { detail: `the ${place} is not what is expected`, errors });
}

function describe(issue: SchemaIssue, place: string): ProblemDetail {
  let path = place;
  for (const step of issue.path ?? []) {
    const key = typeof step === 'object' ? step.key : step;
    path += typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
  }
  return { path, message: issue.message };
}

/** The entries of a query or form as an object: a name that comes more than once holds a list. */
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
