/** OpenAPI 3.1 of contracts. */

import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { Schema } from '../message/schema.ts';
import { reasonOf } from '../protocol/vocabulary/status-codes.ts';
import { checkContract, templateOf, type Contract } from './contract.ts';
import { Components, describeSchema, type DescribeSchema, type JsonSchema } from './json-schema.ts';

/** What a document says about the whole (OpenAPI 3.1 section 4.8.2). */
export interface OpenApiInfo {
  readonly title: string;
  /** Of the interface, not of OpenAPI. */
  readonly version: string;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
}

/** Options of {@link openApi}. */
export interface OpenApiOptions {
  /** Where it is served. @default where the document is */
  readonly servers?: readonly { readonly url: string; readonly description?: string }[] | undefined;
  /**
   * Describes a schema: what it takes, as JSON Schema of draft 2020-12. For libraries without the Standard JSON Schema interface, and
   * for schemas that JSON Schema cannot hold. @default the schema's `~standard.jsonSchema.input`
   */
  readonly describe?: DescribeSchema | undefined;
}

/** An OpenAPI document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: OpenApiInfo;
  readonly servers?: OpenApiOptions['servers'];
  /** By path and lower-case method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const INFO: OptionTable<OpenApiInfo> = {
  title: rules.text,
  version: rules.text,
  summary: rules.text,
  description: rules.text,
};
const OPTIONS: OptionTable<OpenApiOptions> = {
  servers: {
    expected: 'a list of { url }',
    accepts: (value) =>
      Array.isArray(value) &&
      value.every((each: unknown) => typeof (each as { url?: unknown } | null)?.url === 'string'),
  },
  describe: rules.function,
};

/** What RFC 9457 defines, and `errors` as awaitio sends it. */
const PROBLEM: JsonSchema = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
        required: ['path', 'message'],
      },
    },
  },
};

/**
 * Describes contracts as an OpenAPI 3.1 document.
 *
 * @param contracts - In the order in which they are to stand there.
 * @param info - The title and the version of the interface.
 * @param options - See {@link OpenApiOptions}.
 * @returns The document, whose values are JSON. Schemas with an id (`.meta({ id })` in zod), and those that refer to themselves, stand
 * in `components`. Beside the responses of a contract, each operation has problem documents as `default`.
 * @throws `InvalidInputError` for wrong arguments, two contracts with one method and path, parameters or a query that are not
 * described as an object, and a schema that JSON Schema cannot describe, such as `z.bigint()`.
 *
 * @example
 * ```ts
 * import { contract, openApi } from '@awaitio/http/contract';
 * import { z } from 'zod';
 *
 * const hello = contract({ method: 'GET', path: '/hello', responses: { 200: z.string() } });
 * const document = openApi([hello], { title: 'Greetings', version: '1.0.0' });
 * console.log(Object.keys(document.paths)); // [ '/hello' ]
 * ```
 */
export function openApi(
  contracts: readonly Contract[],
  info: OpenApiInfo,
  options: OpenApiOptions = {},
): OpenApiDocument {
  if (!Array.isArray(contracts)) {
    throw invalidInput('openApi', 'contracts', 'a list of contracts', contracts);
  }
  checkOptions('openApi', info, INFO);
  for (const name of ['title', 'version'] as const) {
    if (info[name] === undefined)
      throw invalidInput('openApi', `info.${name}`, 'a text', undefined);
  }
  checkOptions('openApi', options, OPTIONS);
  const components = new Components();
  const problem = components.add('Problem', PROBLEM);
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [index, contract] of (contracts as readonly Contract[]).entries()) {
    checkContract('openApi', `contracts[${index}]`, contract);
    const { method, path } = contract.definition;
    const operations = (paths[path] ??= {});
    const name = method.toLowerCase();
    if (operations[name] !== undefined) {
      throw invalidInput(
        'openApi',
        `contracts[${index}]`,
        `one contract for ${method} ${path}`,
        'two',
      );
    }
    operations[name] = new Operation(contract, components, options.describe).describe(problem);
  }
  const { servers } = options;
  return {
    openapi: '3.1.0',
    info: withoutUndefined({ ...info }),
    ...(servers === undefined ? {} : { servers }),
    paths,
    components: { schemas: components.schemas },
  };
}

/** One contract, as it is described. */
class Operation {
  readonly #contract: Contract;
  readonly #components: Components;
  readonly #describe: DescribeSchema | undefined;
  readonly #name: string;

  constructor(contract: Contract, components: Components, describe: DescribeSchema | undefined) {
    const { method, path, operationId } = contract.definition;
    this.#contract = contract;
    this.#components = components;
    this.#describe = describe;
    this.#name = operationId ?? `${method.toLowerCase()}${path.replace(/\W+/g, '_')}`;
  }

  describe(problem: JsonSchema): JsonSchema {
    const { operationId, summary, description, tags, deprecated, params, query, body, responses } =
      this.#contract.definition;
    const parameters = [
      ...(params === undefined ? this.#plain() : this.#parameters(params, 'path', 'params')),
      ...(query === undefined ? [] : this.#parameters(query, 'query', 'query')),
    ];
    const described = Object.entries(responses).map(([status, schema]) => [
      status,
      {
        description: reasonOf(Number(status)) || `Status ${status}`,
        ...(schema === null ? {} : this.#json(schema, `Response${status}`, `the answer ${status}`)),
      },
    ]);
    const failure = {
      description: 'A problem (RFC 9457)',
      content: { 'application/problem+json': { schema: problem } },
    };
    return withoutUndefined({
      operationId,
      summary,
      description,
      tags,
      deprecated,
      parameters: parameters.length === 0 ? undefined : parameters,
      requestBody:
        body === undefined
          ? undefined
          : { required: true, ...this.#json(body, 'Body', 'the body') },
      responses: { ...Object.fromEntries(described), default: failure },
    });
  }

  #json(schema: Schema<unknown>, name: string, place: string): JsonSchema {
    const adopted = this.#components.adopt(this.#described(schema, place), `${this.#name}_${name}`);
    return { content: { 'application/json': { schema: adopted } } };
  }

  #described(schema: Schema<unknown>, place: string): JsonSchema {
    const { method, path } = this.#contract.definition;
    return describeSchema(schema, `${place} of ${method} ${path}`, this.#describe);
  }

  /** Each property of an object as a parameter. */
  #parameters(schema: Schema<unknown>, place: 'path' | 'query', option: string): JsonSchema[] {
    const described = this.#described(schema, `\`${option}\``);
    const { method, path } = this.#contract.definition;
    const { properties, $defs, required } = described;
    if (typeof properties !== 'object' || properties === null) {
      const expected = `described as an object, since its properties are parameters of ${method} ${path}`;
      throw invalidInput('openApi', option, expected, described['type']);
    }
    return Object.entries(properties as Record<string, JsonSchema>).map(([name, property]) => {
      const own = $defs === undefined ? property : { ...property, $defs };
      const { description, ...adopted } = this.#components.adopt(own, `${this.#name}_${name}`);
      const isRequired = place === 'path' || (Array.isArray(required) && required.includes(name));
      return withoutUndefined({
        name,
        in: place,
        description,
        required: isRequired ? true : undefined,
        schema: adopted,
      });
    });
  }

  /** The parameters of a path without a schema. */
  #plain(): JsonSchema[] {
    return templateOf(this.#contract).names.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
  }
}

/** JSON leaves them out as well; a document is compared with others before. */
function withoutUndefined<T extends object>(members: T): T {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as T;
}
