/**
 * The protocol that thousands of seeds are run against: an echo of framed messages that survives every fault.
 *
 * The server runs on a host that the dice may crash. The client sends messages over as many connections as it takes, and
 * what it checks is what TCP promises whatever happens: the bytes that come back are a prefix of the bytes it sent, and
 * every wait ends.
 *
 * Only types are imported, so that scripts can run this file against the built package.
 */

import type { SimFaults, SimStream, Simulation } from '../../src/testing/index.ts';

/** Everything that can go wrong, often. */
export const FAULTS: SimFaults = {
  refuse: 0.02,
  reset: 0.01,
  halfOpen: 0.005,
  partition: 0.02,
  crash: 0.005,
};

const TIMEOUT = 3_000;

/** What the network does comes as an `IoError`; anything else is a bug, of this file or of the package. */
function expectIoError(error: unknown): void {
  if (typeof (error as { operation?: unknown }).operation !== 'string') throw error;
}

/** Echoes until the peer ends, or anything breaks. */
async function echo(stream: SimStream): Promise<void> {
  const buffer = new Uint8Array(64);
  try {
    for (;;) {
      const count = await stream.read(buffer, { timeout: TIMEOUT });
      if (count === null) break;
      await stream.writeAll(buffer.subarray(0, count), { timeout: TIMEOUT });
    }
    await stream.close();
  } catch (error) {
    expectIoError(error);
    stream.reset(error);
  }
}

/** Sends one message and reads it back; `false` when the connection failed on the way. */
async function exchange(stream: SimStream, message: Uint8Array): Promise<boolean> {
  let returned = 0;
  const writing = stream.writeAll(message, { timeout: TIMEOUT }).then(
    () => true,
    (error: unknown) => {
      expectIoError(error);
      return false;
    },
  );
  try {
    while (returned < message.length) {
      const chunk = await stream.readChunk({ timeout: TIMEOUT });
      if (chunk === null) break;
      for (const byte of chunk) {
        if (byte !== message[returned]) throw new Error(`byte ${returned} came back as another`);
        returned += 1;
      }
    }
  } catch (error) {
    expectIoError(error);
  }
  return (await writing) && returned === message.length;
}

/** One run: a few messages, each tried until it has come back or the tries are used up. */
export async function echoProtocol(sim: Simulation): Promise<void> {
  const server = sim.host('server');
  const client = sim.host('client');
  server.run(async ({ signal }) => {
    const listener = await server.listen(7, { signal, maxPending: 4 });
    for await (const stream of listener) sim.executor.spawn(() => echo(stream), { name: 'echo' });
  });
  for (let round = sim.random.integer(1, 3); round > 0; round -= 1) {
    let stream: SimStream;
    try {
      stream = await client.connect('server:7', { timeout: TIMEOUT });
    } catch (error) {
      expectIoError(error);
      continue;
    }
    const length = sim.random.integer(1, sim.random.chance(0.1) ? 2_000 : 40);
    const message = Uint8Array.from({ length }, () => sim.random.integer(0, 255));
    const hasReturned = await exchange(stream, message);
    sim.log(hasReturned ? 'returned' : 'failed');
    if (hasReturned) await stream.close();
    else stream.reset();
  }
}
