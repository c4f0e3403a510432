/**
 * A check of the options of `serve` without zod, so that a program with valid options never loads it.
 *
 * It is made from the same table as the schema, and may only err on one side: what it accepts, the schema accepts. What it
 * does not accept is left to the schema, which decides and explains.
 */

import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import { SERVE_OPTIONS, type OptionKind } from './options.ts';
import type { checkServeOptions } from './options-schema.ts';

/** For what {@link areCertainlyValid} does not accept. */
export const optionsSchema: Lazy<{ readonly checkServeOptions: typeof checkServeOptions }> = lazy(
  () => import('./options-schema.ts'),
);

/** Whether every option is known and its value valid, beyond doubt. */
export function areCertainlyValid(options: unknown): boolean {
  return typeof options === 'object' && options !== null && isGroup(options, SERVE_OPTIONS);
}

function isGroup(options: object, known: Readonly<Record<string, OptionKind>>): boolean {
  return Object.entries(options).every(
    ([name, value]) =>
      Object.hasOwn(known, name) &&
      (value === undefined || isValid(value, known[name] as OptionKind)),
  );
}

function isValid(value: unknown, option: OptionKind): boolean {
  switch (option.kind) {
    case 'text':
      return typeof value === 'string' && value !== '';
    case 'flag':
      return typeof value === 'boolean';
    case 'whole':
      return isWhole(value) && value >= option.from && value <= option.to;
    case 'count':
      return value === Infinity || (isWhole(value) && value >= 1);
    case 'amount':
      return typeof value === 'number' && value >= 0;
    case 'function':
      return typeof value === 'function';
    case 'object':
      return (
        typeof value === 'object' &&
        typeof (value as Record<string, unknown> | null)?.[option.method] === 'function'
      );
    case 'signal':
      return value instanceof AbortSignal;
    case 'proxies':
      return (
        isPlainObject(value) &&
        Array.isArray(value['trusted']) &&
        value['trusted'].every((one) => typeof one === 'string')
      );
    case 'group':
      return isPlainObject(value) && isGroup(value, option.options);
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
