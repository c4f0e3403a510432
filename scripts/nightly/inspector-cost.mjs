/**
 * What the inspector costs a server: processor time of an echo, and memory of what is idle.
 *
 *   node scripts/nightly/inspector-cost.mjs [--rounds 9] [--seconds 3] [--warmup 2] [--connections 64] [--idle 2000] [--interval 1000]
 *
 * Five servers take turns, each a fresh process under the load of another: `without` the inspector, `again` the same (how far two equal
 * ones lie apart), `imported` and not started, `started` with no reader, `watched` by a reader of the page's live states. It prints
 * medians of the processor time for a request, each against `without` of the same round, and of the memory after a garbage collection.
 * Then the same is compared within one process: for a second it is started, or watched, for the next it is not, and each second is held
 * against those before and after it. That tells smaller differences apart than one process from another. Needs a build (`pnpm build`). Nothing is asserted: figures depend on the machine.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MODES = ['without', 'again', 'imported', 'started', 'watched'];
const TOKEN = 'a-token-for-measuring';
const [, , role, ...rest] = process.argv;
if (role === 'server') await serveEcho(rest[0], Number(rest[1]));
else if (role === 'load') makeLoad();
else await main();

/** The server: says its port, and what it has used when it is asked. */
async function serveEcho(mode, interval) {
  const { echo, serve } = await import('../../packages/http/dist/index.js');
  const { inspect } =
    mode === 'without' || mode === 'again'
      ? {}
      : await import('../../packages/http/dist/inspect/index.js');
  const isStarted = mode === 'started' || mode === 'watched';
  let page = isStarted ? await inspect({ token: TOKEN, interval }) : undefined;
  const server = await serve(echo(), {
    port: 0,
    deadlines: { idle: 600_000, firstByte: 600_000 },
  });
  const onMessage = async (what) => {
    if (what === 'open') page ??= await inspect({ token: TOKEN, interval });
    if (what === 'close') {
      await page?.close();
      page = undefined;
    }
    if (what === 'open' || what === 'close') return;
    const { user, system } = process.cpuUsage();
    const { requests } = server.statistics();
    const collections = what === 'memory' ? 4 : 0;
    for (let turn = 0; turn < collections; turn += 1) {
      globalThis.gc();
      await sleep(20);
    }
    const { rss, heapUsed } = process.memoryUsage();
    process.send({ cpu: user + system, answered: requests.completed, rss, heap: heapUsed });
  };
  process.on('message', (what) => void onMessage(what));
  process.send({ port: Number(new URL(server.url).port), page: page?.url.split('#')[0] });
}

/** The load: connections that each ask again when they were answered, or that only stay open. */
function makeLoad() {
  const request =
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!';
  let length = 0;
  let reading;
  const onMessage = async ({ port, connections, isBusy, page }) => {
    reading?.abort();
    reading = page === undefined ? undefined : new AbortController();
    if (page !== undefined) watch(page, reading.signal).catch(() => {});
    if (port === undefined) return;
    for (let at = 0; at < connections; at += 1) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      let received = 0;
      socket.write(request);
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (length === 0) length = received;
        if (received < length) return;
        received = 0;
        if (isBusy) socket.write(request);
      });
      if (!isBusy) await once(socket, 'data');
    }
    process.send('ready');
  };
  process.on('message', (what) => void onMessage(what));
}

