/**
 * One WebSocket sends, and all get it: the next message is sent when the last one has come everywhere, as a separate process.
 *
 * Arguments: PORT COUNT WARMUP_MS MEASURE_MS. Prints "begin", "end" and a line of JSON; the rate is of messages that came.
 */

import { Histogram } from '../statistics.ts';
import type { LoadResult } from './load.ts';
import { openSockets } from './sockets.ts';
import { SHORT } from './web-socket.ts';

const [port, count, warmup, measure] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const due = count * SHORT.answer.length;
/** How long a message may take to come everywhere, in milliseconds. */
const PATIENCE = 10_000;
const latencies = new Histogram();
let got = 0;
let came = 0;
let since = 0;
let onCame = (): void => {};
const sockets = await openSockets(port, count, (_socket, length) => {
  got += length;
  if (got < due) return;
  if (got > due) fail(`got ${got} bytes of a message that is ${due} for all`);
  got = 0;
  came += count;
  onCame();
  const now = performance.now();
  latencies.add(Math.round((now - since) * 1_000));
  send(now);
});

function send(now: number): void {
  since = now;
  sockets[0]?.write(SHORT.request);
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}

// One member that misses a message would hold up the load for ever.
let checked = 0;
setInterval(() => {
  if (since === checked) fail(`${got} of ${due} bytes of a message have come in ${PATIENCE} ms`);
  checked = since;
}, PATIENCE);

send(performance.now());
await wait(warmup);
latencies.clear();
came = 0;
console.log('begin');
const start = performance.now();
await wait(measure);
// One that takes longer than a smoke run measures is waited for.
if (came === 0) {
  await new Promise<void>((resolve) => {
    onCame = resolve;
  });
}
const result: LoadResult = {
  rate: (came / (performance.now() - start)) * 1_000,
  p50: latencies.percentile(0.5) / 1_000,
  p99: latencies.percentile(0.99) / 1_000,
  errors: 0,
};
console.log('end');
console.log(JSON.stringify(result));
process.exit();
