/** Bodies of a client's requests, which end with the request. */
import { describe, expect, test } from '@jest/globals';
import { HttpResponse } from '../../src/index.ts';
import { QUIET } from '../support/quiet-bodies.ts';
import { simulated } from '../support/simulated.ts';

describe('the body of a client’s request', () => {
  test.each(QUIET)('ends with the response: %s', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      await world.serve(() => HttpResponse.text('enough', { close: true }));
      const client = world.client();
      const response = await client.post('http://server/', body);
      expect(await response.text()).toBe('enough');
      await world.sleep(10);
      expect(ends).toHaveLength(1);
    }),
  );

  test('is refused the second time, in place of an upload of nothing', () =>
    simulated(async (world) => {
      await world.serve((request) => request.text().then((text) => HttpResponse.text(text)));
      const client = world.client();
      const body = (function* () {
        yield 'once';
      })();
      expect(await (await client.post('http://server/', body)).text()).toBe('once');
      await expect(client.post('http://server/', body)).rejects.toMatchObject({
        code: 'ERR_BODY_USED',
      });
      await world.sleep(100);
      expect(world.errors).toEqual([]);
    }));

  test.each(QUIET)('ends with the request’s abort: %s', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      await world.serve((request) => request.text().then(() => HttpResponse.text('never')));
      const controller = new AbortController();
      const asked = world.client().post('http://server/', body, { signal: controller.signal });
      await world.sleep(100);
      controller.abort(new RangeError('enough'));
      await expect(asked).rejects.toThrow('enough');
      await world.sleep(10);
      expect(ends).toHaveLength(1);
      expect(world.errors).toEqual([]);
    }),
  );

  test.each(QUIET)('ends when the server refuses it before it has begun: %s', (_kind, make) =>
    simulated(async (world) => {
      const { body, ends } = make();
      await world.serve(() => HttpResponse.empty({ status: 413, close: true }));
      const options = { expectContinue: true };
      const response = await world.client().post('http://server/', body, options);
      expect(response.status).toBe(413);
      await world.sleep(10);
      expect(ends).toHaveLength(1);
    }),
  );
});