/** As the page does: reads all states. */
async function watch(page, signal) {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const response = await fetch(`${page}live`, { headers, signal });
  for await (const chunk of response.body) void chunk.length;
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '3' },
      warmup: { type: 'string', default: '2' },
      connections: { type: 'string', default: '64' },
      idle: { type: 'string', default: '2000' },
      interval: { type: 'string', default: '1000' },
    },
  });
  const settings = Object.fromEntries(
    Object.entries(values).map(([name, text]) => [name, Number(text)]),
  );
  const busy = Object.fromEntries(MODES.map((mode) => [mode, []]));
  const idle = Object.fromEntries(MODES.map((mode) => [mode, []]));
  for (let round = 0; round < settings.rounds; round += 1) {
    // Another one is first in each round, so that none always comes after the same one.
    const order = MODES.map((_, at) => MODES[(at + round) % MODES.length]);
    for (const mode of order) busy[mode].push(await busyRound(mode, settings));
    if (round < Math.ceil(settings.rounds / 3)) {
      for (const mode of order) idle[mode].push(await idleRound(mode, settings));
    }
    process.stderr.write(
      `round ${round + 1}: ${MODES.map((mode) => `${mode} ${busy[mode].at(-1).toFixed(2)}`).join(', ')} µs\n`,
    );
  }
  console.log(`Node ${process.version}, ${JSON.stringify(settings)}`);
  console.table(
    Object.fromEntries(
      MODES.map((mode) => [
        mode,
        {
          'µs/request': median(busy[mode]).toFixed(2),
          'against without': percent(
            median(busy[mode].map((each, at) => each / busy.without[at])) - 1,
          ),
          'heap MB': (median(idle[mode].map(({ heap }) => heap)) / 1e6).toFixed(2),
          'resident MB': (median(idle[mode].map(({ rss }) => rss)) / 1e6).toFixed(1),
          'heap B/idle connection': Math.round(median(idle[mode].map(({ each }) => each))),
        },
      ]),
    ),
  );
  const seconds = Math.max(1, settings.interval / 1_000);
  for (const what of ['started', 'watched']) {
    const shares = [];
    for (let round = 0; round < 4; round += 1) {
      shares.push(...(await turns(what, { ...settings, seconds })));
    }
    console.log(
      `${what}, against the same process without: ${percent(median(shares))} (median of ${shares.length})`,
    );
  }
}

/** The processor time for a request while it is started, or watched, against the seconds before and after. */
async function turns(what, { seconds, warmup, connections, interval, rounds }) {
  const { server, port, page } = await start(what === 'started' ? 'imported' : 'started', interval);
  const load = await loaded({ port, connections, isBusy: true }, 'started');
  await sleep(warmup * 1_000);
  const costs = [];
  let before = await ask(server, 'usage');
  for (let turn = 0; turn <= 2 * rounds; turn += 1) {
    if (what === 'started') server.send(turn % 2 === 1 ? 'open' : 'close');
    else load.send(turn % 2 === 1 ? { page } : {});
    await sleep(seconds * 1_000);
    const after = await ask(server, 'usage');
    costs.push((after.cpu - before.cpu) / (after.answered - before.answered));
    before = after;
  }
  await stop(load, server);
  return costs
    .map((cost, at) => (2 * cost) / (costs[at - 1] + costs[at + 1]) - 1)
    .filter((_, at) => at % 2 === 1);
}

/** Microseconds of processor time for a request. */
async function busyRound(mode, { seconds, warmup, connections, interval }) {
  const { server, port, page } = await start(mode, interval);
  const load = await loaded({ port, connections, isBusy: true, page }, mode);
  await sleep(warmup * 1_000);
  const before = await ask(server, 'usage');
  await sleep(seconds * 1_000);
  const after = await ask(server, 'usage');
  await stop(load, server);
  return (after.cpu - before.cpu) / (after.answered - before.answered);
}

/** Memory before and after so many connections that were answered once. */
async function idleRound(mode, { idle, interval }) {
  const { server, port, page } = await start(mode, interval);
  const first = await loaded({ port, connections: 100, isBusy: false, page }, mode);
  const before = await ask(server, 'memory');
  const load = await loaded({ port, connections: idle, isBusy: false }, mode);
  const after = await ask(server, 'memory');
  await stop(first, load, server);
  return { heap: before.heap, rss: before.rss, each: (after.heap - before.heap) / idle };
}

async function start(mode, interval) {
  const server = fork(fileURLToPath(import.meta.url), ['server', mode, String(interval)], {
    execArgv: ['--expose-gc'],
  });
  const [{ port, page }] = await once(server, 'message');
  return { server, port, page };
}

async function loaded(what, mode) {
  const child = fork(fileURLToPath(import.meta.url), ['load']);
  child.send(mode === 'watched' ? what : { ...what, page: undefined });
  await once(child, 'message');
  return child;
}

async function ask(server, what) {
  server.send(what);
  const [usage] = await once(server, 'message');
  return usage;
}

async function stop(...children) {
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function percent(share) {
  return `${share < 0 ? '−' : '+'}${(Math.abs(share) * 100).toFixed(1)} %`;
}
