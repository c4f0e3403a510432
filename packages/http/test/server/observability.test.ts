import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import {
  accessLog,
  HttpResponse,
  serve,
  SERVER_CHANNELS,
  withHealth,
  type Handler,
  type HttpServer,
  type ServeOptions,
  type ServerEvent,
} from '../../src/index.ts';
import { reportOf } from '../support/report-of.ts';
import { Wire } from '../support/wire.ts';

interface Place {
  readonly server: HttpServer;
  readonly clock: ManualClock;
  readonly events: ServerEvent[];
  readonly errors: unknown[];
  readonly connect: () => Promise<Wire>;
}

/** A server in memory on a clock that stands still. */
async function place(handler: Handler, options?: ServeOptions): Promise<Place> {
  const clock = new ManualClock();
  const listener = new MemoryListener({ clock });
  const events: ServerEvent[] = [];
  const errors: unknown[] = [];
  const server = await serve(handler, {
    listener,
    clock,
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error),
    ...options,
  });
  return { server, clock, events, errors, connect: async () => new Wire(await listener.connect()) };
}

const GET = 'GET /a?b HTTP/1.1\r\nHost: test\r\n\r\n';
const close = async ({ server, clock }: Place): Promise<void> => {
  const done = server.shutdown();
  await clock.advance(10_000);
  await done;
};

