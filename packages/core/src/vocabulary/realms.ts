/**
 * Values of another realm: a `vm` context, as each test file of Jest is one, has its own `Uint8Array` and `Error`, and
 * `instanceof` is false for those of all others. Node's own modules live in the main realm, whatever realm calls them.
 */

const typedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** Whether it is a `Uint8Array`, such as a `Buffer`, of whatever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || typedArrayTag.call(value) === 'Uint8Array';
}

const toString = Object.prototype.toString;

/** Whether it is an `Error` or a `DOMException`, of whatever realm. Never throws. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (value instanceof Error) return true;
    const tag = toString.call(value);
    return tag === '[object Error]' || tag === '[object DOMException]';
  } catch {
    return false;
  }
}

/** Whether it is an `ArrayBuffer`, of whatever realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer || toString.call(value) === '[object ArrayBuffer]';
}
