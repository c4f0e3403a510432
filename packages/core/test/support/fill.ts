import { WOULD_BLOCK, type ByteStream } from '../../src/index.ts';

const SLICE = new Uint8Array(65_536).fill(7);

/** Writes until the carrier takes no more for so many milliseconds, three times; returns how many bytes it took. */
export async function fill(stream: ByteStream, quiet: number): Promise<number> {
  let accepted = 0;
  for (let refusals = 0; refusals < 3;) {
    const count = stream.tryWrite(SLICE, { transfer: true });
    if (count === WOULD_BLOCK) {
      const room = stream.writable({ timeout: quiet });
      await room.catch(() => (refusals += 1));
    } else {
      refusals = 0;
      accepted += count;
    }
  }
  return accepted;
}
