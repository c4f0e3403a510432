/**
 * Shared reads for accepted sockets, on two names that Node does not document.
 *
 * `onread` is public for sockets that one connects, but a server makes its sockets itself. With `pauseOnConnect` the
 * accepted socket has not begun to read: its handle can be taken out and given to a new `net.Socket` that is made the
 * way we want it. The husk that is left is destroyed, so that the server's own count stays right. This leans on
 * `socket._handle` and on the `handle` option; what is needed of them is looked at for each socket, and where it is
 * missing the socket is used as it came, with `'data'` events. Both ways run the whole test suite
 * (`AWAITIO_SOCKET_READS=events` chooses the second).
 */

import { Socket } from 'node:net';
import type { SharedRead } from './socket-transport.ts';

/** The part of a socket's handle that is looked at. */
interface Handle {
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
}

interface SocketInternals {
  _handle: Handle | null;
}

interface SocketConstructorOptions {
  readonly handle: unknown;
  readonly allowHalfOpen: boolean;
  readonly onread: SharedRead;
}

const isEnabled = process.env['AWAITIO_SOCKET_READS'] !== 'events';

/** Whether sockets that this process connects are read into the shared buffer. */
export function usesSharedReads(): boolean {
  return isEnabled;
}

/**
 * Makes a socket with shared reads out of an accepted, paused one.
 *
 * @returns The new socket; `undefined` when this Node does not allow it, and `accepted` is untouched.
 */
export function adopt(accepted: Socket, onread: SharedRead): Socket | undefined {
  if (!isEnabled) return undefined;
  const internals = accepted as unknown as SocketInternals;
  const handle = internals._handle;
  if (typeof handle?.readStop !== 'function' || typeof handle.useUserBuffer !== 'function') {
    return undefined;
  }
  internals._handle = null;
  accepted.destroy();
  const options: SocketConstructorOptions = { handle, allowHalfOpen: true, onread };
  return new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
}
