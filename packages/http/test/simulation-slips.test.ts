/** A program in a simulation that passes no clock and no random numbers is on virtual time, and repeatable, all the same. */
import { expect, test } from '@jest/globals';
import { simulate } from '@awaitio/core/testing';
import { HttpClient, HttpResponse, serve } from '../src/index.ts';
import { compress, requestId } from '../src/batteries/index.ts';

test('a server and a client without the clock and the random numbers of their simulation are repeatable', async () => {
  const run = async (seed: number): Promise<string> => {
    const { hash, virtualTime } = await simulate({ seed }, async (sim) => {
      const listener = await sim.host('a').listen(80);
      const handler = requestId(async () => {
        await new Promise((resolve) => setTimeout(resolve, 10_000));
        return HttpResponse.text('x');
      });
      const server = await serve(handler, { listener, executor: sim.executor });
      const client = new HttpClient({ connect: sim.host('b').connect });
      const response = await client.get('http://a/');
      sim.log(String(response.headers.get('x-request-id')));
      await response.text();
      await client.close();
      await server.shutdown();
    });
    expect(virtualTime).toBeGreaterThan(10_000);
    return hash;
  };
  const first = await run(1);
  expect(await run(1)).toBe(first);
  expect(await run(2)).not.toBe(first);
});

test('`compress` of a large body is refused by name, and repeatable where compression is allowed', async () => {
  const run = (allow?: readonly 'zlib'[]) =>
    simulate({ seed: 1, allow }, async (sim) => {
      const { clock, executor } = sim;
      const listener = await sim.host('a').listen(80);
      const handler = compress(() => HttpResponse.text('x'.repeat(50_000)));
      const server = await serve(handler, { listener, clock, executor, onError: () => {} });
      const client = new HttpClient({ connect: sim.host('b').connect, clock });
      const response = await client.get('http://a/', { headers: { 'Accept-Encoding': 'br' } });
      sim.log(String(response.headers.get('content-encoding')));
      sim.log(String((await response.bytes()).length));
      await client.close();
      await server.shutdown();
    });
  await expect(run()).rejects.toThrow(
    /brotliCompress of node:zlib was called inside a simulation; use it before the simulation, or allow: \['zlib'\]/,
  );
  const { hash } = await run(['zlib']);
  expect((await run(['zlib'])).hash).toBe(hash);
});
