/** Spans and metrics of OpenTelemetry, made by its real SDK. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { AddressError } from '@awaitio/core';
import { HttpProblem, HttpResponse, type Handler } from '../../src/index.ts';
import { DURATION_BOUNDARIES } from '../../src/otel/conventions.ts';
import { instrument } from '../../src/otel/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { observed, spanNamed, type Point, type Telemetry } from './telemetry.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

const item: Handler = (request) => {
  request.route = '/items/{id}';
  return HttpResponse.text('hello');
};

/** A server, and what a test does with it, instrumented. */
const seen = (
  handler: Handler,
  talk: (world: World) => Promise<unknown>,
  check: (telemetry: Telemetry) => unknown,
  options: Parameters<typeof observed>[1] = {},
) =>
  observed(async (telemetry) => {
    await simulated(async (world) => {
      await world.serve(handler);
      await talk(world);
    });
    await check(telemetry);
  }, options);

const get = async (world: World, path: string): Promise<void> => {
  await (await world.client().get(`http://server${path}`)).text();
};

test('a request goes from a client through a server to another as one trace', async () => {
  await observed(async ({ spans }) => {
    await simulated(async (world) => {
      const client = world.client();
      await world.serve(async (request) => {
        if (request.path === '/inner') return HttpResponse.text('inner');
        request.route = '/outer';
        const inside = trace.getActiveSpan()?.spanContext().spanId;
        const response = await client.get('http://server/inner', {
          headers: { 'x-inside': inside ?? '' },
        });
        return HttpResponse.text(await response.text());
      });
      await (await client.get('http://server/outer')).text();
    });
    const all = spans();
    expect(new Set(all.map((span) => span.spanContext().traceId)).size).toBe(1);
    const outerServer = spanNamed(all, 'GET /outer', SpanKind.SERVER);
    const path = (span: (typeof all)[number]): unknown =>
      span.attributes['url.full'] ?? span.attributes['url.path'];
    const parents = Object.fromEntries(
      all.map((span) => {
        const parent = all.find(
          (each) => each.spanContext().spanId === span.parentSpanContext?.spanId,
        );
        return [path(span), parent === undefined ? undefined : path(parent)];
      }),
    );
    expect(parents).toEqual({
      'http://server/outer': undefined,
      '/outer': 'http://server/outer',
      'http://server/inner': '/outer',
      '/inner': 'http://server/inner',
    });
    expect(outerServer.ended).toBe(true);
  });
});

