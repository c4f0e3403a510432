/** What test runners print of a failed simulation: its message and its stack, once. */

import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { simulate } from './simulate.ts';
import { SimulationError } from './report.ts';
import { simulateSeeds } from './seeds/simulate-seeds.ts';
import { SeedsError } from './seeds/seeds-error.ts';
import type { Simulation } from './options.ts';

/** Fails after many events. */
async function failing(sim: Simulation): Promise<void> {
  const listener = await sim.host('server').listen(80);
  const stream = await sim.host('client').connect('server:80');
  const peer = await listener.accept();
  for (let round = 0; round < 200; round += 1) {
    await stream.writeAll('a line\n');
    await peer.readLine();
  }
  throw new Error('after many lines');
}

/** As `serializeValue` of @vitest/utils takes a value apart: `toJSON`, or else every property, also those of prototypes. */
function serialized(value: unknown, seen = new WeakMap<object, unknown>()): unknown {
  if (typeof value === 'function') return 'Function';
  if (typeof value !== 'object' || value === null) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return serialized(value.toJSON(), seen);
  }
  const known = seen.get(value);
  if (known !== undefined) return known;
  const clone: Record<string, unknown> = {};
  seen.set(value, clone);
  let holder: object | null = value;
  while (holder !== null && holder !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      clone[name] ??= serialized((value as Record<string, unknown>)[name], seen);
    }
    holder = Object.getPrototypeOf(holder) as object | null;
  }
  return clone;
}

const FAILURES = [
  ['SimulationError', SimulationError, () => simulate({}, failing)],
  [
    'SeedsError',
    SeedsError,
    () => simulateSeeds({ count: 3, failures: 'all', mustReach: ['nowhere'] }, failing),
  ],
] as const;

test.each(FAILURES)(
  'a %s is its message and its stack where all properties are printed',
  async (name, type, run) => {
    const error: unknown = await run().catch((reason: unknown) => reason);
    if (!(error instanceof type)) throw new Error('expected a failure', { cause: error });
    const { message, stack } = error;
    const parts = { name, message, stack };
    expect(serialized(error)).toEqual(parts);
    expect(JSON.parse(JSON.stringify(error))).toEqual(parts);
    expect(inspect(error)).not.toMatch(/(trace|recording|decisions|groups|report|options):/);
    expect(inspect(error).length).toBeLessThan(String(stack).length + 4_000);
  },
);

test('a SimulationError has its trace, its recording and its decisions to read', async () => {
  const error: unknown = await simulate({}, failing).catch((reason: unknown) => reason);
  if (!(error instanceof SimulationError)) throw new Error('expected a failure', { cause: error });
  expect(error.trace.length).toBeGreaterThan(200);
  expect(error.decisions.length).toBeGreaterThan(100);
  expect(error.recording.simulation.what).toBe('Error: after many lines');
});
