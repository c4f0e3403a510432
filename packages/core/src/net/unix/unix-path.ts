/**
 * Paths of Unix domain sockets: what a path may be, and what to do about a socket file that nobody listens on.
 *
 * A socket file outlives the process that made it: after a crash it is still there, `bind` finds the address in use, and
 * `connect` is refused. Whether a file is such a leftover can only be found out by connecting to it. Between that
 * answer and the removal another process may begin to listen there, so a leftover is removed only when the caller asks
 * for it.
 */

import { lstat, unlink } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import type { SocketPath } from '../../vocabulary/address.ts';
import { AddressError, invalidInput, type IoError } from '../../vocabulary/errors.ts';

/** How to write the address of a Unix socket: a path, `{ path }`, or what `localAddress` gives. */
export type UnixAddress = string | Readonly<SocketPath>;

/** The most bytes of a path: `sun_path` is 108 on Linux and 104 elsewhere, with a NUL at the end. */
const MAX_PATH = process.platform === 'linux' ? 107 : 103;

/**
 * Reads a path.
 *
 * @throws `InvalidInputError` when it is empty, too long for the operating system (which would cut it off), holds a NUL
 * behind its first character, or is an abstract name where only Linux has those.
 */
export function parsePath(address: UnixAddress, operation: string): string {
  const path: unknown = typeof address === 'object' && address !== null ? address.path : address;
  if (typeof path !== 'string' || path === '' || path === '\0') {
    throw invalidInput(operation, 'path', 'a non-empty string', path);
  }
  if (path.includes('\0', 1)) {
    throw invalidInput(operation, 'path', 'a string without NUL behind its start', path);
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
 * @param error - What `bind` failed with.
 * @param removeStale - Whether to remove a socket file that nobody listens on.
 * @returns Settled when the file is gone, and `bind` may be tried again.
 * @throws `AddressError`, with the code of `error`, that says what is in the way.
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
  if (!file.isSocket()) throw explain('exists and is no socket');
  if (await isListening(path)) throw explain('is the socket of a process that listens on it');
  if (!removeStale) {
    throw explain('is a stale socket file that nobody listens on; `removeStale: true` removes it');
  }
  await unlink(path).catch(() => undefined);
}

/** Whether somebody accepts connections there; a doubt counts as yes. */
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
