/** While waits are traced, the error of a deadline says which task waited, for what, and in which line. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TimeoutError, traceWaits } from '@awaitio/core';
import { HttpResponse } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const HERE = /traced-timeouts\.test\.ts:\d+/;

beforeEach(() => {
  traceWaits(true);
});
afterEach(() => {
  traceWaits(false);
});

function timeoutFrom(error: unknown): TimeoutError {
  expect(error).toBeInstanceOf(TimeoutError);
  return error as TimeoutError;
}

describe('the error of a deadline', () => {
  test('of a handler says what the handler waits for', () =>
    simulated(async (world) => {
      const silent = await world.sim.host('database').listen(5432);
      await world.serve(
        async (request) => {
          const database = await world.sim.host('server').connect('database:5432');
          await database.readLine({ signal: request.signal });
          return HttpResponse.empty();
        },
        { deadlines: { handler: 1_000 } },
      );
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const peer = await silent.accept();
      expect((await wire.response()).status).toBe(503);
      const { waits, message } = timeoutFrom(world.errors[0]);
      expect(waits.map(({ operation, task }) => [task, operation])).toContainEqual([
        'connection',
        'readLine',
      ]);
      expect(message).toMatch(HERE);
      peer.reset();
    }));

  test('of a pool says which task waits for a connection', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client({ maxConnectionsPerOrigin: 1, deadlines: { pool: 1_000 } });
      const first = client.get('http://server/').catch(() => {});
      const wire = await server.accept();
      const second = world.sim.executor.spawn(() => client.get('http://server/'), {
        name: 'second asker',
      });
      const { waits, message } = timeoutFrom(await second.catch((error: unknown) => error));
      expect(waits).toMatchObject([{ operation: 'pool', task: 'second asker' }]);
      expect(message).toMatch(/no connection became free within 1000 ms: .*second asker in pool/);
      wire.stream.reset();
      await first;
    }));

  test('of a response that stalls says who waits for it', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client({ deadlines: { headers: 1_000 }, retry: false });
      const asking = world.sim.executor.spawn(() => client.get('http://server/'), {
        name: 'asker',
      });
      const wire = await server.accept();
      const { waits } = timeoutFrom(await asking.catch((error: unknown) => error));
      expect(waits).toMatchObject([{ task: 'asker' }]);
      wire.stream.reset();
    }));
});
