/**
 * Values of another realm or of another copy of this package: a `vm` context, as each test file of Jest is one, has its own `Uint8Array` and `Error`, and
 * `instanceof` is false for those of all others. Node's own modules live in the main realm, whatever realm calls them.
 */

import type { CancelledError } from './errors.ts';

/** The name that the value was made with, whatever it says of itself. */
const tagOf = Reflect.get(
  Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(Uint8Array.prototype),
    Symbol.toStringTag,
  ) as object,
  'get',
) as (this: unknown) => string | undefined;

/** Whether it is a `Uint8Array`, such as a `Buffer`, of whatever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || tagOf.call(value) === 'Uint8Array';
}

const toString = (value: unknown): string => Object.prototype.toString.call(value);

/** Whether it is an `Error` or a `DOMException`, of whatever realm. Never throws. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (value instanceof Error) return true;
    const tag = toString(value);
    return tag === '[object Error]' || tag === '[object DOMException]';
  } catch {
    return false;
  }
}

/** Whether it is the end of a scope, also of one that another copy of this package has made. Never throws. */
export function isCancelled(value: unknown): value is CancelledError {
  try {
    return isError(value) && Reflect.get(value, 'code') === 'ERR_CANCELLED';
  } catch {
    // A getter of the error has thrown.
    return false;
  }
}

/** Whether it is an `ArrayBuffer`, of whatever realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer || toString(value) === '[object ArrayBuffer]';
}
