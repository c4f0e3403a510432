/** A host of a simulated network that speaks in lines. */

import { acceptLoop, lines } from '@awaitio/core';
import type { Simulation } from '@awaitio/core/testing';

/** Runs a host that answers each line with a line; returns what ends it. */
export async function answering(
  sim: Simulation,
  name: string,
  answer: (line: string) => string,
): Promise<() => Promise<void>> {
  const listener = await sim.host(name).listen(1);
  const serve = async (stream: Parameters<typeof lines>[0]): Promise<void> => {
    const channel = lines(stream);
    for await (const line of channel) await channel.write(answer(line));
  };
  const { executor } = sim;
  executor.spawn(() => acceptLoop(listener, serve, { executor }), { name });
  return () => listener.close();
}
