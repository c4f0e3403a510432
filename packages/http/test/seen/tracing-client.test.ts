/** What the tracing channels carry of the requests of a client, of connections and WebSockets, and when. */
import { describe, expect, test } from '@jest/globals';
import { AddressError } from '@awaitio/core';
import {
  HttpResponse,
  type ClientConnectionTrace,
  type ClientRequestTrace,
  type Handler,
  type ServerConnectionTrace,
  type WebSocketTrace,
} from '../../src/index.ts';
import { connectWebSocket, webSocket } from '../../src/websocket/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { GET, storyOf, traced, WHOLE } from './traced.ts';

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
