/**
 * A quick look at options that are plainly right, so that a program that makes no mistake never loads zod.
 *
 * It says yes only where `validation/options.ts` would; what it is not sure of, the schema decides.
 */

import { DEFAULT_SERVER_DEADLINES } from '../driver/deadlines.ts';
import { DEFAULT_LIMITS } from '../protocol/vocabulary/limits.ts';

type Check = (value: unknown) => boolean;

const KNOWN: Readonly<Record<string, Check>> = {
  host: (value) => typeof value === 'string' && value !== '',
  port: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536,
  listener: hasMethod('accept'),
  executor: hasMethod('spawn'),
  clock: hasMethod('setTimer'),
  onError: isFunction,
  onEvent: isFunction,
  signal: (value) => value instanceof AbortSignal,
  maxConnections: isCount,
  maxConnectionsPerAddress: isCount,
  maxRequestsPerConnection: isCount,
  maxPendingHandlers: isCount,
  limits: isRecordOf(DEFAULT_LIMITS, isCount),
  deadlines: isRecordOf(
    DEFAULT_SERVER_DEADLINES,
    (value) => typeof value === 'number' && value >= 0,
  ),
};

/** Reports whether every option is known and plainly right. */
export function areCertainlyValid(options: object): boolean {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(KNOWN, name)) return false;
    if (value !== undefined && KNOWN[name]?.(value) !== true) return false;
  }
  return true;
}

function isCount(value: unknown): boolean {
  return value === Infinity || (Number.isInteger(value) && (value as number) >= 1);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function hasMethod(name: string): Check {
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[name] === 'function';
}

/** Whether a value is a plain object that has only names that `known` has, each with a value that is plainly right. */
function isRecordOf(known: object, isRight: Check): Check {
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.entries(value).every(
      ([name, one]) => Object.hasOwn(known, name) && (one === undefined || isRight(one)),
    );
}
