/** Streams and texts for tests of codecs. */

import { FrameReader, memoryPair, type Decoder } from '../../src/index.ts';
import { closeAll } from './close-all.ts';

export const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export const text = (bytes: Uint8Array | null): string =>
  Buffer.from(bytes ?? []).toString('latin1');

/** What bytes become: the frames, how many bytes were taken for them, and how it ended. */
export async function decodeAll<T>(decoder: Decoder<T>, wire: string, chunkSize: number) {
  const [sender, receiver] = memoryPair({ chunkSize });
  const sending = sender.writeAll(latin1(wire)).then(() => sender.shutdown('write'));
  const frames: T[] = [];
  let code: unknown;
  try {
    for await (const frame of new FrameReader(receiver, decoder)) frames.push(frame);
  } catch (error) {
    ({ code } = error as { code: unknown });
  }
  const { bytesRead, buffered } = receiver.statistics();
  await sending;
  await closeAll(sender, receiver);
  return { frames, taken: bytesRead - buffered, code };
}
