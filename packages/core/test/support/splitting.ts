/** A program that fails when the network splits its message; a module, for worker threads. */

import type { Simulation } from '../../src/testing/index.ts';

export async function main(sim: Simulation): Promise<void> {
  const listener = await sim.host('server').listen(80);
  const stream = await sim.host('client').connect('server:80');
  const peer = await listener.accept();
  await stream.writeAll('hello');
  const { length } = (await peer.readChunk()) ?? [];
  sim.sometimes(length === 5, 'a whole message');
  if (length < 5) throw new Error(`only ${length} bytes`);
  await stream.close();
  await peer.close();
}
