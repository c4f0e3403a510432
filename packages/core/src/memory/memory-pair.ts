/** Pairs of connected streams in memory, for tests of anything that runs over a stream. */

import { ByteStream, STREAM_OPTIONS, type StreamOptions } from '../streams/byte-stream.ts';
import { checkIsObject, checkOptions, pickOptions, type OptionTable } from '../vocabulary/check.ts';
import {
  MEMORY_TRANSPORT_OPTIONS,
  memoryTransports,
  type MemoryTransportOptions,
} from './memory-transport.ts';

/** How a pair is set up; both ends get the same options. */
export interface MemoryPairOptions extends StreamOptions, MemoryTransportOptions {}

/** What {@link MemoryPairOptions} may be. */
export const MEMORY_PAIR_OPTIONS: OptionTable<MemoryPairOptions> = {
  ...STREAM_OPTIONS,
  ...MEMORY_TRANSPORT_OPTIONS,
};

/**
 * Makes two streams, each of which reads what the other writes: tokio's `duplex`, with back-pressure both ways.
 *
 * @param options - `chunkSize`: the most bytes to deliver at once, 1 for byte by byte; high-water marks; a clock.
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 *
 * const [client, server] = memoryPair({ chunkSize: 1 });
 * await client.writeAll('line\n');
 * console.log(await server.readLine()); // line
 * await client.close();
 * await server.close();
 * ```
 */
export function memoryPair(options?: MemoryPairOptions): [client: ByteStream, server: ByteStream] {
  if (options !== undefined) checkOptions('memoryPair', options, MEMORY_PAIR_OPTIONS);
  return streamsOver(options);
}

/** As {@link memoryPair}, for options that were checked. */
export function streamsOver(
  options: MemoryPairOptions | undefined,
): [client: ByteStream, server: ByteStream] {
  const [a, b] = memoryTransports(options);
  const own = options === undefined ? undefined : pickOptions(options, STREAM_OPTIONS);
  return [new ByteStream(a, own), new ByteStream(b, own)];
}

/**
 * Makes two streams with hardly any buffer between them: trio's `lockstep_stream_pair`.
 *
 * Each side buffers one byte, so a writer advances only as its reader does: every await on both sides really waits, and
 * code that reads or writes in the wrong order hangs instead of being saved by a buffer.
 */
export function lockstepPair(
  options?: Pick<StreamOptions, 'clock'>,
): [client: ByteStream, server: ByteStream] {
  if (options !== undefined) checkIsObject('lockstepPair', options);
  return memoryPair({ ...options, chunkSize: 1, readHighWaterMark: 1, writeHighWaterMark: 1 });
}
