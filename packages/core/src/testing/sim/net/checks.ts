/**
 * What the modules of Node refuse of arguments, with the classes and codes of their errors: programs tell errors apart by these.
 *
 * The tests of `test/sim/hostile-modules.test.ts` compare with the Node that runs them.
 */

import { inspect } from 'node:util';

type ErrorClass = new (message: string) => Error;

function coded(Class: ErrorClass, code: string, message: string): Error {
  return Object.assign(new Class(message), { code });
}

/** What came, without a look into it. */
function received(value: unknown): string {
  if (value === undefined || value === null) return `Received ${String(value)}`;
  if (typeof value === 'object') return 'Received an object';
  if (typeof value === 'function') return 'Received a function';
  return `Received type ${typeof value} (${inspect(value)})`;
}

/** `ERR_INVALID_ARG_TYPE` */
export function wrongType(name: string, expected: string, value: unknown): Error {
  const what = name.includes('.') ? 'property' : 'argument';
  const message = `The "${name}" ${what} must be of type ${expected}. ${received(value)}`;
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', message);
}

/** `ERR_INVALID_ARG_VALUE` */
export function wrongValue(name: string, value: unknown, reason = 'is invalid'): Error {
  const what = name.includes('.') ? 'property' : 'argument';
  const message = `The ${what} '${name}' ${reason}. ${received(value)}`;
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', message);
}

/** `ERR_OUT_OF_RANGE` */
function outOfRange(name: string, range: string, value: number): Error {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${value}`;
  return coded(RangeError, 'ERR_OUT_OF_RANGE', message);
}

/** `ERR_MISSING_ARGS` of `net.connect` */
export function missingTarget(): Error {
  const message = 'The "options" or "port" or "path" argument must be specified';
  return coded(TypeError, 'ERR_MISSING_ARGS', message);
}

/** `ERR_SERVER_ALREADY_LISTEN` */
export function alreadyListens(): Error {
  const message = 'Listen method has been called more than once without closing.';
  return coded(Error, 'ERR_SERVER_ALREADY_LISTEN', message);
}

/** `ERR_INVALID_IP_ADDRESS` */
export function noAddress(value: unknown): Error {
  return coded(TypeError, 'ERR_INVALID_IP_ADDRESS', `Invalid IP address: ${String(value)}`);
}

export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrongType(name, 'string', value);
}

export function checkNumber(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw wrongType(name, 'number', value);
}

export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw wrongType(name, 'boolean', value);
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(name, 'function', value);
}

/** A whole number of 32 bits, from a least one. */
export function checkInteger(name: string, value: unknown, least: number): void {
  checkNumber(name, value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > 2_147_483_647) {
    throw outOfRange(name, `>= ${least} && <= 2147483647`, value);
  }
}

/** The delay of a timer, in milliseconds. */
export function checkDelay(name: string, value: unknown): asserts value is number {
  checkNumber(name, value);
  if (!(value >= 0 && value < Infinity)) {
    throw outOfRange(name, 'a non-negative finite number', value);
  }
}

/** @returns The port, of a number or a string. */
export function checkPort(name: string, value: number | string): number {
  const port = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  const message = `${name} should be >= 0 and < 65536. ${received(value)}`;
  throw coded(RangeError, 'ERR_SOCKET_BAD_PORT', message);
}

export function checkSignal(value: unknown): asserts value is AbortSignal | undefined {
  if (value === undefined) return;
  if (value === null || typeof value !== 'object' || !('aborted' in value)) {
    throw wrongType('options.signal', 'AbortSignal', value);
  }
}
