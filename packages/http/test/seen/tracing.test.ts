/** What the tracing channels carry, and when. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { describe, expect, test } from '@jest/globals';
import { AddressError, InvalidInputError } from '@awaitio/core';
import {
  HttpProblem,
  HttpResponse,
  TRACING_CHANNELS,
  type ClientConnectionTrace,
  type ClientRequestTrace,
  type Handler,
  type ServerConnectionTrace,
  type ServerRequestTrace,
  type WebSocketTrace,
} from '../../src/index.ts';
import { connectWebSocket, webSocket } from '../../src/websocket/index.ts';
import { contract, implement } from '../../src/contract/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { storyOf, traced } from './traced.ts';

const WHOLE = 'start end asyncStart asyncEnd';
const GET = 'GET /a?b=c HTTP/1.1\r\nHost: server\r\n\r\n';

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

const ask = async (world: World, text = GET) => {
  const wire = await world.connect();
  await wire.send(text);
  return wire.response();
};

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

/** A store that each trace gets a new value of, while a function runs. */
async function withStore(
  key: keyof typeof TRACING_CHANNELS,
  run: (store: AsyncLocalStorage<unknown>) => Promise<void>,
): Promise<void> {
  const store = new AsyncLocalStorage<unknown>();
  const { start } = tracingChannel<unknown, object>(TRACING_CHANNELS[key]);
  let count = 0;
  start.bindStore(store, () => {
    count += 1;
    return `${key} ${count}`;
  });
  try {
    await run(store);
  } finally {
    start.unbindStore(store);
  }
}

describe('a store that is bound to the channel', () => {
  test('of requests is there in the handler and what it starts, and differs between requests', async () => {
    const seen: unknown[] = [];
    await withStore('serverRequest', (store) =>
      simulated(async (world) => {
        await world.serve(async (_request, context) => {
          seen.push(store.getStore());
          await context.clock.sleep(5);
          seen.push(store.getStore());
          return HttpResponse.text('hello');
        });
        const wire = await world.connect();
        await wire.send(GET + GET);
        await wire.response();
        await wire.response();
        expect(store.getStore()).toBe(undefined);
      }),
    );
    expect(seen).toEqual([
      'serverRequest 1',
      'serverRequest 1',
      'serverRequest 2',
      'serverRequest 2',
    ]);
  });

  test('of connections is there in the handlers of their requests', async () => {
    const seen: unknown[] = [];
    await withStore('serverConnection', (store) =>
      simulated(async (world) => {
        await world.serve(() => {
          seen.push(store.getStore());
          return HttpResponse.text('hello');
        });
        const wire = await world.connect();
        await wire.send(GET + GET);
        await wire.response();
        await wire.response();
        await ask(world);
      }),
    );
    expect(seen).toEqual(['serverConnection 1', 'serverConnection 1', 'serverConnection 2']);
  });

  test('of a client’s requests is there while one is sent, and not afterwards', async () => {
    const seen: unknown[] = [];
    await withStore('clientRequest', (store) =>
      simulated(async (world) => {
        await world.serve(async (request) => HttpResponse.text(await request.text()));
        const client = world.client();
        const body = (async function* pieces() {
          seen.push(store.getStore());
          yield 'x';
        })();
        await (await client.post('http://server/', body)).text();
        seen.push(store.getStore());
      }),
    );
    expect(seen).toEqual(['clientRequest 1', undefined]);
  });
});

/** The traces of a client's requests. */
const sent = (
  talk: (world: World) => Promise<unknown>,
  handler: Handler = () => HttpResponse.text('hello'),
  onStart?: (trace: ClientRequestTrace) => void,
) =>
  traced<ClientRequestTrace>(
    'clientRequest',
    () =>
      simulated(async (world) => {
        await world.serve(handler);
        await talk(world);
      }),
    onStart,
  );

