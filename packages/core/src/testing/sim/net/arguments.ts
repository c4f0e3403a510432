/** Arguments of `net.connect` and `server.listen`, in their many forms. */

import { invalidInput } from '../../../vocabulary/errors.ts';

type Found = (error: unknown, address: unknown, family?: unknown) => void;

/** What is used of the options of `net.connect`. */
export interface ConnectOptions {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
  readonly path?: string | null | undefined;
  readonly timeout?: number | undefined;
  readonly lookup?: ((host: string, options: object, found: Found) => void) | undefined;
  readonly allowHalfOpen?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is used of the options of `server.listen`. */
export interface ListenOptions {
  readonly port?: number | string | null | undefined;
  readonly path?: string | undefined;
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

/** Whether a path is given: agents of HTTP say `null` for none. */
export function isPath(path: string | null | undefined): path is string {
  return path !== undefined && path !== null && path !== '';
}

/** `(options | port, host?, callback?)` */
function normalized(args: readonly unknown[]): [options: object, callback: Callback | undefined] {
  const list = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const [first, second] = list;
  const last = list.at(-1);
  const callback = typeof last === 'function' ? (last as Callback) : undefined;
  if (typeof first === 'object' && first !== null) return [first, callback];
  if (typeof first === 'string' && !/^\d+$/.test(first)) return [{ path: first }, callback];
  const port = typeof first === 'function' ? undefined : first;
  return [{ port, ...(typeof second === 'string' ? { host: second } : {}) }, callback];
}

/** @throws `InvalidInputError` for neither a path nor a port. */
export function connectArguments(
  args: readonly unknown[],
): [options: ConnectOptions, callback: Callback | undefined] {
  const [given, callback] = normalized(args);
  const options = given as ConnectOptions;
  if (isPath(options.path)) return [options, callback];
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalidInput('connect', 'port', 'a whole number from 0 to 65535', options.port);
  }
  return [options, callback];
}

/** @throws `InvalidInputError` for a handle or a descriptor. */
export function listenArguments(
  args: readonly unknown[],
): [options: ListenOptions & ListenTarget, callback: Callback | undefined] {
  const [given, callback] = normalized(args);
  const options = given as ListenOptions;
  const { path, port } = options;
  if (isPath(path)) return [{ ...options, path, port: 0 }, callback];
  if (Reflect.has(options, 'fd') || Reflect.has(options, '_handle')) {
    throw invalidInput('listen', 'options', 'a port or a path: no descriptor is from here', given);
  }
  const number = Number(port ?? 0);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw invalidInput('listen', 'port', 'a whole number from 0 to 65535', port);
  }
  return [{ ...options, path: undefined, port: number }, callback];
}
