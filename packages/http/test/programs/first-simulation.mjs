/**
 * Runs one program in the first simulation of a process, and twice more: prints the three results, a line of JSON each.
 *
 *   node [--conditions source|bundled] first-simulation.mjs <fetch | memory | options | tls>
 */
import { startTls } from '@awaitio/core';
import { simulate, TestAuthority } from '@awaitio/core/testing';
import { HttpClient, HttpResponse, serve } from '@awaitio/http';

/** Timers that would overtake whatever a run had to wait for. */
function keepTime(sim) {
  sim.executor.spawn(async () => {
    for (let count = 0; count < 50; count += 1) await sim.clock.sleep(1);
  });
}

async function request(sim, handler, options) {
  const { clock, executor } = sim;
  const listener = await sim.host('server').listen(80);
  const server = await serve(handler, { listener, clock, executor, ...options });
  const client = new HttpClient({ connect: sim.host('client').connect, clock });
  const response = await client.get('http://server/');
  sim.log(await response.text());
  await client.close();
  await server.shutdown();
}

const hello = () => HttpResponse.text('hello');
const authority = new TestAuthority();
const identity = authority.issue(['server']);

const PROGRAMS = {
  fetch: (sim) => request(sim, { fetch: async () => new Response('hello') }),
  memory: async (sim) => {
    const { clock, executor } = sim;
    const listener = await sim.host('server').listen(80);
    const server = await serve(hello, { listener, clock, executor });
    sim.log(await (await server.fetch('http://server/')).text());
    await server.shutdown();
  },
  // What only the schema can decide: an option that is wrong.
  options: async (sim) => {
    const { clock, executor } = sim;
    const listener = await sim.host('server').listen(80);
    const error = await serve(hello, { listener, clock, executor, port: 'eighty' }).catch(
      (reason) => reason,
    );
    sim.log(error.message);
    await request(sim, hello, { listener: await sim.host('server').listen(81) }).catch((reason) => {
      sim.log(reason.code);
    });
  },
  tls: async (sim) => {
    const listener = await sim.host('server').listen(443);
    sim.executor.spawn(async () => {
      const raw = await listener.accept();
      const stream = await startTls(raw, { role: 'server', ...identity });
      for await (const chunk of stream) await stream.writeAll(chunk);
      await stream.close();
    });
    const raw = await sim.host('client').connect('server:443');
    const stream = await startTls(raw, { servername: 'server', ca: authority.cert });
    await stream.writeAll('hello');
    sim.log(Buffer.from(await stream.readExactly(5)).toString());
    await stream.close();
  },
};

for (let count = 0; count < 3; count += 1) {
  const run = await simulate({ seed: 11 }, async (sim) => {
    keepTime(sim);
    await PROGRAMS[process.argv[2]](sim);
  }).catch((error) => error);
  const { hash, virtualTime, kind, message } = run;
  console.log(JSON.stringify(kind === undefined ? { hash, virtualTime } : { kind, message }));
}
