/**
 * Output to stdout and stderr that nothing may read any more.
 *
 * When the reader of a pipe has gone, Node reports EPIPE as an `'error'` event of the stream, which ends a process that does
 * not listen for it. The console hides the first such event only. A line about a failed request is not worth a server.
 */

import { immediate } from './platform.ts';

const ignore = (): void => {};
/** Writes that have not completed, by stream. */
const pending = new Map<NodeJS.WritableStream, number>();

/**
 * Calls `print`, which writes to the stream. A failure of the stream that comes of it is dropped; failures before and after
 * it, and where the program listens for them, go their usual way.
 */
export function printLossy(stream: NodeJS.WritableStream, print: () => void): void {
  const count = pending.get(stream) ?? 0;
  pending.set(stream, count + 1);
  if (count === 0) stream.on('error', ignore);
  try {
    print();
  } finally {
    // Called after what was written before it. The event of a failure follows in a tick.
    stream.write('', () => immediate(() => release(stream)));
  }
}

function release(stream: NodeJS.WritableStream): void {
  const count = (pending.get(stream) as number) - 1;
  if (count > 0) {
    pending.set(stream, count);
    return;
  }
  pending.delete(stream);
  stream.off('error', ignore);
}
