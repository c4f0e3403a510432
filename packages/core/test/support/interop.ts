/** What the tests of copies and of bridges to other kinds of streams share: bytes that differ, and time for what follows. */
import { setImmediate as turn } from 'node:timers/promises';

export const text = (bytes: Uint8Array | undefined | null): string =>
  Buffer.from(bytes ?? []).toString();

/** Bytes that differ from their neighbours, and from those a few places on. */
export function pattern(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
}

export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Lets everything happen that follows from what has happened. */
export async function idle(): Promise<void> {
  for (let index = 0; index < 10; index += 1) await turn();
}
