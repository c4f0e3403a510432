/** What every copy of this package knows a simulated socket by. */
export const SIMULATED: symbol = Symbol.for('@awaitio/core: simulated socket');

/**
 * Whether a value is a simulated socket that counts as a `net.Socket`. One that carries TLS does not: Node would look for its handle.
 */
export function isSocket(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, SIMULATED) === true;
}
