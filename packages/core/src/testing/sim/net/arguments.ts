/** Arguments of `net.connect`, `new net.Socket` and `server.listen`, in their many forms, read and checked as Node does. */

import net, { isIP } from 'node:net';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { isBytes } from '../../../vocabulary/realms.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkPort,
  checkSignal,
  checkString,
  missingTarget,
  noAddress,
  wrongType,
  wrongValue,
} from './checks.ts';

type Found = (error: unknown, address: unknown, family?: unknown) => void;

/** What is used of the options of `net.connect`. */
export interface ConnectOptions {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
  readonly path?: string | null | undefined;
  readonly timeout?: number | undefined;
  readonly lookup?: ((host: string, options: object, found: Found) => void) | null | undefined;
  readonly allowHalfOpen?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is used of the options of `server.listen`. */
export interface ListenOptions {
  readonly readableAll?: boolean | undefined;
  readonly writableAll?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where a server listens: at a path, or else a port. */
interface ListenTarget {
  readonly path: string | undefined;
  readonly port: number;
}

type Callback = () => void;
type Given = Readonly<Record<string, unknown>>;

/** Whether a path is given: agents of HTTP say `null` for none. */
export function isPath(path: unknown): path is string {
  return Boolean(path);
}

/** A number from 0 that a value stands for; `false` for none. @throws as `Number` */
function toNumber(value: unknown): number | false {
  const number = Number(value);
  return number >= 0 ? number : false;
}

/** Arguments that Node has normalized, which it passes on in one. */
function isNormalized(value: unknown): value is readonly unknown[] {
  return (
    Array.isArray(value) &&
    Object.getOwnPropertySymbols(value).some(({ description }) => description === 'normalizedArgs')
  );
}

/** `(options | port | path, host?, callback?)` */
export function normalized(
  args: readonly unknown[],
): [options: Given, callback: Callback | undefined] {
  const list = isNormalized(args[0]) ? args[0] : args;
  const [first, second] = list;
  const last = list.at(-1);
  const callback = typeof last === 'function' ? (last as Callback) : undefined;
  if (list.length === 0) return [{}, undefined];
  if (typeof first === 'object' && first !== null) return [first as Given, callback];
  if (typeof first === 'string' && toNumber(first) === false) return [{ path: first }, callback];
  return [{ port: first, ...(typeof second === 'string' ? { host: second } : {}) }, callback];
}

/** Whether Node would give the bytes to a callback, in a buffer of the program. */
function readsIntoBuffer(onread: unknown): boolean {
  if (typeof onread !== 'object' || onread === null) return false;
  const { buffer, callback } = onread as Given;
  return (isBytes(buffer) || typeof buffer === 'function') && typeof callback === 'function';
}

/** Checks the options of a socket. @throws what Node throws; `InvalidInputError` for `onread` */
export function checkSocketOptions(options: unknown): void {
  const given = (options ?? {}) as Given;
  for (const name of ['objectMode', 'readableObjectMode', 'writableObjectMode']) {
    const value = given[name];
    if (value) throw wrongValue(`options.${name}`, value, 'is not supported');
  }
  const { blockList, highWaterMark, keepAliveInitialDelay, onread, signal } = given;
  if (keepAliveInitialDelay !== undefined) {
    checkNumber('options.keepAliveInitialDelay', keepAliveInitialDelay);
  }
  if (highWaterMark !== undefined && highWaterMark !== null) {
    const isRight = Number.isInteger(highWaterMark) && (highWaterMark as number) >= 0;
    if (!isRight) throw wrongValue('options.highWaterMark', highWaterMark);
  }
  if (signal) checkSignal(signal);
  if (readsIntoBuffer(onread)) {
    throw invalidInput('connect', 'onread', "nothing: a simulated socket emits 'data'", onread);
  }
  // Node 20 has no list of addresses that a socket refuses.
  const { isBlockList } = net.BlockList as { isBlockList?: (value: unknown) => boolean };
  if (blockList && isBlockList?.(blockList) === false) {
    throw wrongType('options.blockList', 'net.BlockList', blockList);
  }
}

/** @throws what Node throws */
export function connectArguments(
  args: readonly unknown[],
): [options: ConnectOptions, callback: Callback | undefined] {
  const [given, callback] = normalized(args);
  const { allowHalfOpen, path, signal, timeout } = given;
  if (given['port'] === undefined && (path === undefined || path === null)) throw missingTarget();
  const rest = {
    allowHalfOpen: Boolean(allowHalfOpen),
    signal: signal as AbortSignal | undefined,
    timeout: timeout as number | undefined,
  };
  if (isPath(path)) {
    checkString('options.path', path);
    return [{ ...rest, path }, callback];
  }
  return [{ ...rest, ...checkedTarget(given) }, callback];
}

/** Where to connect to, but for a path. */
function checkedTarget(given: Given): Pick<ConnectOptions, 'host' | 'port' | 'lookup'> {
  const { autoSelectFamily, autoSelectFamilyAttemptTimeout, localAddress, localPort, port } = given;
  const host = given['host'] || 'localhost';
  checkString('options.host', host);
  if (localAddress && isIP(localAddress as string) === 0) throw noAddress(localAddress);
  if (localPort) checkNumber('options.localPort', localPort);
  if (port !== undefined && typeof port !== 'number' && typeof port !== 'string') {
    throw wrongType('options.port', 'number or string', port);
  }
  const number = port === undefined ? 0 : checkPort('Port', port);
  if (autoSelectFamily !== undefined && autoSelectFamily !== null) {
    checkBoolean('options.autoSelectFamily', autoSelectFamily);
  }
  if (autoSelectFamilyAttemptTimeout !== undefined && autoSelectFamilyAttemptTimeout !== null) {
    const name = 'options.autoSelectFamilyAttemptTimeout';
    checkInteger(name, autoSelectFamilyAttemptTimeout, 1);
  }
  if (isIP(host) !== 0) return { host, port: number };
  const lookup = given['lookup'] ?? undefined;
  if (lookup !== undefined) checkFunction('options.lookup', lookup);
  return { host, port: number, lookup: lookup as ConnectOptions['lookup'] };
}

/** @throws what Node throws; `InvalidInputError` for a handle or a descriptor */
export function listenArguments(
  args: readonly unknown[],
): [options: ListenOptions & ListenTarget, callback: Callback | undefined] {
  const [given, callback] = normalized(args);
  const backlog = toNumber(args.length > 1 && args[1]) || toNumber(args.length > 2 && args[2]) || 0;
  if (given['_handle'] || given['handle'] || isDescriptor(given['fd'])) {
    throw invalidInput('listen', 'options', 'a port or a path: no descriptor is from here', given);
  }
  const { host, path, readableAll, signal, writableAll } = given;
  checkSignal(signal);
  const options = { readableAll, signal, writableAll } as ListenOptions;
  const port = listenPort(args, given);
  if (port !== undefined) {
    const number = checkPort('options.port', port);
    // As Node's handle converts it.
    Math.trunc((given['backlog'] || backlog) as number);
    if (host) checkString('hostname', host);
    return [{ ...options, path: undefined, port: number }, callback];
  }
  if (typeof path === 'string' && path !== '' && toNumber(path) === false) {
    return [{ ...options, path, port: 0 }, callback];
  }
  const isNamed = 'port' in given || 'path' in given;
  throw wrongValue(
    'options',
    given,
    isNamed ? 'is invalid' : 'must have the property "port" or "path"',
  );
}

function isDescriptor(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

/** The port, 0 where one is asked for by its absence; `undefined` for none. */
function listenPort(args: readonly unknown[], given: Given): number | string | undefined {
  const { port } = given;
  if (typeof port === 'number' || typeof port === 'string') return port;
  const isAbsent =
    args.length === 0 ||
    typeof args[0] === 'function' ||
    port === null ||
    (port === undefined && 'port' in given);
  return isAbsent ? 0 : undefined;
}
