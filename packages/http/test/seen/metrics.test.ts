/** What a server shows to Prometheus. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { Executor, MemoryListener, memoryPair, traceWaits, trackStreams } from '@awaitio/core';
import { describeIf } from '../../../core/test/support/capabilities.ts';
import { HttpClient, HttpResponse, serve, type Handler, type HttpServer } from '../../src/index.ts';
import { metrics, type MetricsOptions } from '../../src/batteries/index.ts';
import { expose, formatFor } from '../../src/metrics/exposition.ts';
import { Wire } from '../support/wire.ts';
import { readExposition, type ReadSample } from './read-exposition.ts';

interface Place {
  readonly server: HttpServer;
  readonly executor: Executor;
  readonly client: HttpClient;
  readonly connect: () => Promise<Wire>;
  /** The page, and its samples. */
  readonly read: (
    accept?: string,
  ) => Promise<{ type: string; text: string; samples: ReadSample[] }>;
}

/** A server in memory, with a page of its metrics. */
async function withMetrics(
  handler: Handler,
  run: (place: Place) => Promise<void>,
  options: (client: HttpClient, listener: MemoryListener) => MetricsOptions = () => ({}),
): Promise<void> {
  const listener = new MemoryListener();
  const executor = new Executor();
  const server = await serve(handler, { listener, executor, onError: () => {} });
  const client = new HttpClient({ connect: () => listener.connect() });
  const inside = await serve(metrics(server, executor, options(client, listener)), {
    listener: new MemoryListener(),
  });
  const read: Place['read'] = async (accept) => {
    const headers = accept === undefined ? {} : { Accept: accept };
    const response = await inside.fetch('http://inside/metrics', { headers });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const samples = readExposition(text, type.startsWith('application/openmetrics-text'));
    return { type, text, samples };
  };
  const connect = async (): Promise<Wire> => new Wire(await listener.connect());
  try {
    await run({ server, executor, client, connect, read });
  } finally {
    await client.close();
    await server.shutdown({ grace: 0, idleWindow: 0 });
    await inside.shutdown({ grace: 0, idleWindow: 0 });
  }
}

/** The values of a name, by its labels. */
const valuesOf = (samples: readonly ReadSample[], name: string): Record<string, number> =>
  Object.fromEntries(
    samples
      .filter((sample) => sample.name === `awaitio_${name}`)
      .map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );

const hello: Handler = () => HttpResponse.text('hello');

