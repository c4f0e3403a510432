/** Prints how many of what simulated runs have made are left when V8 has collected its young objects, and no others. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { simulate } from '../../src/testing/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

const RUNS = 40;
/** Bytes. Memory of buffers is counted to the byte, and given back as soon as nothing refers to it. */
const BALLAST = 10_000;

let weighed = 0;

/** What a run must not keep refers to bytes that are counted. */
function weigh(...parts: readonly object[]): void {
  for (const part of parts) Reflect.set(part, 'ballast', new Uint8Array(BALLAST));
  weighed += parts.length;
}

async function run(seed: number, weighs: (...parts: readonly object[]) => void): Promise<void> {
  await simulate({ seed, faults: { reset: 0.1 } }, async (sim) => {
    const [server, client] = [sim.host('server'), sim.host('client')];
    const listener = await server.listen(80);
    server.run(async ({ clock, executor, signal }) => {
      await executor.group(() => clock.sleep(1, { signal }));
      setTimeout(() => weighs(server), 1);
    });
    const stream = await client.connect('server:80');
    const other = await listener.accept();
    await stream.writeAll('hello', { timeout: 1_000 });
    await other.readChunk({ timeout: 1_000 }).catch(() => {});
    weighs(sim.clock, client, client.clock, stream, other, listener);
    other.reset();
    stream.reset();
  }).catch(() => {});
}

for (let seed = 1; seed <= RUNS; seed += 1) await run(seed, () => {});
collect();
const before = process.memoryUsage().arrayBuffers;
for (let seed = 1; seed <= RUNS; seed += 1) await run(seed, weigh);
await new Promise((resolve) => {
  setImmediate(resolve);
});
collect({ type: 'minor' });
collect({ type: 'minor' });
const left = Math.round((process.memoryUsage().arrayBuffers - before) / BALLAST);
console.log(JSON.stringify({ weighed, left }));
