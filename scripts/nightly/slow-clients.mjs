/**
 * A thousand clients that send one byte a second, beside 64 that behave: what do those feel of it?
 *
 *   node scripts/nightly/slow-clients.mjs [--slow 1000] [--seconds 8] [--rounds 3]
 *
 * Prints the 99th percentile of the normal clients' latency without and with the slow ones, interleaved, and their ratio.
 * Half of the slow ones drip a head, half a body; the server cuts them at its deadlines and they come again. The server
 * is a separate process. Needs a build (`pnpm build`). Everything is on 127.0.0.1.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const NORMAL = 64;
const REQUEST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\nname=WasmEdge';
const DRIPS = [
  `GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ${'x'.repeat(200)}`,
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(200)}`,
];

if (process.argv[2] === 'serve') {
  const { echo, serve } = await import('../../packages/http/dist/index.js');
  const server = await serve(echo(), { port: 0, onError: () => {} });
  process.send?.(server.address.port);
} else {
  const { values } = parseArgs({
    options: {
      slow: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const child = fork(fileURLToPath(import.meta.url), ['serve']);
  const [port] = await once(child, 'message');
  const milliseconds = Number(values.seconds) * 1_000;
  await measure(port, 2_000);
  const ratios = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const alone = await measure(port, milliseconds);
    const crowd = { isOn: true, open: new Set() };
    for (let index = 0; index < Number(values.slow); index += 1) drip(port, crowd, index);
    await sleep(1_000);
    const crowded = await measure(port, milliseconds);
    crowd.isOn = false;
    for (const socket of crowd.open) socket.destroy();
    ratios.push(crowded / alone);
    console.log(`p99 alone ${alone.toFixed(2)} ms, beside the slow ones ${crowded.toFixed(2)} ms`);
    await sleep(500);
  }
  const median = ratios.toSorted((a, b) => a - b)[ratios.length >> 1];
  console.log(`ratio ${median.toFixed(2)} (median of ${ratios.length})`);
  child.kill();
}

/** Has the normal clients ask one request after another; the 99th percentile of the latency, in milliseconds. */
async function measure(port, milliseconds) {
  const latencies = [];
  const end = performance.now() + milliseconds;
  await Promise.all(Array.from({ length: NORMAL }, () => ask(port, end, latencies)));
  latencies.sort((a, b) => a - b);
  return latencies[Math.floor(latencies.length * 0.99)];
}

function ask(port, end, latencies) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay();
    let since = 0;
    const send = () => {
      since = performance.now();
      socket.write(REQUEST);
    };
    socket.on('connect', send);
    socket.on('data', () => {
      const now = performance.now();
      latencies.push(now - since);
      if (now < end) send();
      else socket.end();
    });
    socket.on('error', reject);
    socket.on('close', resolve);
  });
}

/** One slow client: a byte a second, and again from the beginning when it is cut. */
function drip(port, crowd, index) {
  const text = DRIPS[index % DRIPS.length];
  const socket = connect(port, '127.0.0.1').setNoDelay();
  crowd.open.add(socket);
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text[at % text.length]);
    at += 1;
  }, 1_000);
  socket.on('error', () => {});
  socket.resume();
  socket.on('close', () => {
    clearInterval(timer);
    crowd.open.delete(socket);
    if (crowd.isOn) drip(port, crowd, index);
  });
}
