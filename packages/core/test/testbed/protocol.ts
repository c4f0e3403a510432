/**
 * What the programs of the test-bed share: protocols of several hosts, each right as it stands, and wrong in one place when a bug is
 * planted. Only types are imported, so that scripts can run these files against the built package.
 */

import type {
  HostContext,
  SimulationFaults,
  SimHost,
  SimStream,
  SimulatedMain,
} from '../../src/testing/index.ts';

/** A program with bugs to plant. */
export interface Protocol {
  readonly name: string;
  /** The bugs, by name: what each does wrong. */
  readonly bugs: Readonly<Record<string, string>>;
  /** Those that show soon: the others take long. */
  readonly quick: readonly string[];
  /** The right program, or the one with a bug. */
  readonly program: (bug?: string) => SimulatedMain;
  /** The faults that the right program survives. */
  readonly faults: SimulationFaults;
}

/** The faults that end connections, at most at a rate at which work still gets done. */
export const BREAKING: SimulationFaults = {
  swarm: true,
  window: 0.2,
  slowReader: 0.1,
  pause: 0.002,
  crash: 0,
  refuse: 0.02,
  reset: 0.01,
  halfOpen: 0.003,
  partition: 0.01,
  partitionFor: [10, 1_000],
};

/** What the network, or a host that has crashed, does to a connection. */
const NETWORK = new Set([
  'AddressError',
  'BrokenError',
  'ClosedError',
  'TimeoutError',
  'UnexpectedEofError',
]);

/** Anything that is no failure of the network is a bug of the program. */
export function expectNetworkError(error: unknown): void {
  if (!NETWORK.has((error as { name?: string } | null)?.name ?? '')) throw error;
}

/** Runs what may fail because of the network; `undefined` when it did. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    expectNetworkError(error);
    return undefined;
  }
}

/** Fails the run. */
export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Serves connections on a host, now and after each restart, until the network ends them; each is reset in the end, if it is not closed. */
export function serveOn(
  host: SimHost,
  port: number,
  begin: (context: HostContext) => Promise<(stream: SimStream) => Promise<void>>,
): void {
  host.run(async (context) => {
    const listener = await host.listen(port);
    const serve = await begin(context);
    for await (const stream of listener) {
      const connection = async (): Promise<void> => {
        await attempt(async () => {
          await serve(stream);
          await stream.close();
        });
        stream.reset();
      };
      context.executor.spawn(connection, { name: `connection of ${host.name}` });
    }
  });
}