describe('a span', () => {
  test('of a server has the attributes of the conventions, and no others', () =>
    seen(
      item,
      (world) => get(world, '/items/7?token=SECRET&page=2&SECRET'),
      ({ spans }) => {
        const span = spanNamed(spans(), 'GET /items/{id}', SpanKind.SERVER);
        expect(span.attributes).toEqual({
          'http.request.method': 'GET',
          'url.scheme': 'http',
          'url.path': '/items/7',
          'url.query': 'token=REDACTED&page=2&REDACTED',
          'server.address': 'server',
          'server.port': 80,
          'client.address': expect.any(String),
          'network.protocol.version': '1.1',
          'http.response.status_code': 200,
          'http.route': '/items/{id}',
        });
        expect(span.status.code).toBe(SpanStatusCode.UNSET);
      },
      { shownQuery: ['page'] },
    ));

  test('of a client has the attributes of the conventions, and no others', () =>
    seen(
      item,
      async (world) => {
        await (await world.client().get('http://me:SECRET@server/items/7?token=SECRET')).text();
      },
      ({ spans }) => {
        expect(spanNamed(spans(), 'GET', SpanKind.CLIENT).attributes).toEqual({
          'http.request.method': 'GET',
          'url.full': 'http://server/items/7?token=REDACTED',
          'server.address': 'server',
          'server.port': 80,
          'network.protocol.version': '1.1',
          'http.response.status_code': 200,
        });
      },
    ));

  test('has no path in its name where the handler sets no route', () =>
    seen(
      () => HttpResponse.text('hello'),
      (world) => get(world, '/users/7'),
      ({ spans }) => {
        expect(spanNamed(spans(), 'GET', SpanKind.SERVER).attributes['http.route']).toBe(undefined);
      },
    ));

  test('names a method that is not known, and metrics do not', () =>
    seen(
      item,
      async (world) => {
        await (await world.client().request('PROPFIND', 'http://server/')).text();
      },
      async ({ spans, points }) => {
        const { attributes } = spanNamed(spans(), 'HTTP /items/{id}', SpanKind.SERVER);
        expect(attributes).toMatchObject({
          'http.request.method': '_OTHER',
          'http.request.method_original': 'PROPFIND',
        });
        const [point] = await points('http.server.request.duration');
        expect(point?.attributes['http.request.method']).toBe('_OTHER');
      },
    ));

  test.each<[string, Handler, string | undefined]>([
    ['500 of a failure', () => Promise.reject(new RangeError('SECRET')), 'RangeError'],
    ['500 that the handler returns', () => HttpResponse.text('no', { status: 500 }), '500'],
    ['404', () => Promise.reject(new HttpProblem(404)), undefined],
  ])('of a server that answers %s', (_what, handler, type) =>
    seen(
      handler,
      (world) => get(world, '/'),
      ({ spans }) => {
        const { attributes, status, events } = spanNamed(spans(), 'GET', SpanKind.SERVER);
        expect(attributes['error.type']).toBe(type);
        expect(status).toEqual({
          code: type === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR,
        });
        expect(events).toEqual([]);
      },
    ),
  );

  test('of a client that gets a 404 is an error', () =>
    seen(
      () => Promise.reject(new HttpProblem(404)),
      (world) => get(world, '/'),
      ({ spans }) => {
        const { attributes, status } = spanNamed(spans(), 'GET', SpanKind.CLIENT);
        expect(attributes['error.type']).toBe('404');
        expect(status.code).toBe(SpanStatusCode.ERROR);
      },
    ));

  test('of a request that is given up says so on both sides', () =>
    seen(
      async (request, context) => {
        await context.clock.sleep(10_000, { signal: request.signal });
        return HttpResponse.text('late');
      },
      async (world) => {
        const giving = new AbortController();
        const asked = world.client().get('http://server/', { signal: giving.signal });
        await world.sleep(100);
        giving.abort();
        await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
        await world.sleep(100);
      },
      ({ spans }) => {
        const server = spanNamed(spans(), 'GET', SpanKind.SERVER);
        expect(server.attributes['error.type']).toBe('ERR_HTTP_CLIENT_GONE');
        expect(server.attributes['http.response.status_code']).toBe(undefined);
        const client = spanNamed(spans(), 'GET', SpanKind.CLIENT);
        expect(client.attributes['error.type']).toBe('AbortError');
        expect(client.status.code).toBe(SpanStatusCode.ERROR);
      },
    ));

  test('of a server that cannot be reached has a class of error, and no status', () =>
    seen(
      item,
      async (world) => {
        await expect(world.client().get('http://elsewhere:81/')).rejects.toThrow(AddressError);
      },
      ({ spans }) => {
        const { attributes } = spanNamed(spans(), 'GET', SpanKind.CLIENT);
        expect(attributes).toMatchObject({ 'server.address': 'elsewhere', 'server.port': 81 });
        expect(attributes['error.type']).toMatch(/^[A-Z_]+$/);
        expect(attributes['http.response.status_code']).toBe(undefined);
      },
    ));

  test('is one for each redirect and each retry, side by side below that of the program', () =>
    observed(async ({ spans }) => {
      let failures = 0;
      await simulated(async (world) => {
        await world.serve((request) => {
          if (request.path === '/old') {
            return HttpResponse.empty({ status: 307, headers: { Location: '/new' } });
          }
          failures += 1;
          return HttpResponse.empty({ status: failures === 1 ? 503 : 204 });
        });
        const client = world.client({ retry: { attempts: 3 } });
        await trace.getTracer('test').startActiveSpan('call', async (span) => {
          await client.get('http://server/old');
          span.end();
        });
      });
      const call = spanNamed(spans(), 'call');
      const attempts = spans().filter(({ kind }) => kind === SpanKind.CLIENT);
      expect(attempts.map((span) => span.parentSpanContext?.spanId)).toEqual(
        attempts.map(() => call.spanContext().spanId),
      );
      const shown = attempts.map(({ attributes }) => [
        attributes['url.full'],
        attributes['http.response.status_code'],
        attributes['http.request.resend_count'],
      ]);
      expect(shown).toEqual([
        ['http://server/old', 307, undefined],
        ['http://server/new', 503, 1],
        ['http://server/old', 307, 2],
        ['http://server/new', 204, 3],
      ]);
    }));

  test('of each request on one connection is of the trace that its fields name', () =>
    observed(async ({ spans }) => {
      const ids = ['1', '2'].map((digit) => digit.repeat(32));
      await simulated(async (world) => {
        await world.serve(item);
        const wire = await world.connect();
        for (const id of ids) {
          await wire.send(
            `GET / HTTP/1.1\r\nHost: a\r\nTraceparent: 00-${id}-00f067aa0ba902b7-01\r\nTracestate: a=1\r\nTracestate: b=2\r\n\r\n`,
          );
          await wire.response();
        }
      });
      expect(spans().map((span) => span.spanContext().traceId)).toEqual(ids);
      expect(spans()[0]?.spanContext().traceState?.serialize()).toBe('a=1,b=2');
    }));

  test.each([
    [
      'two of them',
      'traceparent: 00-X-00f067aa0ba902b7-01\r\ntraceparent: 00-X-00f067aa0ba902b8-01',
      {},
    ],
    ['one that is malformed', 'traceparent: 00-X-0-01', {}],
    ['one that is not wanted', 'traceparent: 00-X-00f067aa0ba902b7-01', { continueTraces: false }],
  ])('begins a trace when traceparent is %s', (_what, fields, options) =>
    seen(
      item,
      async (world) => {
        const wire = await world.connect();
        const id = '1'.repeat(32);
        await wire.send(`GET / HTTP/1.1\r\nHost: a\r\n${fields.replaceAll('X', id)}\r\n\r\n`);
        await wire.response();
      },
      ({ spans }) => {
        expect(spans()[0]?.parentSpanContext).toBe(undefined);
        expect(spans()[0]?.spanContext().traceId).not.toBe('1'.repeat(32));
      },
      options,
    ),
  );
});

