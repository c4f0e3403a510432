/** What the tests of copies share. */

import type { ByteStream } from '../../src/index.ts';

export const MIB: number = 1 << 20;

export const reason: Error = new Error('the caller gave up');

/** Writes everything and finishes. */
export async function send(stream: ByteStream, bytes: Uint8Array | string): Promise<void> {
  await stream.writeAll(bytes);
  await stream.shutdown('write');
}