describe('the metrics of a server', () => {
  test('count connections, requests and refusals, by their causes', () =>
    withMetrics(hello, async ({ connect, read }) => {
      const wire = await connect();
      await wire.send('GET /SECRET?SECRET HTTP/1.1\r\nHost: a\r\nCookie: SECRET\r\n\r\n');
      await wire.response();
      await (await connect()).talk('NONSENSE\r\n\r\n');
      await (await connect()).talk('GET / HTTP/1.1\r\n\r\n');
      const { samples, text } = await read();
      expect(valuesOf(samples, 'http_requests_total')).toEqual({ completed: 1, failed: 0 });
      expect(valuesOf(samples, 'http_connections')).toEqual({ busy: 0, idle: 1 });
      expect(valuesOf(samples, 'http_connections_accepted_total')).toEqual({ '': 3 });
      const refusals = valuesOf(samples, 'http_refusals_total');
      expect(refusals).toMatchObject({ ERR_HTTP_HOST: 1 });
      expect(Object.values(refusals)).toEqual([1, 1]);
      expect(text).not.toContain('SECRET');
      await wire.close();
    }));

  test('say that its shutdown has begun, and what is still answered', async () => {
    let answer = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await withMetrics(
      async () => {
        await waiting;
        return HttpResponse.text('late');
      },
      async ({ server, connect, read }) => {
        const wire = await connect();
        await wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        while (server.statistics().requests.active === 0) await new Promise(setImmediate);
        expect(valuesOf((await read()).samples, 'http_draining')).toEqual({ '': 0 });
        const ended = server.shutdown();
        const { samples } = await read();
        expect(valuesOf(samples, 'http_draining')).toEqual({ '': 1 });
        expect(valuesOf(samples, 'http_requests_active')).toEqual({ '': 1 });
        answer();
        await wire.response();
        await wire.close();
        await ended;
      },
    );
  });

  test('count durations by method and the route that handlers name, when they are asked to, with a bound', () =>
    withMetrics(
      (request) => {
        if (request.path.startsWith('/items/')) request.route = '/items/{id}';
        else if (request.path !== '/SECRET') request.route = request.path;
        return HttpResponse.text('an item');
      },
      async ({ client, read }) => {
        const ask = async (method: string, path: string): Promise<void> => {
          await (await client.request(method, `http://inside${path}`)).text();
        };
        for (const path of ['/items/1', '/items/2', '/SECRET', '/a', '/b']) await ask('GET', path);
        await ask('POST', '/items/3');
        await ask('SEARCH', '/items/3');
        for (const accept of ['text/plain', 'application/openmetrics-text']) {
          const { samples, text } = await read(accept);
          expect(valuesOf(samples, 'http_request_duration_seconds_count')).toEqual({
            'GET /items/{id}': 2,
            'GET ': 1,
            'GET /a': 1,
            'other other': 3,
          });
          const buckets = samples.filter(
            ({ name, labels }) =>
              name.endsWith('_seconds_bucket') && labels['route'] === '/items/{id}',
          );
          const values = buckets.map(({ value }) => value);
          expect(values).toEqual(values.toSorted((a, b) => a - b));
          expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: 2 });
          expect(text).not.toContain('SECRET');
        }
      },
      () => ({ durations: true, maxSeries: 3 }),
    ));

  test('do not count durations unless they are asked to, nor of what is no server', async () => {
    await withMetrics(hello, async ({ client, read }) => {
      await (await client.get('http://inside/')).text();
      expect((await read()).text).not.toContain('duration');
    });
    const other = { statistics: () => ({}) as never };
    expect(() => metrics(other, undefined, { durations: true })).toThrow(/to be an HttpServer, to/);
  });

  test('count tasks and their ends', () =>
    withMetrics(hello, async ({ executor, read }) => {
      await executor.spawn(() => 1);
      await executor.spawn(() => Promise.reject(new Error('no'))).catch(() => {});
      let end = (): void => {};
      const task = executor.spawn(
        () =>
          new Promise<void>((resolve) => {
            end = resolve;
          }),
      );
      await Promise.resolve();
      const { samples } = await read();
      expect(valuesOf(samples, 'tasks_ended_total')).toEqual({ done: 1, failed: 1, aborted: 0 });
      expect(valuesOf(samples, 'tasks')).toMatchObject({ pending: 0 });
      end();
      await task;
    }));

  test('have open streams and what waits, once each, while those are tracked', async () => {
    trackStreams(true);
    traceWaits(true);
    try {
      await withMetrics(hello, async ({ executor, read }) => {
        const [near, far] = memoryPair();
        const reading = executor.spawn(() => near.readLine());
        const writing = far.readExactly(9).catch(() => {});
        await new Promise(setImmediate);
        const { samples } = await read();
        expect(valuesOf(samples, 'sockets')['ByteStream open']).toBeGreaterThanOrEqual(2);
        expect(valuesOf(samples, 'waits')).toMatchObject({ readLine: 1, readExactly: 1 });
        expect(valuesOf(samples, 'wait_oldest_seconds')['readLine']).toBeGreaterThanOrEqual(0);
        await far.close();
        await near.close();
        await Promise.allSettled([reading, writing]);
      });
    } finally {
      traceWaits(false);
      trackStreams(false);
    }
  });

  test('have the pools of clients, and the listener', () =>
    withMetrics(
      hello,
      async ({ client, read }) => {
        await (await client.get('http://memory/')).text();
        const { samples } = await read();
        expect(valuesOf(samples, 'client_connections')).toEqual({
          'api http://memory busy': 0,
          'api http://memory idle': 1,
        });
        expect(valuesOf(samples, 'client_requests_waiting')).toEqual({ 'api http://memory': 0 });
        expect(valuesOf(samples, 'listener_accepted_total')).toEqual({ '': 1 });
      },
      (client, listener) => ({ clients: { api: client }, listener }),
    ));

  test('have no more series of a name than they may', () =>
    withMetrics(
      hello,
      async ({ client, read }) => {
        for (const name of ['a', 'b', 'c', 'd', 'e']) {
          await (await client.get(`http://${name}/`)).text();
        }
        const { samples } = await read();
        expect(valuesOf(samples, 'client_connections')).toEqual({
          'api http://a busy': 0,
          'api http://a idle': 1,
          'api http://b busy': 0,
          'api http://b idle': 1,
          'other other other': 3,
        });
      },
      (client) => ({ clients: { api: client }, maxSeries: 4 }),
    ));

  test('have the delay of the event loop since the last reading', () =>
    withMetrics(hello, async ({ read }) => {
      let names: string[] = [];
      while (names.length === 0) {
        const { samples } = await read();
        names = samples.map(({ name }) => name).filter((name) => name.includes('event_loop'));
      }
      expect(names).toEqual([
        'awaitio_event_loop_delay_mean_seconds',
        'awaitio_event_loop_delay_p99_seconds',
        'awaitio_event_loop_delay_max_seconds',
      ]);
    }));

  test('are OpenMetrics for a client that prefers it', () =>
    withMetrics(hello, async ({ read }) => {
      const { type, text } = await read(
        'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2',
      );
      expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      expect(text).toContain('# TYPE awaitio_http_requests counter\n');
      expect((await read('text/plain')).type).toBe('text/plain; version=0.0.4; charset=utf-8');
    }));

  test('are read, and nothing else', async () => {
    const server = await serve(metrics({ statistics: () => ({}) as never }), {
      listener: new MemoryListener(),
    });
    const response = await server.fetch('http://a/', { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    await response.text();
    await server.shutdown({ grace: 0, idleWindow: 0 });
  });
});

