import { describe, expect, test } from '@jest/globals';
import { simulateSeeds, SimulationError } from '@awaitio/core/testing';
import { orders } from './orders.ts';
import type { Protocol } from '../../../core/test/testbed/protocol.ts';

const PROTOCOLS: readonly Protocol[] = [orders];

describe.each(PROTOCOLS.map((protocol) => [protocol.name, protocol] as const))(
  '%s',
  (_name, { program, bugs, faults }) => {
    test('is right under a hundred seeds', async () => {
      const report = await simulateSeeds({ count: Number(process.env['TB'] ?? 100), faults, deadline: 600_000 }, program());
      expect(report.runs).toBe(Number(process.env['TB'] ?? 100));
    });

    test.each(Object.keys(bugs))('is found wrong by a seed when planted: %s', async (bug) => {
      const found: unknown = await simulateSeeds(
        { count: 1_000, faults, deadline: 600_000 },
        program(bug),
      ).catch((error: unknown) => error);
      if (!(found instanceof SimulationError)) throw new Error('no seed found it', { cause: found });
      if (process.env['TB']) console.log(bug, found.seed, found.kind, found.message.split('\n')[0]);
    });
  },
);
