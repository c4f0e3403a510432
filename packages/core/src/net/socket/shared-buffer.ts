/** The one buffer that all sockets of the process are read into, where the platform lets us give it one. */

/** How many bytes one read of a socket can give; Node's own buffers have the same size. */
const READ_SIZE = 65_536;

/** What is read is valid until the callback that tells of it returns. */
export const sharedBuffer: Uint8Array<ArrayBuffer> = new Uint8Array(new ArrayBuffer(READ_SIZE));

const isAllowed = process.env['AWAITIO_SOCKET_READS'] !== 'events';

/**
 * Whether sockets are read into {@link sharedBuffer}; else their bytes come as `'data'` events, as on a Node that we do not
 * know well enough. Both ways run the whole test suite (`AWAITIO_SOCKET_READS=events` chooses the second).
 */
export function usesSharedReads(): boolean {
  return isAllowed;
}
