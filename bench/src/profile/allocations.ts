/**
 * What a server allocates for a request, and where.
 *
 * Bytes do not depend on how busy the machine is, so this shows on any machine what times show on a quiet one only.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, program } from '../process/child.ts';
import { scratch } from '../process/scratch.ts';
import { aligned } from '../report/table.ts';
import { portOf } from '../scenarios/http-server.ts';
import type { Peer } from '../servers/peers.ts';
import { loads, putUnderLoad, type LoadName } from './loads.ts';
import { placeOf, type CallFrame } from './summary.ts';

interface AllocationNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

/** Samples under load and prints the functions that allocate most. */
export async function printAllocations(
  peer: Peer,
  name: LoadName,
  seconds: number,
  top: number,
): Promise<void> {
  const file = join(scratch(), 'allocations.json');
  const [node = '', ...args] = peer.command(loads[name].app);
  await using child = new Child(
    [node, '--import', program('profile/allocation-sampler.js'), ...args],
    { core: 0 },
  );
  const port = await portOf(child);
  await putUnderLoad(name, port, 1, 2);
  child.say('start');
  await child.line();
  const start = performance.now();
  const { rate } = await putUnderLoad(name, port, seconds, 0.001);
  const requests = (rate * (performance.now() - start)) / 1_000;
  child.say(file);
  await child.line();
  const { head } = JSON.parse(readFileSync(file, 'utf8')) as { head: AllocationNode };
  const sizes = new Map<string, number>();
  addUp(head, sizes);
  const rows = [...sizes].toSorted((a, b) => b[1] - a[1]);
  const total = rows.reduce((sum, [, size]) => sum + size, 0);
  const perRequest = (size: number): string => (size / requests).toFixed(0);
  console.log(`${peer.name}: ${perRequest(total)} bytes a request, about`);
  console.log(
    aligned([
      ['function', 'bytes'],
      ...rows.slice(0, top).map(([key, size]) => [key, perRequest(size)]),
    ]),
  );
}

function addUp(node: AllocationNode, sizes: Map<string, number>): void {
  const key = placeOf(node.callFrame);
  sizes.set(key, (sizes.get(key) ?? 0) + node.selfSize);
  for (const child of node.children) addUp(child, sizes);
}
