/**
 * Servers that close a connection exactly when the client uses it again, over sockets and on simulated networks: no request
 * fails, and no POST without an `Idempotency-Key` arrives twice.
 *
 *   node scripts/nightly/closing-servers.mjs [--requests 10000] [--rounds 1] [--only 'sockets' --only 'POST,' …]
 *
 * `at once`: the server closes with its answer, and does not say so. `at T`: it closes T ms after its answer, where the client sends
 * again. `as it says`: it closes a second after its answer, as its `Keep-Alive` says, and the client has a margin of 41 ms. `stalls`:
 * readers of a simulated network stall, some for longer than the server keeps a connection: one POST of 10,000 may meet that. `--only`
 * has a part of the name of a case, and may be given several times. Needs a build (`pnpm build`). Everything is on 127.0.0.1.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CALM, simulate } from '../../packages/core/dist/testing/index.js';
import { HttpClient } from '../../packages/http/dist/index.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const REQUESTS = Number(values.requests);
const ROUNDS = Number(values.rounds);
const ONLY = values.only;
const HINTED = 1_000;
const okAfter = (after) =>
  `HTTP/1.1 200 OK\r\n${after === HINTED ? 'Keep-Alive: timeout=1\r\n' : ''}Content-Length: 2\r\n\r\nok`;

/** By the id that is the body, or the path: how often it arrived. */
class Arrivals {
  times = new Map();
  add(text) {
    const id = /^GET \/(\S+)/.exec(text)?.[1] ?? text.slice(text.indexOf('\r\n\r\n') + 4);
    this.times.set(id, (this.times.get(id) ?? 0) + 1);
  }
  get twice() {
    return [...this.times.values()].filter((times) => times > 1).length;
  }
  isWhole(text) {
    const end = text.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    return end !== -1 && text.length >= end + 4 + length;
  }
}

/** A server over sockets. @param after - ms from an answer to the end of its connection; `undefined`: with it */
async function overSockets(after, run) {
  const arrivals = new Arrivals();
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    let text = '';
    let timer;
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      sockets.delete(socket);
    });
    socket.on('data', (chunk) => {
      clearTimeout(timer);
      text += chunk.toString('latin1');
      if (!arrivals.isWhole(text)) return;
      arrivals.add(text);
      text = '';
      if (after === undefined) {
        socket.end(okAfter(after));
        return;
      }
      socket.write(okAfter(after));
      timer = setTimeout(() => socket.end(), after);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${server.address().port}/`;
  try {
    return await run({ base, arrivals, options: {}, pause: sleep });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** The same on a simulated network. @param latency - one way, in ms */
async function simulated(latency, faults, after, run) {
  let result;
  await simulate({ seed: 1, latency: [latency, latency], faults, deadline: 1e12 }, async (sim) => {
    const arrivals = new Arrivals();
    const host = sim.host('server');
    const listener = await host.listen(80);
    const serveOne = async (stream) => {
      const timeout = after ?? 60_000;
      try {
        for (let isFirst = true; ; isFirst = false) {
          let bytes;
          try {
            bytes = await stream.readUntil('\r\n\r\n', isFirst ? {} : { timeout });
          } catch {
            break;
          }
          if (bytes === null) break;
          const head = Buffer.from(bytes).toString('latin1');
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
          const body = Buffer.from(await stream.readExactly(length)).toString('latin1');
          arrivals.add(head + body);
          await stream.writeAll(okAfter(after));
          if (after === undefined) break;
        }
        await stream.close();
      } catch {
        stream.reset();
      }
    };
    sim.executor.spawn(async () => {
      for await (const stream of listener) sim.executor.spawn(() => serveOne(stream));
    });
    const { clock, random } = sim;
    const options = { connect: sim.host('client').connect, clock, random };
    const pause = (time) => clock.sleep(time);
    result = await run({ base: 'http://server/', arrivals, options, pause });
    await clock.sleep(120_000);
    await listener.close();
  });
  return result;
}

/** So many requests by some callers. @returns what went wrong */
async function ask({ method, isKeyed, callers, limit, after }, { base, arrivals, options, pause }) {
  const deadlines = after === HINTED ? { idleMargin: 41 } : {};
  const client = new HttpClient({ ...options, deadlines, maxConnectionsPerOrigin: limit });
  const headers = isKeyed ? { 'Idempotency-Key': 'k' } : {};
  const failures = new Map();
  let next = 0;
  const caller = async () => {
    while (next < REQUESTS) {
      const number = (next += 1);
      const id = String(number);
      try {
        const response =
          method === 'GET'
            ? await client.get(base + id)
            : await client.request(method, base, { body: id, headers });
        if ((await response.text()) !== 'ok') throw new Error('another body');
      } catch (error) {
        const what = `${error.code ?? error.name}: ${error.message}`;
        failures.set(what, (failures.get(what) ?? 0) + 1);
      }
      if (after === HINTED) await pause(HINTED - 60 + ((number * 7.3) % 120));
      else if (after !== undefined) await pause(after);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await client.close();
  const twice = method === 'GET' ? 0 : arrivals.twice;
  return { failures, twice, arrived: arrivals.times.size };
}

/** @type {[string, (after: any, run: any) => Promise<any>][]} */
const NETWORKS = [
  ['sockets', overSockets],
  ...[0, 1, 5, 20].map((latency) => [
    `simulated with ${latency} ms`,
    (after, run) => simulated(latency, CALM, after, run),
  ]),
  ['simulated with stalls', (after, run) => simulated(5, {}, after, run)],
];
const ENDS = [
  ['at once', undefined],
  ['at 3 ms', 3],
  ['at 10 ms', 10],
  ['at 100 ms', 100],
  ['as it says', HINTED],
];
const REQUEST_KINDS = [
  ['GET', false],
  ['PUT', false],
  ['POST', false],
  ['POST', true],
];
const SHAPES = [
  { callers: 2, limit: 1 },
  { callers: 16, limit: 8 },
];

let failed = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [where, place] of NETWORKS) {
    for (const [when, after] of ENDS) {
      // A second for each request would take hours.
      if (where === 'sockets' && after === HINTED) continue;
      for (const [method, isKeyed] of REQUEST_KINDS) {
        for (const shape of SHAPES) {
          const { callers, limit } = shape;
          const request = `${method}${isKeyed ? ' with a key' : ''}`;
          const name = `${where}, closes ${when}, ${request}, ${callers} callers, ${limit} connections`;
          if (!ONLY.every((words) => `${name},`.includes(words))) continue;
          const all = { ...shape, method, isKeyed, after };
          const { failures, twice, arrived } = await place(after, (it) => ask(all, it));
          const wrong = [...failures.values()].reduce((sum, times) => sum + times, 0);
          const isOnce = method === 'POST' && !isKeyed;
          const isWhole = wrong === 0 && arrived === REQUESTS;
          const isTolerated = where.endsWith('stalls') && isOnce && wrong <= REQUESTS / 1_000;
          const isRight = (isWhole || isTolerated) && !(isOnce && twice > 0);
          if (!isRight) failed += 1;
          const said = [...failures].map(([what, times]) => `${times} × ${what}`).join('; ');
          console.log(
            `${isRight ? 'ok  ' : 'FAIL'} ${name}: ` +
              `${wrong} of ${REQUESTS} failed, ${twice} arrived twice ${said}`,
          );
        }
      }
    }
  }
}
console.log(failed === 0 ? 'all well' : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
