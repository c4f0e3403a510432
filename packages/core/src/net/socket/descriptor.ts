/** Descriptors that a program passes in by their numbers. */

import { fstatSync } from 'node:fs';

/**
 * Whether a descriptor is open and is no socket. Node takes a pipe for a socket file and closes it when it cannot listen on it,
 * also one of libuv's own, which ends the process.
 */
export function isOtherThanSocket(fd: number): boolean {
  try {
    return !fstatSync(fd).isSocket();
  } catch {
    // Not open: listening says so.
    return false;
  }
}
