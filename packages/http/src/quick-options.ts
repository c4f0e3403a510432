/**
 * A quick look at options that are plainly right, so that a program that makes no mistake never loads zod.
 *
 * It says yes only where `validation/options.ts` would; what it is not sure of, the schema decides.
 */

const KNOWN: Readonly<Record<string, (value: unknown) => boolean>> = {
  host: (value) => typeof value === 'string' && value !== '',
  port: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536,
  listener: isObject,
  executor: isObject,
  clock: isObject,
  onError: isFunction,
  onEvent: isFunction,
  signal: (value) => value instanceof AbortSignal,
  maxConnections: isCount,
  maxConnectionsPerAddress: isCount,
  maxRequestsPerConnection: isCount,
  maxPendingHandlers: isCount,
};

/** Reports whether every option is known and plainly right. */
export function looksRight(options: object): boolean {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (KNOWN[name]?.(value) !== true) return false;
  }
  return true;
}

function isCount(value: unknown): boolean {
  return value === Infinity || (Number.isInteger(value) && (value as number) >= 1);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isObject(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ('accept' in value || 'spawn' in value || 'setTimer' in value)
  );
}
