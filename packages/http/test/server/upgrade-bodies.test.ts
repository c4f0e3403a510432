/** Upgrades whose request has a body: it proposes no protocol that this side would take it for. */
import { expect, test } from '@jest/globals';
import { HttpResponse } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

test.each(['Content-Length: 4\r\n\r\nbo', 'Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n'])(
  'an upgrade of a request with a body fails at once, however late the body comes: %j',
  (rest) =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        const since = world.now;
        const error = await context.upgrade().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ name: 'HttpProblem', status: 400 });
        return HttpResponse.text(`after ${world.now - since} ms`, { status: 400 });
      });
      const wire = await world.connect();
      const fields = 'Host: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n';
      await wire.send(`POST / HTTP/1.1\r\n${fields}${rest}`);
      expect(await wire.response()).toMatchObject({ status: 400, body: 'after 0 ms' });
      await wire.close();
      expect(world.errors).toEqual([]);
    }),
);
