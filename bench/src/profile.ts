/**
 * Where the time of a server goes, or what it allocates: runs it under load with V8's profiler and prints who it was.
 *
 * `node bench/dist/profile.js [LOAD] [--peer NAME] [--seconds S] [--top N] [--allocations] [--keep FILE]`
 */

import { copyFileSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Child } from './process/child.ts';
import { scratch } from './process/scratch.ts';
import { printAllocations } from './profile/allocations.ts';
import { loads, putUnderLoad, type LoadName } from './profile/loads.ts';
import { summarize, type CpuProfile, type Share } from './profile/summary.ts';
import { percent } from './report/figures.ts';
import { aligned } from './report/table.ts';
import { portOf } from './scenarios/http-server.ts';
import { httpServers, type Peer } from './servers/peers.ts';

/** Leaves a copy of the profile at `keep`, for the profiler of a browser. */
async function printTimes(
  peer: Peer,
  name: LoadName,
  seconds: number,
  top: number,
  keep: string | undefined,
): Promise<void> {
  const folder = mkdtempSync(join(scratch(), 'profile-'));
  const [node = '', ...args] = peer.command(loads[name].app);
  const child = new Child(
    [
      node,
      // The profile is written at a regular exit, which a signal is not.
      '--import',
      'data:text/javascript,process.on("SIGTERM",()=>process.exit())',
      '--cpu-prof',
      '--cpu-prof-interval=200',
      `--cpu-prof-dir=${folder}`,
      ...args,
    ],
    { core: 0 },
  );
  const { rate } = await putUnderLoad(name, await portOf(child), seconds, 2);
  await child.stop();
  const path = join(folder, readdirSync(folder)[0] ?? '');
  if (keep !== undefined) copyFileSync(path, keep);
  const summary = summarize(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile, seconds);
  const perRequest = ((1 - summary.idle) * 1e6) / rate;
  const table = (title: string, shares: readonly Share[]): string => {
    const rows = shares.map((share) => [
      share.name,
      percent(share.self),
      `${(share.self * perRequest).toFixed(2)} µs`,
      percent(share.total),
    ]);
    return aligned([[title, 'self', 'a request', 'with callees'], ...rows]);
  };
  console.log(
    `${peer.name}: ${Math.round(rate)} requests/s while profiled, ${percent(summary.idle)} idle, ${perRequest.toFixed(1)} µs a request\n`,
  );
  console.log(
    `${table(
      'whose',
      summary.owners.filter(({ self }) => self > 0.002),
    )}\n`,
  );
  console.log(table('function', summary.functions.slice(0, top)));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: 'string', default: 'awaitio' },
    seconds: { type: 'string', default: '5' },
    top: { type: 'string', default: '40' },
    allocations: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});
const name = (positionals[0] ?? 'echo') as LoadName;
const peer = httpServers.find((one) => one.name === values.peer);
if (!(name in loads) || peer === undefined) {
  throw new Error(`expected one of ${Object.keys(loads).join(', ')}, and an HTTP server on Node`);
}
const seconds = Number(values.seconds);
const top = Number(values.top);
if (values.allocations) await printAllocations(peer, name, seconds, top);
else await printTimes(peer, name, seconds, top, values.keep);