function histogramOf(point: Point | undefined): Histogram {
  if (typeof point?.value !== 'object') throw new Error('no histogram');
  return point.value;
}

describe('the metrics', () => {
  test('of both sides count each request, its time and the sizes of its bodies', () =>
    seen(
      async (request, context) => {
        request.route = '/';
        await request.text();
        await context.clock.sleep(300);
        return HttpResponse.text('hello');
      },
      async (world) => {
        await (await world.client().post('http://server/', 'four')).text();
      },
      async ({ points }) => {
        const server = {
          'http.request.method': 'POST',
          'url.scheme': 'http',
          'http.response.status_code': 200,
          'http.route': '/',
          'network.protocol.version': '1.1',
        };
        const client = {
          'http.request.method': 'POST',
          'server.address': 'server',
          'server.port': 80,
          'http.response.status_code': 200,
          'network.protocol.version': '1.1',
        };
        const [duration] = await points('http.server.request.duration');
        expect(duration?.attributes).toEqual(server);
        const { count, sum, buckets } = histogramOf(duration);
        expect([count, sum, buckets.boundaries]).toEqual([1, 0.3, DURATION_BOUNDARIES]);
        const [asked] = await points('http.client.request.duration');
        expect(asked?.attributes).toEqual(client);
        expect(histogramOf(asked).buckets.boundaries).toEqual(DURATION_BOUNDARIES);
        for (const [name, total] of [
          ['http.server.request.body.size', 4],
          ['http.server.response.body.size', 5],
          ['http.client.request.body.size', 4],
          ['http.client.response.body.size', 5],
        ] as const) {
          const [point] = await points(name);
          expect([name, histogramOf(point).sum]).toEqual([name, total]);
        }
      },
    ));

  test('say how many requests are active', () =>
    observed(async ({ points }) => {
      const during: unknown[] = [];
      await simulated(async (world) => {
        await world.serve(async () => {
          during.push(await points('http.server.active_requests'));
          return HttpResponse.empty();
        });
        await world.client().get('http://server/');
      });
      const attributes = { 'http.request.method': 'GET', 'url.scheme': 'http' };
      expect(during).toMatchObject([[{ attributes, value: 1 }]]);
      expect(await points('http.server.active_requests')).toMatchObject([{ attributes, value: 0 }]);
    }));

  test('name no more routes and servers than they may', () =>
    seen(
      (request) => {
        request.route = request.path;
        return HttpResponse.empty();
      },
      async (world) => {
        for (const path of ['/1', '/2', '/3', '/4', '/1']) await get(world, path);
        const client = world.client();
        for (const name of ['a', 'b', 'c']) await client.get(`http://${name}/`).catch(() => {});
      },
      async ({ points }) => {
        const routes = await points('http.server.request.duration');
        expect(routes.map(({ attributes }) => attributes['http.route'])).toEqual([
          '/1',
          '/2',
          '_OTHER',
        ]);
        const servers = await points('http.client.request.duration');
        expect(new Set(servers.map(({ attributes }) => attributes['server.address']))).toEqual(
          new Set(['server', 'a', '_OTHER']),
        );
      },
      { maxRoutes: 2, maxServers: 2 },
    ));
});

