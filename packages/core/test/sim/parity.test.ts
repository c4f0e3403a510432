import { describe, expect, test } from '@jest/globals';
import { systemClock, TcpListener, TcpStream, type InetAddress } from '../../src/index.ts';
import { CALM, simulate, simulateSeeds, type Simulation } from '../../src/testing/index.ts';
import { SCENARIOS, type ParityWorld } from '../support/parity-scenarios.ts';

/** Loopback TCP, noting down what it opens. */
const loopback = (opened: AsyncDisposable[]): ParityWorld => {
  const note = <T extends AsyncDisposable>(thing: T): T => {
    opened.push(thing);
    return thing;
  };
  return {
    clock: systemClock,
    plenty: 16 * 1024 * 1024,
    listen: async ({ port = 0, ...options } = {}) =>
      note(await TcpListener.bind({ host: '127.0.0.1', port }, options)),
    connect: async ({ localAddress }, options) =>
      note(await TcpStream.connect(localAddress as InetAddress, options)),
  };
};

const simulated = (sim: Simulation): ParityWorld => ({
  clock: sim.clock,
  plenty: 512 * 1024,
  listen: ({ port = 0, ...options } = {}) => sim.host('server').listen(port, options),
  connect: ({ localAddress }, options) =>
    sim.host('client').connect(localAddress as InetAddress, options),
});

describe.each(SCENARIOS)('$name', ({ run, expected }) => {
  test('on loopback TCP', async () => {
    const opened: AsyncDisposable[] = [];
    try {
      expect(await run(loopback(opened))).toEqual(expected);
    } finally {
      // A scenario that fails leaves things open, and that it failed is all there is to tell.
      for (const thing of opened) await thing[Symbol.asyncDispose]();
    }
  });

  test('on a calm simulated network', async () => {
    await simulate({ faults: CALM, deadline: 3_600_000 }, async (sim) => {
      expect(await run(simulated(sim))).toEqual(expected);
    });
  });

  test('on a simulated network that cuts, joins and delays', async () => {
    await simulateSeeds({ count: 3, deadline: 3_600_000 }, async (sim) => {
      expect(await run(simulated(sim))).toEqual(expected);
    });
  });
});
