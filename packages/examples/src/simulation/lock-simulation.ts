/**
 * A distributed lock whose holder is slow: its lease ends while its write is on the way, and it overwrites what the next holder has
 * written. On one machine no test meets it; of simulated networks one of the first does, and does again whenever it is replayed.
 *
 * Read first: `write`. A fenced storage refuses a holder whose number is older than one it has seen.
 */

import { lines } from '@awaitio/core';
import { simulateSeeds, SimulationError, type Simulation } from '@awaitio/core/testing';
import { answering } from '../support/answering-host.ts';
import { readArguments } from '../support/program.ts';

readArguments({ command: 'example lock-simulation', role: 'stays' });

const LEASE = 1_000;
async function program(sim: Simulation, isFenced: boolean): Promise<void> {
  let [holder, leaseEnd] = [0, 0];
  const writes: number[] = [];
  const take = (): string => {
    if (sim.clock.now() < leaseEnd) return 'held';
    leaseEnd = sim.clock.now() + LEASE;
    return String((holder += 1));
  };
  const write = (number: string): string => {
    if (isFenced && Number(number) < (writes.at(-1) ?? 0)) return 'too late';
    writes.push(Number(number));
    return 'written';
  };
  const ends = [await answering(sim, 'lock', take), await answering(sim, 'storage', write)];
  const client = async (name: string): Promise<void> => {
    await using lock = lines(await sim.host(name).connect('lock:1'));
    await using storage = lines(await sim.host(name).connect('storage:1'));
    let number: string | null = 'held';
    for (; number === 'held'; number = await lock.read()) await lock.write('take');
    await storage.write(number ?? '');
    sim.log(`${name}, holder ${number}: ${await storage.read()}`);
  };
  await Promise.all(['a', 'b', 'c'].map(client));
  for (const end of ends) await end();
  const isLost = writes.some((number, at) => number < (writes[at - 1] ?? 0));
  if (isLost) throw new Error(`an older write came last: ${writes.join(', ')}`);
}

for (const isFenced of [false, true]) {
  console.log(isFenced ? 'With fencing:' : 'Without fencing:');
  try {
    const run = (sim: Simulation): Promise<void> => program(sim, isFenced);
    const { runs } = await simulateSeeds({ count: 500, latency: [1, 600] }, run);
    console.log(`  ${runs} networks, and no write was lost.`);
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    console.log(error.message.replaceAll(/^/gm, '  '));
  }
}