test('what is secret in fields, queries, bodies, cookies and errors is in no span and no metric', () =>
  observed(async ({ all, spans }) => {
    await simulated(async (world) => {
      await world.serve(async (request) => {
        await request.text();
        if (request.path === '/fail') throw new Error(`failed: ${request.headers.get('cookie')}`);
        return HttpResponse.text('PLANTED', {
          headers: { 'Set-Cookie': 'session=PLANTED', 'X-Own': 'PLANTED' },
        });
      });
      const client = world.client();
      for (const path of ['/', '/fail']) {
        const response = await client.post(
          `http://PLANTED:PLANTED@server${path}?key=PLANTED&PLANTED&a=b=PLANTED#PLANTED`,
          'PLANTED',
          {
            headers: {
              Cookie: 'session=PLANTED',
              'X-Api-Key': 'PLANTED',
              'User-Agent': 'PLANTED',
              Referer: 'http://a/?PLANTED',
              Baggage: 'k=PLANTED',
              'X-Forwarded-For': 'PLANTED',
            },
          },
        );
        await response.text();
      }
    });
    expect(spans()).toHaveLength(4);
    expect(await all()).not.toContain('PLANTED');
  }));

test('a provider and a propagator that fail cost no request', async () => {
  const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
  const fail = (): never => {
    throw new Error('not today');
  };
  const stops = [
    instrument({
      tracerProvider: { getTracer: () => ({ startSpan: fail, startActiveSpan: fail }) },
    }),
    instrument({ propagator: { inject: fail, extract: fail } }),
  ];
  try {
    await simulated(async (world) => {
      await world.serve(item);
      await get(world, '/');
    });
  } finally {
    for (const stop of stops) stop();
  }
  expect(printed.mock.calls.flat().join('\n')).toMatch(/instrument failed: Error: not today/);
});

test('nothing is observed any more once it has ended', async () => {
  await observed(async ({ spans }) => {
    const stop = instrument();
    try {
      await simulated(async (world) => {
        await world.serve(item);
        await get(world, '/');
        expect(spans()).toHaveLength(4);
        stop();
        await get(world, '/');
      });
      expect(spans()).toHaveLength(6);
    } finally {
      stop();
    }
  });
});