describe('a server tells', () => {
  test('of a connection and its requests, in order, with times and bytes', async () => {
    const here = await place(async (request) => {
      await here.clock.sleep(250);
      return HttpResponse.text(await request.text());
    });
    const wire = await here.connect();
    await wire.send('POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello');
    await here.clock.advance(250);
    expect((await wire.response()).body).toBe('hello');
    await wire.stream.close();
    await here.clock.advance(0);
    expect(here.events).toMatchObject([
      { type: 'connectionOpened', connection: 1, remoteAddress: '' },
      { type: 'requestStarted', connection: 1, method: 'POST', target: '/a', httpVersion: '1.1' },
      {
        type: 'requestFinished',
        connection: 1,
        status: 200,
        isComplete: true,
        bytesIn: 5,
        bytesOut: 5,
        handlerDuration: 250,
        duration: 250,
      },
      { type: 'connectionClosed', connection: 1, reason: 'client', requests: 1, duration: 250 },
    ]);
    await close(here);
    expect(here.events.slice(4)).toMatchObject([
      { type: 'drainStarted', connections: 0 },
      {
        type: 'drained',
        report: reportOf({}),
      },
    ]);
  });

  test.each<[string, (here: Place, wire: Wire) => Promise<void>, object]>([
    [
      'the client says close',
      async (_, wire) => {
        await wire.send('GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
        await wire.rest();
      },
      { reason: 'server' },
    ],
    [
      'no request comes in time',
      async ({ clock }, wire) => {
        await wire.send(GET);
        await wire.response();
        await clock.advance(6_000);
      },
      { reason: 'idle', deadline: 'idle' },
    ],
    [
      'no byte ever comes',
      async ({ clock }) => {
        await clock.advance(16_000);
      },
      { reason: 'deadline', deadline: 'firstByte' },
    ],
    [
      'a head drips',
      async ({ clock }, wire) => {
        await wire.send('GET / HT');
        await clock.advance(16_000);
        await wire.rest();
      },
      { reason: 'deadline', deadline: 'headers' },
    ],
    [
      'nonsense comes',
      async (_, wire) => {
        await wire.send('nonsense\r\n\r\n');
        await wire.rest();
      },
      { reason: 'refused' },
    ],
    [
      'the client resets it',
      async ({ clock }, wire) => {
        await wire.send('GET / HT');
        await clock.advance(0);
        wire.stream.reset();
      },
      { reason: 'broken' },
    ],
    [
      'the server stops',
      async (here, wire) => {
        await wire.send(GET);
        await wire.response();
        await close(here);
      },
      { reason: 'shutdown' },
    ],
  ])('why a connection ended: %s', async (_name, act, expected) => {
    const here = await place(() => HttpResponse.text('ok'));
    const wire = await here.connect();
    await here.clock.advance(0);
    await act(here, wire);
    await wire.stream.close();
    await here.clock.advance(5_000);
    const closed = here.events.find(({ type }) => type === 'connectionClosed');
    expect({ deadline: undefined, ...closed }).toMatchObject({ deadline: undefined, ...expected });
    await close(here);
  });

  test('what it refused, with the cause and the status', async () => {
    const here = await place(() => HttpResponse.text('ok'));
    const wire = await here.connect();
    await wire.send('GET / HTTP/1.1\r\nHost: a b\r\n\r\n');
    expect((await wire.response()).status).toBe(400);
    await wire.stream.close();
    await here.clock.advance(5_000);
    const refused = here.events.find(({ type }) => type === 'refused');
    expect(refused).toMatchObject({
      connection: 1,
      status: 400,
      cause: expect.stringMatching(/^ERR_HTTP_/),
    });
    expect(here.server.statistics().requests.refused).toEqual({ 400: 1 });
    await close(here);
  });

  test('those who subscribe to its channels, and reports a listener that throws', async () => {
    const types: unknown[] = [];
    const record = (event: unknown): void => {
      types.push((event as ServerEvent).type);
    };
    for (const name of Object.values(SERVER_CHANNELS)) subscribe(name, record);
    const here = await place(() => HttpResponse.text('ok'), {
      onEvent: () => {
        throw new Error('deaf');
      },
    });
    const wire = await here.connect();
    await wire.send('GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
    await wire.rest();
    await wire.stream.close();
    await here.clock.advance(5_000);
    await close(here);
    for (const name of Object.values(SERVER_CHANNELS)) unsubscribe(name, record);
    expect(types).toEqual([
      'connectionOpened',
      'requestStarted',
      'requestFinished',
      'connectionClosed',
      'drainStarted',
      'drained',
    ]);
    expect(here.errors).toHaveLength(6);
  });
});

describe('the statistics of a server', () => {
  test('count what is open, under way, answered and refused', async () => {
    let answer: (() => void) | undefined;
    const here = await place(
      () =>
        new Promise((resolve) => {
          answer = () => {
            resolve(HttpResponse.text('ok'));
          };
        }),
    );
    const [busy, idle] = [await here.connect(), await here.connect()];
    await busy.send(GET);
    await here.clock.advance(0);
    expect(here.server.statistics()).toEqual({
      connections: { open: 2, idle: 1, total: 2 },
      requests: { active: 1, completed: 0, failed: 0, refused: {}, refusedByCause: {} },
      isDraining: false,
    });
    answer?.();
    await busy.response();
    expect(here.server.statistics()).toMatchObject({
      connections: { open: 2, idle: 2 },
      requests: { active: 0, completed: 1 },
    });
    await busy.stream.close();
    await idle.stream.close();
    await close(here);
    expect(here.server.statistics()).toMatchObject({ connections: { open: 0 }, isDraining: true });
  });
});

describe('an access log', () => {
  const logged = async (format: 'common' | 'json', target: string): Promise<string> => {
    const lines: string[] = [];
    const here = await place(() => HttpResponse.text('four'), {
      onEvent: accessLog({ format, write: (line) => lines.push(line) }),
    });
    const wire = await here.connect();
    await wire.send(`GET ${target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
    await wire.rest();
    await wire.stream.close();
    await here.clock.advance(5_000);
    await close(here);
    expect(lines).toHaveLength(1);
    return lines.join('');
  };

  test('has one line in Common Log Format for each answer', async () => {
    expect(await logged('common', '/a?b=c')).toBe(
      '- - - [01/Jan/2020:00:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 4',
    );
  });

  test('escapes what would end its quotes', async () => {
    expect(await logged('common', '/"')).toContain('"GET /\\" HTTP/1.1"');
  });

  test('or one object in JSON', async () => {
    expect(JSON.parse(await logged('json', '/a'))).toEqual({
      time: '2020-01-01T00:00:00.000Z',
      connection: 1,
      remoteAddress: '',
      method: 'GET',
      target: '/a',
      httpVersion: '1.1',
      status: 200,
      isComplete: true,
      bytesIn: 0,
      bytesOut: 4,
      handlerDuration: 0,
      duration: 0,
    });
  });
});

describe('a health answer', () => {
  test('is 200 until the drain begins, then 503, while a lame duck goes on serving', async () => {
    const here = await place(withHealth(() => HttpResponse.text('app')));
    const ask = async (path: string): Promise<number> => {
      const wire = await here.connect();
      await wire.send(`GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
      const { status } = await wire.response();
      await wire.stream.close();
      return status;
    };
    expect([await ask('/healthz'), await ask('/'), here.server.isReady]).toEqual([200, 200, true]);
    const done = here.server.shutdown({ lameDuck: 1_000 });
    expect([await ask('/healthz'), await ask('/'), here.server.isReady]).toEqual([503, 200, false]);
    await here.clock.advance(1_000);
    await expect(here.connect()).rejects.toThrow(/closed/);
    await here.clock.advance(10_000);
    await done;
  });

  test('follows the program too', async () => {
    let isReady = false;
    const here = await place(
      withHealth(() => HttpResponse.text('app'), { isReady: async () => isReady }),
    );
    const wire = await here.connect();
    await wire.send('HEAD /healthz HTTP/1.1\r\nHost: test\r\n\r\n');
    expect((await wire.response('HEAD')).status).toBe(503);
    isReady = true;
    await wire.send('GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n');
    expect(await wire.response()).toMatchObject({ status: 200, body: 'ready\n' });
    await wire.stream.close();
    await close(here);
  });
});

describe('more requests than may be handled', () => {
  test('are answered with 503 and Retry-After at once, and the connection goes on', async () => {
    const release: (() => void)[] = [];
    const here = await place(
      () =>
        new Promise((resolve) => {
          release.push(() => {
            resolve(HttpResponse.text('ok'));
          });
        }),
      { maxConcurrentRequests: 1, retryAfter: 7 },
    );
    const [first, second] = [await here.connect(), await here.connect()];
    await first.send(GET);
    await here.clock.advance(0);
    await second.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc');
    const shed = await second.response();
    expect([shed.status, shed.get('Retry-After'), shed.get('Connection')]).toEqual([
      503,
      '7',
      undefined,
    ]);
    expect(here.events.filter(({ type }) => type === 'refused')).toMatchObject([
      { status: 503, cause: 'ERR_HTTP_OVERLOADED' },
    ]);
    release.pop()?.();
    expect((await first.response()).status).toBe(200);
    await second.send(GET);
    await here.clock.advance(0);
    release.pop()?.();
    expect((await second.response()).status).toBe(200);
    await first.stream.close();
    await second.stream.close();
    await close(here);
  });
});

describe('a PROXY header', () => {
  const v1 = 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n';
  const options = { proxyProtocol: { trusted: ['unix'] } };
  const address: Handler = (request, context) =>
    HttpResponse.text(`${String(request.remoteAddress)} ${context.proxyHeader?.version}`);

  test('from a trusted peer gives the request its client', async () => {
    const here = await place(address, options);
    const wire = await here.connect();
    await wire.send(v1 + GET);
    expect((await wire.response()).body).toBe('192.0.2.1:56324 1');
    await wire.send(GET);
    expect((await wire.response()).body).toBe('192.0.2.1:56324 1');
    await wire.stream.close();
    await here.clock.advance(5_000);
    const started = here.events.find(({ type }) => type === 'requestStarted');
    expect(started).toMatchObject({ remoteAddress: '192.0.2.1:56324' });
    await close(here);
  });

  test('has to come from a trusted peer: plain HTTP is reset', async () => {
    const here = await place(address, options);
    const wire = await here.connect();
    await wire.send(GET);
    expect((await wire.stream.closed).how).toBe('reset');
    await here.clock.advance(0);
    expect(here.events).toMatchObject([
      { type: 'connectionOpened' },
      { type: 'refused', status: 0, cause: 'ERR_PROXY_HEADER' },
      { type: 'connectionClosed', reason: 'refused' },
    ]);
    await close(here);
  });

  test('has to come in time', async () => {
    const here = await place(address, options);
    const wire = await here.connect();
    await wire.send('PROXY ');
    await here.clock.advance(15_000);
    expect((await wire.stream.closed).how).toBe('reset');
    await close(here);
  });

  test('from an impossible network is refused before anything listens', async () => {
    const wrong = { proxyProtocol: { trusted: ['10.0.0.0/33'] } };
    await expect(serve(address, wrong)).rejects.toThrow(/networks/);
  });

  test('from a peer that is not trusted is malformed HTTP', async () => {
    const here = await place(address, { proxyProtocol: { trusted: ['10.0.0.0/8'] } });
    const wire = await here.connect();
    await wire.send(v1 + GET);
    expect((await wire.response()).status).toBe(400);
    await wire.stream.close();
    await close(here);
  });
});
