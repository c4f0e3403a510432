import { describe, expect, test } from '@jest/globals';
import { HttpResponse, type HandlerContext } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A server that keeps the contexts of its requests, and a connection that has had an answer. */
async function serving(world: World) {
  const contexts: HandlerContext[] = [];
  const server = await world.serve((_request, context) => {
    contexts.push(context);
    return HttpResponse.text(String(context.drainSignal.aborted));
  });
  const wire = await world.connect();
  await wire.send(GET);
  expect((await wire.response()).body).toBe('false');
  return { server, wire, contexts };
}

describe('the drain signal', () => {
  test('is one for all requests of a server, and aborts when its shutdown begins', () =>
    simulated(async (world) => {
      const { server, wire, contexts } = await serving(world);
      await wire.send(GET);
      await wire.response();
      const [first, second] = contexts as [HandlerContext, HandlerContext];
      expect(second.drainSignal).toBe(first.drainSignal);
      const reasons: unknown[] = [];
      first.drainSignal.addEventListener('abort', () => {
        reasons.push(first.drainSignal.reason);
      });
      await server.shutdown();
      expect(reasons).toEqual([expect.objectContaining({ code: 'ERR_HTTP_CONNECTION_ENDED' })]);
    }));

  test('aborts at the end of the lame duck, when no connection is accepted any more', () =>
    simulated(async (world) => {
      const { server, wire, contexts } = await serving(world);
      const [{ drainSignal }] = contexts as [HandlerContext];
      const report = server.shutdown({ lameDuck: 1_000 });
      await world.sleep(990);
      expect(drainSignal.aborted).toBe(false);
      await wire.send(GET);
      expect((await wire.response()).body).toBe('false');
      await world.sleep(20);
      expect(drainSignal.aborted).toBe(true);
      await report;
    }));

  test('has aborted already for a request that comes after', () =>
    simulated(async (world) => {
      const { server, wire } = await serving(world);
      const report = server.shutdown({ idleWindow: 500 });
      await world.sleep(10);
      await wire.send(GET);
      expect((await wire.response()).body).toBe('true');
      await wire.close();
      await report;
    }));
});
