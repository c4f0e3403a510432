/**
 * The options of `serve`, as a zod schema.
 *
 * zod takes longer to load than the rest of awaitio together, so it is loaded only when the quick look of
 * `areCertainlyValid` finds something that it does not know to be right. The schema alone decides what is refused.
 */

import { InvalidInputError } from '@awaitio/core';
import * as z from 'zod/mini';

const count = z.union([z.literal(Infinity), z.int().check(z.gte(1))]);
const amount = z.union([z.literal(Infinity), z.number().check(z.gte(0))]);
const callback = z.custom<(...values: never[]) => unknown>(
  (value) => typeof value === 'function',
  'a function',
);
const withMethod = (method: string): z.ZodMiniType =>
  z.custom(
    (value) => typeof (value as Record<string, unknown> | null)?.[method] === 'function',
    `an object with a method ${method}`,
  );

const serveOptions = z.strictObject({
  host: z.optional(z.string().check(z.minLength(1))),
  port: z.optional(z.int().check(z.gte(0), z.lte(65_535))),
  listener: z.optional(withMethod('accept')),
  maxConnections: z.optional(count),
  maxConnectionsPerAddress: z.optional(count),
  maxRequestsPerConnection: z.optional(count),
  maxPendingHandlers: z.optional(count),
  retryAfter: z.optional(amount),
  proxyProtocol: z.optional(z.looseObject({ trusted: z.array(z.string()) })),
  limits: z.optional(
    z.strictObject({
      targetBytes: z.optional(count),
      headerBytes: z.optional(count),
      headerCount: z.optional(count),
      bodyBytes: z.optional(amount),
      trailerBytes: z.optional(count),
      chunkOverheadBytes: z.optional(count),
      leadingBytes: z.optional(amount),
      readAheadMessages: z.optional(count),
      readAheadBytes: z.optional(count),
    }),
  ),
  deadlines: z.optional(
    z.strictObject({
      firstByte: z.optional(amount),
      headers: z.optional(amount),
      bodyGrace: z.optional(amount),
      bodyMinRate: z.optional(amount),
      handler: z.optional(amount),
      writeStall: z.optional(amount),
      idle: z.optional(amount),
      linger: z.optional(amount),
    }),
  ),
  executor: z.optional(withMethod('spawn')),
  clock: z.optional(withMethod('setTimer')),
  onError: z.optional(callback),
  onEvent: z.optional(callback),
  signal: z.optional(z.instanceof(AbortSignal)),
});

/**
 * @throws `InvalidInputError` that names every wrong option by its path, with what was expected and what came.
 */
export function checkServeOptions(options: unknown): void {
  const result = serveOptions.safeParse(options);
  if (result.success) return;
  const lines = result.error.issues.map((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') {
      return `unknown option \`${[...issue.path, ...issue.keys].map(String).join('.')}\``;
    }
    return `expected \`${path}\` to be ${expectation(issue)}, got ${describe(valueAt(options, issue.path))}`;
  });
  throw new InvalidInputError(`serve: ${lines.join('; ')}`, 'serve', result.error);
}

function expectation(issue: z.core.$ZodIssue): string {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the rest is covered by zod's own words
  switch (issue.code) {
    case 'invalid_type':
      return `of type ${issue.expected}`;
    case 'too_small':
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_union':
      return 'a number in range, or Infinity';
    default:
      return issue.message === '' ? 'something else' : issue.message;
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return at;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `${JSON.stringify(value.slice(0, 64))} (string)`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${value} (${typeof value})`;
  return value === null ? 'null' : `a value of type ${typeof value}`;
}
