/** A program in a simulation that leaves out the clock or the random numbers reads in the error what to pass. */
import { expect, test } from '@jest/globals';
import { simulate } from '@awaitio/core/testing';
import { HttpClient, HttpResponse, serve } from '../src/index.ts';
import { compress, requestId } from '../src/batteries/index.ts';

test('a server without the clock of its simulation fails with what to pass', async () => {
  const run = simulate({ seed: 1 }, async (sim) => {
    const listener = await sim.host('a').listen(80);
    await serve(() => HttpResponse.text('x'), {
      listener,
      executor: sim.executor,
      onError: () => {},
    });
    const client = new HttpClient({ connect: sim.host('b').connect, clock: sim.clock });
    await client.get('http://a/');
  });
  await expect(run).rejects.toThrow('pass `clock: sim.clock` to `serve` and `HttpClient`');
});

test('`requestId` without the random numbers of its simulation fails with what to pass', async () => {
  const run = simulate({ seed: 1 }, async (sim) => {
    const { clock, executor } = sim;
    const listener = await sim.host('a').listen(80);
    const handler = requestId(() => HttpResponse.empty());
    await serve(handler, { listener, clock, executor, onError: () => {} });
    const client = new HttpClient({ connect: sim.host('b').connect, clock });
    await client.get('http://a/');
  });
  await expect(run).rejects.toThrow(/use sim\.random: pass `random: sim\.random` to what takes it/);
});

test('`compress` of a large body in a simulation fails with the name of the module', async () => {
  const run = simulate({ seed: 1 }, async (sim) => {
    const { clock, executor } = sim;
    const listener = await sim.host('a').listen(80);
    const text = () => HttpResponse.text('x'.repeat(50_000));
    const server = await serve(compress(text), { listener, clock, executor });
    const client = new HttpClient({ connect: sim.host('b').connect, clock });
    await (await client.get('http://a/')).text();
    await client.close();
    await server.shutdown();
  });
  await expect(run).rejects.toThrow(/compression of node:zlib was called inside a simulation/);
});
