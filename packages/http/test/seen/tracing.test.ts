/** What the tracing channels carry of the requests of a server, and when. */
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError } from '@awaitio/core';
import { Hono } from 'hono';
import { routePath } from 'hono/route';
import {
  HttpProblem,
  HttpResponse,
  type FetchInfo,
  type Handler,
  type ServerConnectionTrace,
  type ServerRequestTrace,
} from '../../src/index.ts';
import { contract, implement } from '../../src/contract/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { ask, GET, storyOf, traced, WHOLE } from './traced.ts';

/** The traces of a server's requests while a client talks to it. */
const served = (
  handler: Handler,
  talk: (world: World) => Promise<unknown>,
  options: Parameters<World['serve']>[1] = {},
) =>
  traced<ServerRequestTrace>('serverRequest', () =>
    simulated(async (world) => {
      await world.serve(handler, options);
      await talk(world);
    }),
  );

describe('the trace of a request of a server', () => {
  test.each<[string, Handler]>([
    ['returns', () => HttpResponse.text('hello')],
    ['waits', async () => HttpResponse.text('hello')],
    ['streams', () => HttpResponse.stream(['hel', 'lo'])],
  ])('has each event once, in order, when the handler %s', async (_how, handler) => {
    const published = await served(handler, (world) => ask(world));
    expect(storyOf(published)).toEqual([WHOLE]);
    expect(published.at(-1)?.copy).toMatchObject({
      connection: 1,
      isEncrypted: false,
      status: 200,
      isComplete: true,
      bytesIn: 0,
      error: undefined,
    });
    expect(published.at(-1)?.trace.request.target).toBe('/a?b=c');
    expect(published.at(-1)?.trace.response).toBeInstanceOf(HttpResponse);
  });

  test('has how long it took, what came in and what went out', async () => {
    const published = await served(
      async (request, context) => {
        const text = await request.text();
        await context.clock.sleep(250);
        return HttpResponse.text(`${text}!`);
      },
      (world) => ask(world, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'),
    );
    expect(published.at(-1)?.copy).toMatchObject({ bytesIn: 5, bytesOut: 6, duration: 250 });
  });

  test('says why the handler failed', async () => {
    const failure = new Error('a mistake');
    const published = await served(
      () => Promise.reject(failure),
      (world) => ask(world),
    );
    expect(storyOf(published)).toEqual(['start end error asyncStart asyncEnd']);
    expect(published.at(-1)?.copy).toMatchObject({ status: 500, isComplete: true, error: failure });
  });

  test('has no failure where a handler answers with an HttpProblem', async () => {
    const published = await served(
      () => Promise.reject(new HttpProblem(404)),
      (world) => ask(world),
    );
    expect(storyOf(published)).toEqual([WHOLE]);
    expect(published.at(-1)?.copy).toMatchObject({ status: 404, error: undefined });
  });

  test('says that the client has left', async () => {
    const published = await served(
      async (request, context) => {
        await context.clock.sleep(10_000, { signal: request.signal });
        return HttpResponse.text('late');
      },
      async (world) => {
        const wire = await world.connect();
        await wire.send(GET);
        await world.sleep(100);
        wire.stream.reset();
        await world.sleep(100);
      },
    );
    expect(storyOf(published)).toEqual(['start end error asyncStart asyncEnd']);
    expect(published.at(-1)?.copy).toMatchObject({ status: 0, isComplete: false });
    expect(published.at(-1)?.copy.error).toMatchObject({ code: 'ERR_HTTP_CLIENT_GONE' });
  });

  test('says that a response broke off', async () => {
    const failure = new Error('half');
    const published = await served(
      (_request, context) =>
        HttpResponse.stream(
          (async function* pieces() {
            yield 'first';
            await context.clock.sleep(50);
            throw failure;
          })(),
        ),
      async (world) => {
        const wire = await world.connect();
        await wire.send(GET);
        await wire.rest().catch(() => {});
      },
    );
    expect(storyOf(published)).toEqual(['start end asyncStart error asyncEnd']);
    expect(published.at(-1)?.copy).toMatchObject({
      status: 200,
      isComplete: false,
      error: failure,
    });
  });

  test('is there for a request that is refused because there are too many', async () => {
    const published = await served(
      async (_request, context) => {
        await context.clock.sleep(100);
        return HttpResponse.text('slow');
      },
      async (world) => {
        const first = await world.connect();
        await first.send(GET);
        await world.sleep(10);
        expect((await ask(world)).status).toBe(503);
        await first.response();
      },
      { maxConcurrentRequests: 1 },
    );
    expect(storyOf(published)).toEqual([WHOLE, WHOLE]);
    const statuses = published.filter(({ event }) => event === 'asyncEnd');
    expect(statuses.map(({ copy }) => copy.status)).toEqual([503, 200]);
  });

  test('ends where the connection switches protocols', async () => {
    const published = await served(
      async (_request, context) => {
        const { stream } = await context.upgrade();
        await stream.readChunk();
        await stream.close();
      },
      async (world) => {
        const wire = await world.connect();
        await wire.send(
          'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
        );
        await wire.head();
        await world.sleep(500);
        await wire.send('bye');
        await wire.rest();
      },
    );
    expect(storyOf(published)).toEqual([WHOLE]);
    expect(published.at(-1)?.copy).toMatchObject({ status: 101, isComplete: true });
    expect(published.at(-1)?.copy.duration).toBeLessThan(100);
  });

  test('has the route that the handler, or its contract, has set', async () => {
    const item = contract({ method: 'GET', path: '/items/{id}', responses: { 204: null } });
    const handle = implement(item, () => ({ status: 204 }));
    const published = await served(
      (request, context) => {
        if (request.path !== '/own') return handle(request, context);
        request.route = '/{name}';
        return HttpResponse.empty();
      },
      async (world) => {
        await ask(world, 'GET /items/7 HTTP/1.1\r\nHost: a\r\n\r\n');
        await ask(world, 'GET /own HTTP/1.1\r\nHost: a\r\n\r\n');
      },
    );
    const ends = published.filter(({ event }) => event === 'asyncEnd');
    expect(ends.map(({ trace }) => trace.request.route)).toEqual(['/items/{id}', '/{name}']);
  });
});

test('an application of fetch sets the route on the request of its `info`', async () => {
  const app = new Hono<{ Bindings: FetchInfo }>();
  app.get('/items/:id', (c) => {
    c.env.request.route = routePath(c);
    return c.text('an item');
  });
  const published = await traced<ServerRequestTrace>('serverRequest', () =>
    simulated(async (world) => {
      await world.serve(app);
      await ask(world, 'GET /items/7 HTTP/1.1\r\nHost: a\r\n\r\n');
    }),
  );
  expect(published.at(-1)?.trace.request.route).toBe('/items/:id');
});

test('a route is a string, and is no option of what takes some', async () => {
  await simulated(async (world) => {
    const refused: unknown[] = [];
    await world.serve((request) => {
      expect(Object.keys(request)).toEqual([]);
      try {
        Reflect.set(request, 'route', 7);
      } catch (error) {
        refused.push(error);
      }
      return HttpResponse.empty();
    });
    await ask(world);
    expect(refused).toEqual([expect.any(InvalidInputError)]);
  });
});
test('nothing is traced that began before the first subscriber', async () => {
  await simulated(async (world) => {
    await world.serve(() => HttpResponse.text('hello'));
    const wire = await world.connect();
    await wire.send(GET);
    await wire.response();
    const published = await traced<ServerConnectionTrace>('serverConnection', async () => {
      await wire.finish();
      await wire.rest();
    });
    expect(published).toEqual([]);
  });
});
