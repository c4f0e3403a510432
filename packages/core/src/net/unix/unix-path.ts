/**
 * Paths of Unix domain sockets: their limits, and stale socket files.
 *
 * A socket file outlives the process that made it. After a crash it still exists, `bind` fails because the address is in
 * use, and `connect` is refused. Only connecting to it shows whether a file is stale. Another process may begin to listen
 * between that check and the removal, so a stale file is removed only when the caller asks for it.
 */

import { lstatSync, unlinkSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import type { SocketPath } from '../../vocabulary/address.ts';
import { AddressError, invalidInput, type IoError } from '../../vocabulary/errors.ts';
import { translateError } from '../../vocabulary/translate-error.ts';

/** The address of a Unix socket: a path, `{ path }`, or a `localAddress`. */
export type UnixAddress = string | Readonly<SocketPath>;

/** The most bytes of a path: `sun_path` is 108 on Linux and 104 elsewhere, with a NUL at the end. */
export const MAX_PATH: number = process.platform === 'linux' ? 107 : 103;

/**
 * Checks a path.
 *
 * @throws `InvalidInputError` when it is empty, too long for the operating system (which would truncate it), contains a NUL
 * after its first character, or is an abstract name on another system than Linux.
 */
export function parsePath(address: UnixAddress, operation: string): string {
  const path: unknown = typeof address === 'object' && address !== null ? address.path : address;
  if (typeof path !== 'string' || path === '' || path === '\0') {
    throw invalidInput(operation, 'path', 'a non-empty string', path);
  }
  if (path.includes('\0', 1)) {
    throw invalidInput(operation, 'path', 'a string without NUL after its first character', path);
  }
  if (process.platform === 'win32') return path;
  if (isAbstract(path) && process.platform !== 'linux') {
    throw invalidInput(operation, 'path', 'a file path: only Linux has abstract names', path);
  }
  const length = Buffer.byteLength(path);
  if (length > MAX_PATH) {
    throw invalidInput(operation, 'path', `at most ${MAX_PATH} bytes long`, `${length} bytes`);
  }
  return path;
}

/** Whether a path is a name of Linux's abstract namespace, which has no file. */
export function isAbstract(path: string): boolean {
  return path.startsWith('\0');
}

/**
 * Finds out why a path is in use.
 *
 * @param error - The error of `bind`.
 * @param removeStale - Whether to remove a stale socket file.
 * @returns Settled when the file is removed, or another one has taken its place: `bind` may be tried again.
 * @throws `AddressError`, with the code of `error`, that says what is at the path.
 */
export async function clearPath(path: string, error: IoError, removeStale: boolean): Promise<void> {
  const explain = (what: string): AddressError =>
    new AddressError(`bind: ${path} ${what}`, {
      code: error.code,
      operation: 'bind',
      cause: error.cause,
    });
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined) return;
  if (!file.isSocket()) throw explain('exists and is not a socket');
  if (await isListening(path)) throw explain('is the socket of a process that is listening on it');
  if (!removeStale) {
    throw explain(
      'is a stale socket file: no process listens on it; `removeStale: true` removes it',
    );
  }
  // Another process may have put its own file there meanwhile.
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.ino !== file.ino || found.dev !== file.dev) return;
  try {
    unlinkSync(path);
  } catch (cause) {
    throw translateError(cause, 'bind');
  }
}

/** The error of a path that has a file. */
export function inUse(path: string): AddressError {
  return new AddressError(`bind: ${path} is in use`, { code: 'EADDRINUSE', operation: 'bind' });
}

/** Whether a process accepts connections there; when in doubt, yes. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket({ path });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}