describe('the trace of a client’s request', () => {
  test('has each event once, in order, to the end of the response', async () => {
    const published = await sent(async (world) => {
      const response = await world.client().post('http://user:pass@server/a?b', 'four');
      await response.text();
    });
    expect(storyOf(published)).toEqual([WHOLE]);
    expect(published.at(-1)?.copy).toMatchObject({
      method: 'POST',
      origin: 'http://server',
      target: '/a?b',
      attempt: 1,
      bodyLength: 4,
      status: 200,
      httpVersion: '1.1',
      responseLength: 5,
      isComplete: true,
      error: undefined,
    });
    expect(published.at(-1)?.copy.headers?.get('content-type')).toContain('text/plain');
  });

  test('is one for each redirect, and a redirect that is followed is no failure', async () => {
    const published = await sent(
      async (world) => {
        await (await world.client().get('http://server/old')).text();
      },
      (request) =>
        request.path === '/old'
          ? HttpResponse.stream(['moved'], { status: 302, headers: { Location: '/new' } })
          : HttpResponse.text('hello'),
    );
    expect(storyOf(published)).toEqual([WHOLE, WHOLE]);
    const ends = published.filter(({ event }) => event === 'asyncEnd');
    expect(ends.map(({ copy }) => [copy.attempt, copy.status, copy.error])).toEqual([
      [1, 302, undefined],
      [2, 200, undefined],
    ]);
  });

  test('is one for each connection that had ended unnoticed', async () => {
    const published = await traced<ClientRequestTrace>('clientRequest', () =>
      simulated(async (world) => {
        const listener = await world.listen();
        const client = world.client();
        const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
        const first = client.get('http://server/1');
        const wire = await listener.accept();
        await wire.head();
        await wire.send(answer);
        await first;
        const second = client.get('http://server/2');
        await wire.head();
        wire.stream.reset();
        const other = await listener.accept();
        await other.head();
        await other.send(answer);
        expect((await second).status).toBe(200);
      }),
    );
    const ends = published.filter(({ event }) => event === 'asyncEnd');
    expect(ends.map(({ copy }) => [copy.target, copy.attempt, copy.status])).toEqual([
      ['/1', 1, 200],
      ['/2', 1, 0],
      ['/2', 2, 200],
    ]);
    expect(ends[1]?.copy.error).toMatchObject({ code: 'ECONNRESET' });
  });

  test('says why there is no connection', async () => {
    const published = await sent(async (world) => {
      await expect(world.client().get('http://elsewhere/')).rejects.toThrow(AddressError);
    });
    expect(storyOf(published)).toEqual(['start end error asyncStart asyncEnd']);
    expect(published.at(-1)?.copy).toMatchObject({ status: 0, isComplete: false });
  });

  test('says that the program gave up', async () => {
    const published = await sent(
      async (world) => {
        const reason = new Error('enough');
        const giving = new AbortController();
        const response = await world.client().get('http://server/', { signal: giving.signal });
        giving.abort(reason);
        await expect(response.text()).rejects.toBe(reason);
      },
      async (_request, context) =>
        HttpResponse.stream(
          (async function* pieces() {
            yield 'x';
            await context.clock.sleep(1_000);
            yield 'y';
          })(),
        ),
    );
    expect(storyOf(published)).toEqual(['start end asyncStart error asyncEnd']);
    expect(published.at(-1)?.copy).toMatchObject({ status: 200, isComplete: false });
  });

  test('sets a field of the attempt in place of the program’s, and only at its start', async () => {
    const seen: string[][] = [];
    const published = await sent(
      async (world) => {
        await world.client().get('http://server/', { headers: { TraceParent: 'mine' } });
      },
      (request) => {
        seen.push(request.headers.getAll('traceparent'));
        return HttpResponse.empty();
      },
      (trace) => {
        trace.setHeader('traceparent', 'of a tracer');
        expect(() => {
          trace.setHeader('x', 'a\r\nb: c');
        }).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADER_VALUE' }));
      },
    );
    published[0]?.trace.setHeader('too', 'late');
    expect(published[0]?.trace.fields).not.toContain('too');
    expect(seen).toEqual([['of a tracer']]);
  });
});

describe('the trace of a connection', () => {
  test('of a server goes from its beginning to its end', async () => {
    const published = await traced<ServerConnectionTrace>('serverConnection', () =>
      simulated(async (world) => {
        await world.serve(() => HttpResponse.text('hello'));
        const wire = await world.connect();
        await wire.send(GET + GET);
        await wire.response();
        await wire.response();
        await wire.finish();
        await wire.rest();
      }),
    );
    expect(storyOf(published)).toEqual([WHOLE]);
    expect(published[0]?.copy).toMatchObject({ connection: 1, reason: '', requests: 0 });
    expect(published.at(-1)?.copy).toMatchObject({ reason: 'client', requests: 2 });
    expect(published.at(-1)?.copy.error).toBe(undefined);
  });

  test('of a server says what the client sent wrongly', async () => {
    const published = await traced<ServerConnectionTrace>('serverConnection', () =>
      simulated(async (world) => {
        await world.serve(() => HttpResponse.text('hello'));
        const wire = await world.connect();
        await wire.talk('NONSENSE\r\n\r\n');
      }),
    );
    expect(storyOf(published)).toEqual(['start end error asyncStart asyncEnd']);
    expect(published.at(-1)?.copy.reason).toBe('refused');
  });

  test('of a client goes from its opening to its end, and says why it could not be opened', async () => {
    const published = await traced<ClientConnectionTrace>('clientConnection', () =>
      simulated(async (world) => {
        await world.serve(() => HttpResponse.text('hello'));
        const client = world.client();
        await (await client.get('http://server/')).text();
        await (await client.get('http://server/')).text();
        await expect(client.get('http://elsewhere/')).rejects.toThrow(AddressError);
      }),
    );
    expect(storyOf(published)).toEqual([WHOLE, 'start end error asyncStart asyncEnd']);
    expect(published.at(-1)?.copy).toMatchObject({ origin: 'http://server', requests: 2 });
  });
});

test('the trace of a WebSocket goes from its handshake to its end, on both sides', async () => {
  const published = await traced<WebSocketTrace>('webSocket', () =>
    simulated(async (world) => {
      await world.serve(async (request, context) => {
        const socket = await webSocket(request, context, { protocols: ['chat'] });
        await socket.closed;
      });
      const socket = await connectWebSocket('ws://server/', {
        client: world.client(),
        protocols: ['chat'],
        clock: world.sim.clock,
        random: world.sim.random,
      });
      await socket.close(3_000);
    }),
  );
  expect(storyOf(published)).toEqual([WHOLE, WHOLE]);
  const ends = published.filter(({ event }) => event === 'asyncEnd');
  expect(ends.map(({ copy }) => copy)).toEqual(
    expect.arrayContaining([
      { role: 'server', protocol: 'chat', code: 3_000, error: undefined },
      { role: 'client', protocol: 'chat', code: 3_000, error: undefined },
    ]),
  );
});

test('nothing is traced that began before anybody subscribed', async () => {
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
