/**
 * Verifies an EOF: a reset must not be mistaken for the end of the stream.
 *
 * When the kernel reports a hang-up after a read that did not fill its buffer, libuv (up to its version in Node 22) takes
 * that for EOF without another read. A FIN and an RST both hang up. So a connection that the peer reset while its bytes were
 * still unread here looks like a finished one, and half a message is mistaken for a whole one. The kernel still knows: one
 * more `read` of the descriptor gives the error. This costs one system call per connection that ends.
 *
 * It relies on the `fd` of a socket's handle, which Node does not document and Windows does not have. Where it is missing,
 * or the read gives no answer, the EOF is believed.
 */

import { readSync, writeSync } from 'node:fs';

const probe = new Uint8Array(1);
/** Errors of `read` that only a broken connection gives. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'EHOSTUNREACH']);

/**
 * Reads once more after EOF.
 *
 * @param fd - The descriptor, if the socket's handle has one.
 * @returns The error of a connection that was broken; `undefined` for a true EOF.
 */
export function socketErrorAtEof(fd: unknown): Error | undefined {
  return errorOf(fd, (descriptor) => readSync(descriptor, probe, 0, 1, null));
}

/**
 * Writes nothing, which a connection that can take nothing more refuses.
 *
 * @param fd - The descriptor, if the socket's handle has one.
 * @returns The error of a broken connection.
 */
export function socketErrorAtWrite(fd: unknown): NodeJS.ErrnoException | undefined {
  return errorOf(fd, (descriptor) => writeSync(descriptor, probe, 0, 0));
}

function errorOf(
  fd: unknown,
  call: (descriptor: number) => unknown,
): NodeJS.ErrnoException | undefined {
  if (typeof fd !== 'number' || fd < 0) return undefined;
  try {
    call(fd);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== undefined && BROKEN.has(code) ? (error as NodeJS.ErrnoException) : undefined;
  }
}
