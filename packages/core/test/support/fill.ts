import { WOULD_BLOCK, type ByteStream, type Clock } from '../../src/index.ts';

const SLICE = new Uint8Array(65_536).fill(7);

/** Writes until the carrier takes no more, also not a little later; returns how many bytes it took. */
export async function fill(stream: ByteStream, clock: Clock, quiet: number): Promise<number> {
  let accepted = 0;
  for (let refusals = 0; refusals < 2;) {
    const count = stream.tryWrite(SLICE, { transfer: true });
    if (count === WOULD_BLOCK) {
      refusals += 1;
      await clock.sleep(quiet);
    } else {
      refusals = 0;
      accepted += count;
    }
  }
  return accepted;
}
