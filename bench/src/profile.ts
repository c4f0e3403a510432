/**
 * Where the time of a server goes: runs it under load with V8's profiler and prints who had the processor.
 *
 * `node bench/dist/profile.js [SCENARIO] [--peer NAME] [--seconds S] [--top N] [--keep FILE]`
 */

import { copyFileSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkAnswers } from './load/check.ts';
import { chooseGenerator } from './load/choose.ts';
import { closing, ECHO, HELLO, isClosing, JSON_ORDER, LARGE } from './load/exchanges.ts';
import { rawGenerator } from './load/raw.ts';
import { Child } from './process/child.ts';
import { scratch } from './process/scratch.ts';
import { summarize, type CpuProfile, type Share } from './profile/summary.ts';
import { percent } from './report/figures.ts';
import { aligned } from './report/table.ts';
import { portOf } from './scenarios/http-server.ts';
import { httpServers } from './servers/peers.ts';

const loads = {
  echo: { app: 'echo', exchange: ECHO, pipeline: 1 },
  pipelined: { app: 'echo', exchange: ECHO, pipeline: 16 },
  get: { app: 'hello', exchange: HELLO, pipeline: 1 },
  large: { app: 'echo', exchange: LARGE, pipeline: 1 },
  json: { app: 'json', exchange: JSON_ORDER, pipeline: 1 },
  churn: { app: 'hello', exchange: closing(HELLO), pipeline: 1 },
} as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: 'string', default: 'awaitio' },
    seconds: { type: 'string', default: '5' },
    top: { type: 'string', default: '40' },
    keep: { type: 'string' },
  },
});
const what = loads[(positionals[0] ?? 'echo') as keyof typeof loads];
const peer = httpServers.find(({ name }) => name === values.peer);
if (what === undefined || peer === undefined) {
  throw new Error(`expected one of ${Object.keys(loads).join(', ')}, and an HTTP server on Node`);
}
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(scratch(), 'profile-'));
const [node = '', ...args] = peer.command(what.app);
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
const port = await portOf(child);
await checkAnswers(port, what.exchange, what.pipeline);
const load = { ...what, port, connections: 64, seconds, warmup: 2 };
const generator = isClosing(what.exchange) ? rawGenerator : chooseGenerator('auto');
const { rate } = await generator.run(load);
await child.stop();

const [file = ''] = readdirSync(folder);
const path = join(folder, file);
if (values.keep !== undefined) copyFileSync(path, values.keep);
const summary = summarize(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile, seconds);
const perRequest = ((1 - summary.idle) * 1e6) / rate;

function print(title: string, shares: readonly Share[]): void {
  const rows = shares.map(({ name, self, total }) => [
    name,
    percent(self),
    `${(self * perRequest).toFixed(2)} µs`,
    percent(total),
  ]);
  console.log(`\n${aligned([[title, 'self', 'a request', 'with callees'], ...rows])}`);
}

console.log(
  `${peer.name}: ${Math.round(rate)} requests/s while profiled, ${percent(summary.idle)} idle, ${perRequest.toFixed(1)} µs a request`,
);
print(
  'whose',
  summary.owners.filter(({ self }) => self > 0.002),
);
print('function', summary.functions.slice(0, Number(values.top)));
