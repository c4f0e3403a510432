/** The batteries on a simulated network: nothing of them needs the real world, and a seed gives the same run. */
import { expect, test } from '@jest/globals';
import { seededRandom } from '@awaitio/core';
import {
  basicAuth,
  cors,
  formData,
  loadShedding,
  rateLimit,
  requestId,
  serverTiming,
  CookieSigner,
} from '../../src/batteries/index.ts';
import { HttpResponse, type Handler } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const signer = new CookieSigner({ keys: ['0123456789abcdef0123456789abcdef'] });
const answer: Handler = async (request) => {
  const form = await formData(request);
  return HttpResponse.text(`${form.get('a') as string} ${await signer.sign('a', 'b')}`);
};

/** What three requests are answered with, and when. */
async function run(): Promise<readonly string[]> {
  const lines: string[] = [];
  await simulated(async (world) => {
    const { clock } = world.sim;
    const shed = loadShedding(serverTiming(answer, { clock }), { clock, random: seededRandom(1) });
    const limited = rateLimit(shed, { rate: 1, burst: 2, clock });
    const guarded = basicAuth(limited, { users: { ada: 'secret' } });
    await world.serve(requestId(cors(guarded), { random: seededRandom(2) }));
    const client = world.client();
    const headers = {
      Authorization: `Basic ${btoa('ada:secret')}`,
      'Content-Type': 'application/x-www-form-urlencoded',
    };
    for (let n = 0; n < 3; n += 1) {
      const response = await client.post('http://server/', `a=${n}`, { headers });
      const fields = ['x-request-id', 'server-timing', 'ratelimit'].map((name) =>
        response.headers.get(name),
      );
      lines.push([world.now, response.status, ...fields, await response.text()].join(' '));
    }
    expect(world.errors).toEqual([]);
    // Until load shedding measures no more.
    await world.sleep(6_000);
  });
  return lines;
}

test('all batteries answer on a virtual clock, the same in every run', async () => {
  const lines = await run();
  expect(lines.map((line) => line.split(' ')[1])).toEqual(['200', '200', '429']);
  expect(lines[0]).toContain('total;dur=0 ');
  expect(await run()).toEqual(lines);
});
