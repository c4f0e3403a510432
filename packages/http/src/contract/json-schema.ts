/**
 * The JSON Schemas of contracts, in one document.
 *
 * A schema library describes each schema as a whole document: what it refers to stands below `$defs`, and `#` is its root. In
 * an OpenAPI document those references would lead elsewhere, so definitions move to `components`, and references with them.
 */

import { InvalidInputError } from '@awaitio/core';
import { containResult, isThenable, stderrSink } from '@awaitio/core/lowlevel';
import type { Schema } from '../message/schema.ts';

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;
/** Describes a schema: what it takes, as JSON Schema of draft 2020-12. */
export type DescribeSchema = (schema: Schema<unknown>) => JsonSchema;

/** Keywords whose values are data, in which nothing is a reference. */
const DATA = new Set(['const', 'enum', 'default', 'example', 'examples']);
/** Keywords whose values are schemas by name. */
const BY_NAME = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs']);
const DEFS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The JSON Schema of a schema, by the Standard JSON Schema interface, as zod 4 and ArkType have it.
 *
 * @param place - For the error: `the body of POST /items`.
 * @throws `InvalidInputError` for a schema that cannot be described; `cause` says why.
 */
export function describeSchema(
  schema: Schema<unknown>,
  place: string,
  describe: DescribeSchema | undefined,
): JsonSchema {
  let described: unknown;
  let cause: unknown;
  try {
    described = describe === undefined ? standard(schema) : describe(schema);
  } catch (error) {
    cause = error;
  }
  if (isThenable(described)) containResult('describe', described, stderrSink);
  else if (isObject(described)) return described;
  throw new InvalidInputError(
    `openApi: expected a schema that has a JSON Schema in ${place}, got one that has none; give \`describe\``,
    'openApi',
    cause,
  );
}

function standard(schema: Schema<unknown>): unknown {
  const { jsonSchema } = schema['~standard'] as {
    readonly jsonSchema?: { input(options: object): unknown };
  };
  const libraryOptions = { unrepresentable: dateOf };
  return jsonSchema?.input({ target: 'draft-2020-12', libraryOptions });
}

/** What zod asks for a schema that JSON Schema cannot hold: `z.coerce.date()` takes what JSON makes of a date. */
function dateOf({ zodSchema }: { readonly zodSchema: ZodInternals }): JsonSchema | 'throw' {
  const { type, coerce } = zodSchema._zod.def;
  return type === 'date' && coerce === true ? { type: 'string', format: 'date-time' } : 'throw';
}

interface ZodInternals {
  readonly _zod: { readonly def: { readonly type?: unknown; readonly coerce?: unknown } };
}

/** The schemas that others refer to, by name. */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>();
  /** The text of each as it was given, to know the same one again. */
  readonly #texts = new Map<string, string>();

  /** Their names and schemas. */
  get schemas(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(this.#schemas);
  }

  /**
   * Moves what a schema defines here.
   *
   * @param name - Of the schema itself, if it refers to itself.
   * @returns The schema, with references that lead here.
   */
  adopt(schema: JsonSchema, name: string): JsonSchema {
    const { $schema: _dialect, $defs, ...root } = schema;
    const text = JSON.stringify(schema);
    const own = text.includes('"$ref":"#"') ? this.#nameFor(name, text) : '';
    const names = new Map<string, string>();
    const definitions = Object.entries(isObject($defs) ? $defs : {});
    for (const [key, definition] of definitions) {
      names.set(key, this.#nameFor(key, JSON.stringify(definition)));
    }
    for (const [key, definition] of definitions) {
      this.#schemas.set(names.get(key) as string, rewrite(definition, names, own) as JsonSchema);
    }
    const rewritten = rewrite(root, names, own) as JsonSchema;
    if (own === '') return rewritten;
    this.#schemas.set(own, rewritten);
    return { $ref: `${COMPONENTS}${own}` };
  }

  /** Adds a schema without definitions. */
  add(name: string, schema: JsonSchema): JsonSchema {
    const own = this.#nameFor(name, JSON.stringify(schema));
    this.#schemas.set(own, schema);
    return { $ref: `${COMPONENTS}${own}` };
  }

  /** A name that no other schema has. */
  #nameFor(wanted: string, text: string): string {
    const plain = wanted.replace(/[^\w.-]+/g, '_');
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? plain : `${plain}${number}`;
      const before = this.#texts.get(name);
      if (before !== undefined && before !== text) continue;
      this.#texts.set(name, text);
      return name;
    }
  }
}

/** A schema with its references led to components. */
function rewrite(schema: unknown, names: ReadonlyMap<string, string>, own: string): unknown {
  if (Array.isArray(schema)) return schema.map((each: unknown) => rewrite(each, names, own));
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (DATA.has(key)) return [key, value];
    if (key === '$ref' && typeof value === 'string') return [key, referenceOf(value, names, own)];
    if (BY_NAME.has(key) && isObject(value)) {
      const each = Object.entries(value);
      return [key, Object.fromEntries(each.map(([name, one]) => [name, rewrite(one, names, own)]))];
    }
    return [key, rewrite(value, names, own)];
  });
  return Object.fromEntries(entries);
}

function referenceOf(value: string, names: ReadonlyMap<string, string>, own: string): string {
  if (value === '#') return `${COMPONENTS}${own}`;
  if (!value.startsWith(DEFS)) return value;
  const [key = '', ...rest] = value.slice(DEFS.length).split('/');
  // RFC 6901 section 3, in a fragment.
  const plain = decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
  return `${COMPONENTS}${[names.get(plain) ?? key, ...rest].join('/')}`;
}
