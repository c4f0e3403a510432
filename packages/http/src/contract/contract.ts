/**
 * Contracts: what a client sends and what a server answers, in one value that both sides are typed and checked by.
 *
 * What travels is the *input* of a schema, on both ways: a client gives a schema's input and a server gets its output; the server
 * gives a schema's input and the client gets its output. So a schema that transforms does it once, where the value arrives.
 */

import { InvalidInputError } from '@awaitio/core';
import {
  checkOptions,
  invalidInput,
  rules,
  type OptionRule,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Schema } from '../message/schema.ts';
import { parseTemplate, type PathNames, type PathTemplate } from './path-template.ts';

/** The methods of contracts. */
export type ContractMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** What a contract says. */
export interface ContractInit {
  readonly method: ContractMethod;
  /** With parameters in braces, each a whole segment: `/items/{id}`. */
  readonly path: string;
  /** Of the parameters in the path, which arrive as strings. @default strings */
  readonly params?: Schema<unknown> | undefined;
  /** Of the query: a name that comes once is a string, one that comes more often a list of them. */
  readonly query?: Schema<unknown> | undefined;
  /** Of the body, as JSON. */
  readonly body?: Schema<unknown> | undefined;
  /** Of the body of each response, by its status, as JSON; `null` for a response without a body. */
  readonly responses: Readonly<Record<number, Schema<unknown> | null>>;
  /** What code generators call it. */
  readonly operationId?: string | undefined;
  /** What it does, in a few words. */
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Whether it should no longer be used. @default false */
  readonly deprecated?: boolean | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const WITHOUT_BODY = ['GET', 'HEAD', 'OPTIONS'];
/** The statuses of responses that have no body (RFC 9110 section 15). */
const EMPTY = [204, 205, 304];

/** Whether it has the Standard Schema interface. A schema may be a function, as ArkType's are. */
const isSchema = (value: unknown): boolean =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  '~standard' in value;
const SCHEMA: OptionRule = {
  expected: 'a schema with the Standard Schema interface, such as one of zod 4',
  accepts: isSchema,
};
const CONTRACT: OptionTable<ContractInit> = {
  method: rules.oneOf(...METHODS),
  path: rules.text,
  params: SCHEMA,
  query: SCHEMA,
  body: SCHEMA,
  responses: {
    expected: 'schemas, or null, by status from 200 to 599',
    accepts: (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.keys(value).length > 0 &&
      Object.entries(value).every(
        ([status, schema]) => /^[2-5]\d\d$/.test(status) && (schema === null || isSchema(schema)),
      ),
  },
  operationId: rules.text,
  summary: rules.text,
  description: rules.text,
  tags: {
    expected: 'a list of names',
    accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  },
  deprecated: rules.flag,
};

/** What has to be as well: the parameters in the path are those of `params`. */
export type PathRule<I extends ContractInit> = I extends {
  readonly params: infer S extends Schema<unknown>;
}
  ? SameNames<PathNames<I['path']>, keyof OutputOf<S>> extends true
    ? unknown
    : { readonly params: 'The names of `params` have to be those in braces in `path`.' }
  : unknown;
type SameNames<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

type TypesOf<S extends Schema<unknown>> = NonNullable<S['~standard']['types']>;
/** What a schema gives: what the side gets at which a value arrives. */
export type OutputOf<S> = S extends Schema<unknown> ? TypesOf<S>['output'] : undefined;
/**
 * What a schema takes: what the side gives from which a value is sent. Where a schema takes anything, as `z.coerce` does, it is what
 * it gives.
 */
export type InputOf<S> =
  S extends Schema<unknown> ? Narrowed<TypesOf<S>['input'], OutputOf<S>> : undefined;
type Narrowed<I, O> = unknown extends I
  ? O
  : I extends object
    ? { [Name in keyof I]: Name extends keyof O ? Known<I[Name], O[Name]> : I[Name] }
    : I;
type Known<I, O> = unknown extends I ? O : I;

let templates: (contract: Contract) => PathTemplate;

/** A contract; {@link contract} makes it. */
export class Contract<out I extends ContractInit = ContractInit> {
  readonly #template: PathTemplate;
  /** What it says. */
  readonly definition: I;

  static {
    templates = (given) => given.#template;
  }

  /** @throws as {@link contract} */
  constructor(definition: I) {
    checkOptions('contract', definition, CONTRACT);
    const { method, path, body, responses } = definition;
    if (method === undefined)
      throw invalidInput('contract', 'method', CONTRACT.method.expected, method);
    if (responses === undefined) {
      throw invalidInput('contract', 'responses', CONTRACT.responses.expected, responses);
    }
    this.#template = parseTemplate(path);
    if (body !== undefined && WITHOUT_BODY.includes(method)) {
      throw new InvalidInputError(
        `contract: expected no \`body\`, since ${method} has none; use query, or another method`,
        'contract',
      );
    }
    for (const [status, schema] of Object.entries(responses)) {
      if (schema === null || (method !== 'HEAD' && !EMPTY.includes(Number(status)))) continue;
      throw new InvalidInputError(
        `contract: expected \`responses.${status}\` to be null, since that response has no body`,
        'contract',
      );
    }
    this.definition = Object.freeze({ ...definition, responses: Object.freeze({ ...responses }) });
  }
}

/** The path of a contract, read. */
export function templateOf(given: Contract): PathTemplate {
  return templates(given);
}

/** @throws `InvalidInputError` for what `contract` has not made. */
export function checkContract(operation: string, name: string, value: unknown): void {
  if (value instanceof Contract) return;
  throw invalidInput(operation, name, 'a contract, made by contract()', value);
}

/**
 * Makes a contract: a request, and the responses that it may have.
 *
 * @param definition - Its method, its path, and schemas: zod 4's, or any with the Standard Schema interface. What is no JSON, such as
 * files and event streams, has no contract.
 * @returns For {@link implement} on a server, {@link call} on a client, and {@link openApi}.
 * @throws `InvalidInputError` for a path, a status or a schema that is none; for a body of GET; for unknown names.
 *
 * @example
 * ```ts
 * import { contract } from '@awaitio/http/contract';
 * import { z } from 'zod';
 *
 * const getItem = contract({
 *   method: 'GET',
 *   path: '/items/{id}',
 *   params: z.object({ id: z.coerce.number().int() }),
 *   responses: { 200: z.object({ name: z.string() }), 404: null },
 * });
 * console.log(getItem.definition.path); // /items/{id}
 * ```
 */
export function contract<const I extends ContractInit>(definition: I & PathRule<I>): Contract<I> {
  return new Contract<I>(definition);
}
