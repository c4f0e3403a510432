import { describe, expect, test } from '@jest/globals';
import { systemClock, TcpListener, TcpStream } from '../src/index.ts';
import { CALM, simulate, simulateSeeds, type Simulation } from '../src/testing/index.ts';
import { SCENARIOS, type ParityWorld } from './support/parity-scenarios.ts';

const loopback: ParityWorld = {
  clock: systemClock,
  listen: ({ port = 0, ...options } = {}) => TcpListener.bind({ host: '127.0.0.1', port }, options),
  connect: ({ localAddress }, options) => TcpStream.connect(localAddress as never, options),
};

const simulated = (sim: Simulation): ParityWorld => ({
  clock: sim.clock,
  listen: ({ port = 0, ...options } = {}) => sim.host('server').listen(port, options),
  connect: ({ localAddress }, options) =>
    sim.host('client').connect(localAddress as never, options),
});

describe.each(SCENARIOS)('$name', ({ run, expected }) => {
  test('on loopback TCP', async () => {
    expect(await run(loopback)).toEqual(expected);
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