describe('the text formats', () => {
  test('carry every label and every number through', () => {
    const odd = 'a "quoted" \\ and\na line';
    const samples = [
      { labels: { odd }, value: Infinity },
      { labels: { odd: '' }, value: 1e21 },
      { labels: {}, value: 0.1 },
    ];
    for (const format of ['text', 'openmetrics'] as const) {
      const text = expose([{ name: 'x', type: 'gauge', help: odd, samples }], format);
      expect(readExposition(text, format === 'openmetrics')).toEqual(
        samples.map((sample) => ({ name: 'x', ...sample })),
      );
    }
  });

  test.each([
    [null, 'text'],
    ['*/*', 'text'],
    ['text/html', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=0.3, text/plain', 'text'],
    ['Application/OpenMetrics-Text; version=1.0.0; q=0.7, text/plain;q=0.7', 'openmetrics'],
    ['application/openmetrics-text;q=x', 'text'],
  ] as const)('answer Accept: %s with %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});

describeIf('promtool')('promtool, which is not installed everywhere,', () => {
  test('finds nothing wrong', () =>
    withMetrics(
      hello,
      async ({ client, connect, read }) => {
        await (await client.get('http://memory/')).text();
        await (await connect()).talk('NONSENSE\r\n\r\n');
        trackStreams(true);
        const [near, far] = memoryPair();
        const reading = near.readChunk();
        let text = '';
        while (!text.includes('event_loop')) ({ text } = await read());
        trackStreams(false);
        await far.close();
        await reading;
        await near.close();
        expect(text).toContain('awaitio_waits{operation="readChunk"} 1');
        const checked = spawnSync('promtool', ['check', 'metrics'], { input: text });
        expect(String(checked.stdout) + String(checked.stderr)).toBe('');
        expect(checked.status).toBe(0);
      },
      (client, listener) => ({ clients: { api: client }, listener }),
    ));
});
