/**
 * Shared reads for accepted sockets, on two names that Node does not document.
 *
 * `onread` is public for sockets that one connects, but a server makes its sockets itself. With `pauseOnConnect` the
 * accepted socket has not begun to read: its handle can be taken out and given to a new `net.Socket` that is made the
 * way we want it. The husk that is left is destroyed, so that the server's own count stays right.
 *
 * This leans on `socket._handle` and on the `handle` option. So it is tried, once and before the first connection, on
 * a handle of our own making that leads nowhere: a Node whose sockets treat it otherwise than we know is left alone,
 * and so is a socket whose handle lacks what is needed. Those sockets are used as they came, with `'data'` events. Both
 * ways run the whole test suite (`AWAITIO_SOCKET_READS=events` chooses the second).
 */

import { Socket } from 'node:net';
import type { SharedRead } from './socket-transport.ts';

/** The part of a socket's handle that is used, and how a socket uses it. */
interface Handle {
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
}

/** The undocumented part of a socket. */
interface SocketInternals {
  _handle: Handle | null;
}

/** Makes a socket around a handle; `net.Socket`, unless a test puts another in its place. */
export type SocketMaker = (options: object) => Socket;

const makeSocket: SocketMaker = (options) => new Socket(options);

const isAllowed = process.env['AWAITIO_SOCKET_READS'] !== 'events';
let isTrusted: boolean | undefined;

/** Whether sockets that this process connects are read into the shared buffer. */
export function usesSharedReads(): boolean {
  return isAllowed;
}

/**
 * Makes a socket with shared reads out of an accepted, paused one.
 *
 * @returns The new socket; `undefined` when this Node does not allow it, and `accepted` is untouched.
 */
export function adopt(accepted: Socket, onread: SharedRead): Socket | undefined {
  if (!isAllowed) return undefined;
  isTrusted ??= canAdopt(makeSocket);
  if (!isTrusted) return undefined;
  const internals = accepted as unknown as SocketInternals;
  const handle = internals._handle;
  if (!isHandle(handle)) return undefined;
  internals._handle = null;
  accepted.destroy();
  return makeSocket({ handle, allowHalfOpen: true, onread });
}

function isHandle(handle: Handle | null | undefined): handle is Handle {
  return typeof handle?.readStop === 'function' && typeof handle.useUserBuffer === 'function';
}

/**
 * The self-test: whether a socket takes a handle, reads it into our buffer, starts and stops it when it is told to, and
 * lets go of it when it is taken out. No port is opened.
 */
export function canAdopt(make: SocketMaker): boolean {
  const buffer = new Uint8Array(1);
  const calls: string[] = [];
  const handle = {
    reading: false,
    useUserBuffer: (given: Uint8Array) =>
      calls.push(given === buffer ? 'buffer' : 'another buffer'),
    readStart: () => calls.push('start') - calls.length,
    readStop: () => calls.push('stop') - calls.length,
    close: () => calls.push('close'),
  };
  try {
    const socket = make({ handle, allowHalfOpen: true, onread: { buffer, callback: () => true } });
    const internals = socket as unknown as SocketInternals;
    const isTaken = (internals._handle as unknown) === handle;
    socket.resume();
    socket.pause();
    internals._handle = null;
    const isLeft = internals._handle === null;
    socket.destroy();
    return isTaken && isLeft && calls.join(' ') === 'buffer start stop';
  } catch {
    return false;
  }
}
