/**
 * Whether a socket that says it has read the end really has: a reset must not be taken for one.
 *
 * When the kernel reports a hang-up after a read that did not fill its buffer, libuv takes that for the end of the stream
 * without asking (up to its version in Node 22). A FIN and an RST both hang up, so a peer that broke off while its bytes
 * were still waiting here looks like one that had finished: half a message passes for a whole one. The kernel still knows,
 * and one more `read` of the descriptor is told. It costs a system call per connection that ends.
 *
 * This leans on the `fd` of a socket's handle, which Node does not document, and which Windows does not have: where it is missing, or
 * does not lead to an answer, the end is taken as told.
 */

import { readSync } from 'node:fs';

const probe = new Uint8Array(1);
/** What a `read` says of a connection that was broken off, and of nothing else. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'EHOSTUNREACH']);

/**
 * Asks the kernel once more, after the end of a socket was read.
 *
 * @param fd - The descriptor, if the socket's handle has one.
 * @returns The error that broke the connection off; `undefined` when it really ended.
 */
export function socketErrorAtEof(fd: unknown): Error | undefined {
  if (typeof fd !== 'number' || fd < 0) return undefined;
  try {
    readSync(fd, probe, 0, 1, null);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== undefined && BROKEN.has(code) ? (error as Error) : undefined;
  }
}
