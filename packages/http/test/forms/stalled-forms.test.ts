/** Forms that do not arrive, on the simulated network. */
import { describe, expect, test } from '@jest/globals';
import { multipart, type MultipartOptions } from '../../src/batteries/index.ts';
import { HttpResponse, type Handler } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const BODY = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n';
const head = (length: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\n\r\n`;

const counting =
  (world: World, options: MultipartOptions): Handler =>
  async (request) => {
    if (request.method === 'GET') return HttpResponse.text('next');
    let bytes = 0;
    for await (const part of multipart(request, { clock: world.sim.clock, ...options })) {
      bytes += (await part.bytes()).length;
    }
    return HttpResponse.text(String(bytes));
  };
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a form that stops', () => {
  test('is answered with 408 when its time is over, and nothing of it is taken for a request', () =>
    simulated(async (world) => {
      await world.serve(counting(world, { timeout: 1_000 }));
      const wire = await world.connect();
      await wire.send(head(BODY.length) + BODY.slice(0, 20));
      const before = world.now;
      expect((await wire.response()).status).toBe(408);
      expect(world.now - before).toBeGreaterThanOrEqual(1_000);
      // The rest comes late: it is dropped, and the connection ends.
      await wire.send(BODY.slice(20) + GET);
      expect(await wire.rest()).toBe('');
      expect(world.errors).toEqual([]);
    }));

  test('is answered with 408 by the server where it has no time limit', () =>
    simulated(async (world) => {
      await world.serve(counting(world, {}));
      const wire = await world.connect();
      await wire.send(head(BODY.length) + BODY.slice(0, 20));
      expect((await wire.response()).status).toBe(408);
      expect(world.errors).toEqual([]);
    }));

  test('leaves nothing when its client goes', () =>
    simulated(async (world) => {
      await world.serve(counting(world, { timeout: 60_000 }));
      const wire = await world.connect();
      await wire.send(head(BODY.length) + BODY.slice(0, 20));
      await world.sleep(10);
      wire.stream.reset();
      await world.sleep(10);
      expect(world.errors).toEqual([]);
    }));
});

describe('a form that is given up', () => {
  test('leaves the connection to the next request', () =>
    simulated(async (world) => {
      await world.serve(counting(world, { limits: { parts: 0 } }));
      const wire = await world.connect();
      await wire.send(head(BODY.length) + BODY + GET);
      expect((await wire.response()).status).toBe(413);
      expect(await wire.response()).toMatchObject({ status: 200, body: 'next' });
    }));
});
