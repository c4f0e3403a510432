/** Listeners on Unix domain sockets (and on Windows' named pipes). */

import { chmod } from 'node:fs/promises';
import type { Server } from 'node:net';
import { PathAddress } from '../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../vocabulary/check.ts';
import { IoError } from '../../vocabulary/errors.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import {
  checkListenOptions,
  listen,
  SOCKET_LISTEN_OPTIONS,
  SocketListener,
  type SocketListenOptions,
} from '../socket/socket-listener.ts';
import { clearPath, isAbstract, parsePath, type UnixAddress } from './unix-path.ts';
import { openUnixStream, UNNAMED, type UnixStream } from './unix-stream.ts';

/** Options of {@link UnixListener.bind}; `maxConnectionsPerAddress` has no effect here. */
export interface UnixListenOptions extends SocketListenOptions<UnixStream> {
  /**
   * Removes a stale socket file, such as a crashed process leaves behind, instead of failing. Two processes that start at
   * the same moment may mistake each other's file for a stale one. @default false
   */
  readonly removeStale?: boolean | undefined;
  /**
   * The permission bits of the file, such as `0o660`, which decide who may connect. They are set after the file is made: to
   * protect a socket from the start, put it into a directory with narrow permissions. @default from the umask
   */
  readonly mode?: number | undefined;
}

/** What {@link UnixListenOptions} may be. */
export const UNIX_LISTEN_OPTIONS: OptionTable<UnixListenOptions> = {
  ...SOCKET_LISTEN_OPTIONS,
  removeStale: rules.flag,
  mode: {
    expected: 'permission bits from 0 to 0o777',
    accepts: rules.whole(0, 0o777).accepts,
  },
};

/**
 * A listener on a Unix domain socket: an async source of {@link UnixStream}s.
 *
 * `close` removes the file; a process that dies without it leaves the file behind.
 *
 * @example
 * ```ts
 * import { UnixListener } from '@awaitio/core';
 *
 * const listener = await UnixListener.bind('/tmp/awaitio-listener.sock', { removeStale: true });
 * console.log(String(listener.localAddress)); // unix:/tmp/awaitio-listener.sock
 * await listener.close();
 * ```
 */
export class UnixListener extends SocketListener<UnixStream> {
  override readonly localAddress: PathAddress;

  private constructor(server: Server, path: string, options: UnixListenOptions) {
    const local = new PathAddress(path);
    const endpoints = { local, remote: UNNAMED };
    super({
      kind: 'unix',
      server,
      options,
      open: (transport) => openUnixStream(transport, endpoints, options),
    });
    this.localAddress = local;
  }

  /**
   * Binds and listens.
   *
   * @param address - A path or `{ path }`; a name that begins with `\0` is abstract (Linux): it has no file and no
   * permissions. On Windows, the name of a pipe (`\\.\pipe\…`).
   * @throws `AddressError` when the path cannot be used: another process listens on it, it is a stale socket file, or it is
   * not a socket (`EADDRINUSE`, and the message says which); `EACCES`; `ENOENT` for its directory;
   * `InvalidInputError`, also for a path of more bytes than the operating system allows (107 on Linux, 103 elsewhere);
   * `signal.reason`. Nothing is left open then.
   */
  // `override`, since every subclass inherits a `bind` that is `Function.prototype.bind`.
  static override async bind(
    address: UnixAddress,
    options: UnixListenOptions = {},
  ): Promise<UnixListener> {
    checkListenOptions('bind', options, UNIX_LISTEN_OPTIONS);
    const path = parsePath(address, 'bind');
    let server: Server;
    try {
      server = await listen({ path }, options);
    } catch (error) {
      const mayClear = error instanceof IoError && error.code === 'EADDRINUSE' && !isAbstract(path);
      if (!mayClear) throw error;
      await clearPath(path, error, options.removeStale === true);
      server = await listen({ path }, options);
    }
    const listener = new UnixListener(server, path, options);
    if (options.mode !== undefined && !isAbstract(path)) {
      try {
        await chmod(path, options.mode);
      } catch (error) {
        await listener.close();
        throw translateError(error, 'bind');
      }
    }
    return listener;
  }
}
