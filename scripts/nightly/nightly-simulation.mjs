/**
 * Runs a million seeds of a program with faults, in slices that begin where the last night ended.
 *
 *   node scripts/nightly/nightly-simulation.mjs [--program echo] [--count 1000000] [--from SEED] [--jobs N]
 *
 * The programs: `echo`, the echo protocol over streams; `http`, a client against a server; `client`, a client against servers that do
 * everything wrong; `batteries`, a client against a server with forms, events, cookies, compression and what else it brings along;
 * `websocket`, WebSockets with a server that shuts down in every second run.
 *
 * A failing seed is reduced to what is needed for its failure.
 *
 * Without `--from` the first seed comes from the date, so that every night runs new seeds. A failure
 * prints its report, with the seed; the exit status is then 1. The build must be fresh.
 */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PER_NIGHT = 1_000_000;
/** Seeds between two lines of progress. */
const SLICE = 1_000;
const DAY_MS = 86_400_000;

const PROGRAMS = {
  async echo() {
    const { echoProtocol: program, ...rest } = await import('../lib/simulated-echo.mjs');
    return { program, ...rest };
  },
  async http() {
    const { httpProtocol: program, ...rest } = await import('../lib/simulated-http.mjs');
    return { program, ...rest };
  },
  async client() {
    const { clientProtocol: program, ...rest } = await import('../lib/simulated-http.mjs');
    return { program, ...rest };
  },
  async batteries() {
    const { batteryProtocol: program, ...rest } = await import('../lib/simulated-http.mjs');
    return { program, ...rest };
  },
  async websocket() {
    const { websocketProtocol: program, ...rest } = await import('../lib/simulated-http.mjs');
    return { program, ...rest };
  },
};

async function runSlices() {
  const { simulateSeeds, program, FAULTS, DEADLINE } = await PROGRAMS[workerData.program]();
  for (let from = workerData.from; from < workerData.end; from += SLICE) {
    const count = Math.min(SLICE, workerData.end - from);
    // In every second slice the seed also chooses who goes first.
    const order = (from / SLICE) % 2 < 1 ? 'first' : 'seed';
    const report = await simulateSeeds(
      { from, count, faults: FAULTS, deadline: DEADLINE, order, shrink: true },
      program,
    );
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port, and no window
    parentPort.postMessage(report);
  }
}

function startWorker(program, from, end, onReport) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { program, from, end } });
  worker.on('message', onReport);
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      program: { type: 'string', default: 'echo' },
      count: { type: 'string', default: String(PER_NIGHT) },
      from: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const { program } = values;
  if (!Object.hasOwn(PROGRAMS, program)) {
    throw new Error(`--program: expected one of ${Object.keys(PROGRAMS).join(', ')}`);
  }
  const count = Number(values.count);
  const from = Number(values.from ?? Math.floor(Date.now() / DAY_MS) * PER_NIGHT);
  const jobs = Math.min(Number(values.jobs), count);
  const began = performance.now();
  let done = 0;
  let virtualDays = 0;
  console.log(`seeds ${from} to ${from + count - 1}, ${jobs} at a time`);
  const onReport = ({ runs, virtualTime }) => {
    done += runs;
    virtualDays += virtualTime / DAY_MS;
    const seconds = (performance.now() - began) / 1_000;
    console.log(`${done} seeds, ${virtualDays.toFixed(1)} virtual days, ${seconds.toFixed(0)} s`);
  };
  const share = Math.ceil(count / jobs);
  const workers = Array.from({ length: jobs }, (_, job) =>
    startWorker(
      program,
      from + job * share,
      Math.min(from + (job + 1) * share, from + count),
      onReport,
    ),
  );
  const failures = (await Promise.allSettled(workers)).filter(
    ({ status }) => status === 'rejected',
  );
  for (const { reason } of failures) console.error(reason);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

await (isMainThread ? main() : runSlices());
