/** Traces over several programs and metrics of OpenTelemetry. */
import { SpanKind, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { HttpClient, HttpResponse, serve } from '../../src/index.ts';
import { DURATION_BOUNDARIES } from '../../src/otel/conventions.ts';
import { instrument } from '../../src/otel/index.ts';
import { simulated } from '../support/simulated.ts';
import { RecordingMeterProvider, type HistogramValue, type Point } from './recording/metrics.ts';
import { RecordingTracerProvider } from './recording/spans.ts';
import { get, item, observed, seen, spanNamed } from './telemetry.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

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

test('what makes the body of a request is below the span of the client', () =>
  observed(async ({ spans }) => {
    await simulated(async (world) => {
      await world.serve(async (request) => HttpResponse.text(await request.text()));
      const body = (async function* pieces() {
        trace.getTracer('test').startSpan('pieces').end();
        yield 'x';
      })();
      await (await world.client().post('http://server/', body)).text();
    });
    const { parentSpanContext } = spanNamed(spans(), 'pieces');
    const client = spanNamed(spans(), 'POST', SpanKind.CLIENT);
    expect(parentSpanContext?.spanId).toBe(client.spanContext().spanId);
  }));

function histogramOf(point: Point | undefined): HistogramValue {
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
        const [duration] = points('http.server.request.duration');
        expect(duration?.attributes).toEqual(server);
        const { count, sum, buckets } = histogramOf(duration);
        expect([count, sum, buckets.boundaries]).toEqual([1, 0.3, DURATION_BOUNDARIES]);
        const [asked] = points('http.client.request.duration');
        expect(asked?.attributes).toEqual(client);
        expect(histogramOf(asked).buckets.boundaries).toEqual(DURATION_BOUNDARIES);
        for (const [name, total] of [
          ['http.server.request.body.size', 4],
          ['http.server.response.body.size', 5],
          ['http.client.request.body.size', 4],
          ['http.client.response.body.size', 5],
        ] as const) {
          const [point] = points(name);
          expect([name, histogramOf(point).sum]).toEqual([name, total]);
        }
      },
    ));

  test('say how many requests are active on each side', () =>
    observed(async ({ points }) => {
      const active = () =>
        ['server', 'client'].map((side) => points(`http.${side}.active_requests`));
      let during: unknown;
      await simulated(async (world) => {
        await world.serve(() => {
          during = active();
          return HttpResponse.empty();
        });
        await world.client().get('http://server/');
      });
      const expected = (value: number) => [
        [{ attributes: { 'http.request.method': 'GET', 'url.scheme': 'http' }, value }],
        [
          {
            attributes: {
              'http.request.method': 'GET',
              'server.address': 'server',
              'server.port': 80,
            },
            value,
          },
        ],
      ];
      expect(during).toEqual(expected(1));
      expect(active()).toEqual(expected(0));
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
        const routes = points('http.server.request.duration');
        expect(routes.map(({ attributes }) => attributes['http.route'])).toEqual([
          '/1',
          '/2',
          '_OTHER',
        ]);
        const servers = points('http.client.request.duration');
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
    expect(all()).not.toContain('PLANTED');
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

test('providers that are passed get what is ended and counted', async () => {
  const tracerProvider = new RecordingTracerProvider();
  const meterProvider = new RecordingMeterProvider();
  const stop = instrument({ tracerProvider, meterProvider });
  const listener = new MemoryListener();
  const server = await serve(item, { listener });
  try {
    await using client = new HttpClient({ connect: () => listener.connect() });
    await (await client.get('http://memory/')).text();
    while (server.statistics().requests.active > 0) await new Promise(setImmediate);
    expect(tracerProvider.log.ended.map(({ name }) => name).toSorted()).toEqual([
      'GET',
      'GET /items/{id}',
    ]);
    expect(meterProvider.collect().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['http.server.request.duration', 'http.client.request.duration']),
    );
    expect([...tracerProvider.log.misuses, ...meterProvider.misuses]).toEqual([]);
  } finally {
    stop();
    await server.shutdown({ grace: 0, idleWindow: 0 });
  }
});

test('what is under way when it ends is no longer active, and has a span', async () => {
  const tracerProvider = new RecordingTracerProvider();
  const meterProvider = new RecordingMeterProvider();
  const stop = instrument({ tracerProvider, meterProvider });
  const listener = new MemoryListener();
  let answer = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let begun = (): void => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const server = await serve(
    async () => {
      begun();
      await waiting;
      return HttpResponse.empty();
    },
    { listener },
  );
  const active = (): unknown[] =>
    meterProvider
      .collect()
      .filter(({ name }) => name.endsWith('active_requests'))
      .flatMap(({ points }) => points.map(({ value }) => value));
  try {
    await using client = new HttpClient({ connect: () => listener.connect() });
    const asked = client.get('http://memory/');
    await hasBegun;
    expect(active()).toEqual([1, 1]);
    stop();
    expect(active()).toEqual([0, 0]);
    expect(tracerProvider.log.ended).toHaveLength(2);
    answer();
    (await asked).discard();
    expect(active()).toEqual([0, 0]);
    expect([...tracerProvider.log.misuses, ...meterProvider.misuses]).toEqual([]);
  } finally {
    stop();
    await server.shutdown({ grace: 0, idleWindow: 0 });
  }
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
