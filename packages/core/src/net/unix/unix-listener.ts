/** Listeners on Unix domain sockets (and on Windows' named pipes). */

import { chmod } from 'node:fs/promises';
import type { Server } from 'node:net';
import { PathAddress } from '../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../vocabulary/check.ts';
import { IoError } from '../../vocabulary/errors.ts';
import { charged } from '../../waiting/charged.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import {
  checkListenOptions,
  isShared,
  listen,
  SOCKET_LISTEN_OPTIONS,
  SocketListener,
  type SocketListenOptions,
} from '../socket/socket-listener.ts';
import { SocketFile } from './socket-file.ts';
import { clearPath, inUse, isAbstract, parsePath, type UnixAddress } from './unix-path.ts';
import { openUnixStream, UNNAMED, type UnixStream } from './unix-stream.ts';

/** Options of {@link UnixListener.bind}; `maxConnectionsPerAddress` has no effect here. */
export interface UnixListenOptions extends SocketListenOptions<UnixStream> {
  /**
   * Removes a stale socket file, such as a crashed process leaves behind, instead of failing. Two processes that start at
   * the same moment may mistake each other's file for a stale one. @default false
   */
  readonly removeStale?: boolean | undefined;
  /**
   * Takes the path over from a process that listens on it, or left its file: its file is replaced in one step, so that no
   * client is refused. The other process keeps the connections that it has, and gets no more. A file that is not a socket
   * stays, and so does any file whose path is too long for that (see `mode`). @default false
   */
  readonly replace?: boolean | undefined;
  /**
   * The permission bits of the file, such as `0o660`, which decide who may connect. The file has them from the start, unless
   * the path of its directory is longer than 97 bytes (93 outside Linux) or the workers of a cluster share it: then they are
   * set a moment later, and a directory with narrow permissions protects it. @default from the umask
   */
  readonly mode?: number | undefined;
}

/** What {@link UnixListenOptions} may be. */
export const UNIX_LISTEN_OPTIONS: OptionTable<UnixListenOptions> = {
  ...SOCKET_LISTEN_OPTIONS,
  removeStale: rules.flag,
  replace: rules.flag,
  mode: {
    expected: 'permission bits from 0 to 0o777',
    accepts: rules.whole(0, 0o777).accepts,
  },
};

/**
 * A listener on a Unix domain socket: an async source of {@link UnixStream}s.
 *
 * `close` removes the file, unless another process has taken the path over; a process that dies without `close` leaves its
 * file behind.
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

  #file: SocketFile | undefined;

  private constructor(
    server: Server,
    path: string,
    file: SocketFile | undefined,
    options: UnixListenOptions,
  ) {
    const local = new PathAddress(path);
    const endpoints = { local, remote: UNNAMED };
    super({
      kind: 'unix',
      server,
      options,
      open: (transport) => openUnixStream(transport, endpoints, options),
    });
    this.localAddress = local;
    this.#file = file;
  }

  /**
   * Binds and listens.
   *
   * The file appears when the listener is ready: with its permissions, and with a process behind it.
   *
   * @param address - A path or `{ path }`; a name that begins with `\0` is abstract (Linux): it has no file and no
   * permissions. On Windows, the name of a pipe (`\\.\pipe\…`).
   * @throws `AddressError` when the path cannot be used: another process listens on it, it is a stale socket file, or it is
   * not a socket (`EADDRINUSE`, and the message says which); `EACCES`; `ENOENT` for its directory;
   * `InvalidInputError`, also for a path of more bytes than the operating system allows (107 on Linux, 103 elsewhere);
   * `signal.reason`. Nothing is left open then.
   */
  // `override`, since every subclass inherits a `bind` that is `Function.prototype.bind`.
  static override bind(
    address: UnixAddress,
    options: UnixListenOptions = {},
  ): Promise<UnixListener> {
    return charged(options, () => {
      checkListenOptions('bind', options, UNIX_LISTEN_OPTIONS);
      const path = parsePath(address, 'bind');
      const file = SocketFile.prepare(path, isShared(options));
      return file === undefined
        ? UnixListener.#bindAt(path, options)
        : UnixListener.#bindBeside(path, file, options);
    });
  }

  /** Binds beside the path, and moves the file to it. */
  static async #bindBeside(
    path: string,
    file: SocketFile,
    options: UnixListenOptions,
  ): Promise<UnixListener> {
    let server: Server | undefined;
    try {
      server = await listen({ path: file.bound }, options);
      if (options.mode !== undefined) file.setMode(options.mode);
      for (let tries = 1; !file.publish(options.replace === true); tries += 1) {
        await clearPath(path, inUse(path), options.removeStale === true);
        if (tries === MAX_TRIES) throw inUse(path);
      }
      options.signal?.throwIfAborted();
      return new UnixListener(server, path, file, options);
    } catch (error) {
      file.remove();
      await new Promise((resolve) => {
        if (server === undefined) resolve(undefined);
        else server.close(resolve);
      });
      throw options.signal?.aborted === true ? error : translateError(error, 'bind');
    } finally {
      file.clean();
    }
  }

  /** Binds at the path itself. */
  static async #bindAt(path: string, options: UnixListenOptions): Promise<UnixListener> {
    let server: Server;
    try {
      server = await listen({ path }, options);
    } catch (error) {
      const mayClear = error instanceof IoError && error.code === 'EADDRINUSE' && !isAbstract(path);
      if (!mayClear) throw error;
      await clearPath(path, error, options.removeStale === true);
      server = await listen({ path }, options);
    }
    const listener = new UnixListener(server, path, undefined, options);
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

  protected override stopListening(): Promise<void> {
    // While the socket is open: afterwards another file may have its inode.
    this.#file?.remove();
    this.#file = undefined;
    return super.stopListening();
  }
}

/** How often a path may be taken by others between a look at it and the next attempt. */
const MAX_TRIES = 8;
