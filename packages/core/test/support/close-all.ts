/** The end of a test's streams. */

import type { ByteStream } from '../../src/index.ts';

/** Closes streams at a time: a close waits for its peer's. */
export async function closeAll(...streams: readonly ByteStream[]): Promise<void> {
  await Promise.all(streams.map((stream) => stream.close()));
}
