/** The read buffer shared by all sockets of the process, where the platform lets us supply one. */

/** The most bytes of one read: a message of 64 KiB, which is a common size of pieces, and a head before it. */
const READ_SIZE = 73_728;

/** Its content is valid until the read callback returns. */
export const sharedBuffer: Uint8Array<ArrayBuffer> = new Uint8Array(new ArrayBuffer(READ_SIZE));

let lastView: Uint8Array = sharedBuffer;

/** Its first bytes. Reads of one size, which are many in a row, share the object, whose allocation costs more than the copy of a small read. */
export function firstBytes(count: number): Uint8Array {
  if (lastView.length !== count) lastView = new Uint8Array(sharedBuffer.buffer, 0, count);
  return lastView;
}

const wanted = process.env['AWAITIO_SOCKET_READS'];
if (wanted !== undefined && wanted !== 'events') {
  throw new Error(
    `@awaitio/core: expected AWAITIO_SOCKET_READS to be unset or 'events', got ${JSON.stringify(wanted)}`,
  );
}
const isAllowed = wanted === undefined;

/**
 * Whether sockets are read into {@link sharedBuffer}; otherwise their bytes arrive as `'data'` events, as on a version of
 * Node that is not known well enough. The whole test suite runs both ways (`AWAITIO_SOCKET_READS=events` chooses the second).
 */
export function usesSharedReads(): boolean {
  return isAllowed;
}
