/** A user of a raft: writes words, and expects to read each that was acknowledged. */

import type { Simulation } from '../../src/testing/index.ts';
import { LineClient } from './line-client.ts';
import { check } from './protocol.ts';

const TIMEOUT = 3_000;
const PAUSE = 150;
const WORDS = 3;
const ATTEMPTS = 400;
/** A network that goes on breaking may keep every leader from being elected. After so many attempts it breaks no more. */
const PATIENCE = 100;

/** Asks one member after another until one answers as a leader. */
async function ask(sim: Simulation, clients: readonly LineClient[], line: string): Promise<string> {
  for (let turn = 0; turn < ATTEMPTS; turn += 1) {
    if (turn === PATIENCE) sim.quiet();
    const answer = await clients[turn % clients.length]?.ask(line);
    if (answer !== undefined && answer !== 'no leader') return answer;
    await sim.clock.sleep(PAUSE);
  }
  throw new Error(`no leader answered ${line} in ${ATTEMPTS} attempts`);
}

export async function useRaft(
  sim: Simulation,
  name: string,
  addresses: readonly string[],
): Promise<void> {
  const host = sim.host(name);
  const clients = addresses.map((address) => new LineClient(host, address, TIMEOUT));
  for (let number = 1; number <= WORDS; number += 1) {
    const word = `${name}${number}`;
    await ask(sim, clients, `put ${word}`);
    const answer = await ask(sim, clients, 'get');
    check(
      answer.split(/[ ,]/).includes(word),
      `a word that was acknowledged is not in a leader's answer\n${word}, ${answer}`,
    );
    await sim.clock.sleep(sim.random.integer(0, 600));
  }
  for (const client of clients) await client.close();
}
