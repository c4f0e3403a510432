/**
 * The options of `serve` as a zod schema, made from the table in `options.ts`.
 *
 * zod takes longer to load than the rest of awaitio together. `serve` loads it only for options that `areCertainlyValid`
 * does not accept, to explain what is wrong with them.
 */

import { InvalidInputError } from '@awaitio/core';
import { checkOptions, invalidInput, unknownOption } from '@awaitio/core/lowlevel';
import * as z from 'zod/mini';
import { SERVE_OPTIONS, type OptionKind } from './options.ts';

function schemaOf(option: OptionKind): z.ZodMiniType {
  switch (option.kind) {
    case 'text':
      return z.string().check(z.minLength(1));
    case 'flag':
      return z.boolean();
    case 'whole':
      return z.int().check(z.gte(option.from), z.lte(option.to));
    case 'count':
      return z.union([z.literal(Infinity), z.int().check(z.gte(1))]);
    case 'amount':
      return z.union([z.literal(Infinity), z.number().check(z.gte(0))]);
    case 'function':
      return z.custom((value) => typeof value === 'function');
    case 'object':
      return z.custom(
        (value) => typeof (value as Record<string, unknown> | null)?.[option.method] === 'function',
      );
    case 'signal':
      return z.instanceof(AbortSignal);
    case 'proxies':
      return z.looseObject({ trusted: z.array(z.string()) });
    case 'group':
      return groupOf(option.options);
  }
}

function groupOf(options: Readonly<Record<string, OptionKind>>): z.ZodMiniType {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(options).map(([name, option]) => [name, z.optional(schemaOf(option))]),
    ),
  );
}

const serveOptions = groupOf(SERVE_OPTIONS);

/** Options of `node:https` and of other servers. */
const TLS_NAMES = new Set([
  'ca',
  'cert',
  'https',
  'key',
  'passphrase',
  'pfx',
  'secureContext',
  'tls',
]);
const TLS_ADVICE =
  'for TLS, pass a listener: `{ listener: await TlsListener.bind(address, { cert, key }) }`';

/**
 * @throws `InvalidInputError` that names every wrong option by its path, with what was expected and what was given.
 */
export function checkServeOptions(options: unknown): void {
  // Words the error of options that are no object.
  if (typeof options !== 'object' || options === null) checkOptions('serve', options, {});
  const result = serveOptions.safeParse(options);
  if (result.success) return;
  const lines = result.error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') return unknown(issue.keys, path);
    return wrongValue(path, expectationOf(issue.path), valueAt(options, issue.path));
  });
  throw new InvalidInputError(`serve: ${lines.join('; ')}`, 'serve', result.error);
}

function unknown(names: readonly string[], path: string): string[] {
  const isTls = (name: string): boolean => path === '' && TLS_NAMES.has(name);
  const tls = names.filter(isTls).map((name) => `\`${name}\``);
  return [
    ...(tls.length === 0
      ? []
      : [`unknown option${tls.length === 1 ? '' : 's'} ${tls.join(', ')}: ${TLS_ADVICE}`]),
    ...names.filter((name) => !isTls(name)).map((name) => unknownOption(name, path, SERVE_OPTIONS)),
  ];
}

/** What the option at a path may be, in the words of every other call. */
function expectationOf(path: readonly PropertyKey[]): string {
  let at: OptionKind = { kind: 'group', options: SERVE_OPTIONS };
  for (const step of path) {
    if (at.kind === 'proxies')
      return step === 'trusted' && path.at(-1) === step ? 'a list of addresses' : 'a string';
    at = (at as Extract<OptionKind, { readonly kind: 'group' }>).options[
      step as string
    ] as OptionKind;
  }
  switch (at.kind) {
    case 'text':
      return 'a non-empty string';
    case 'flag':
      return 'true or false';
    case 'whole':
      return `a whole number from ${at.from}${at.to === Number.MAX_SAFE_INTEGER ? '' : ` to ${at.to}`}`;
    case 'count':
      return 'a whole number from 1, or Infinity';
    case 'amount':
      return 'a number from 0, or Infinity';
    case 'function':
      return 'a function';
    case 'object':
      return `an object with a method ${at.method}`;
    case 'signal':
      return 'an AbortSignal';
    case 'proxies':
      return 'an object with a list `trusted`';
    case 'group':
      return 'an object';
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return at;
}

/** What `invalidInput` says, without the name of the call. */
function wrongValue(path: string, expected: string, value: unknown): string {
  return invalidInput('', path, expected, value).message.slice(': '.length);
}
