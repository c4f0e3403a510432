/** Spans of OpenTelemetry. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, test } from '@jest/globals';
import { AddressError } from '@awaitio/core';
import { HttpProblem, HttpResponse, type Handler } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import { get, item, observed, seen, spanNamed } from './telemetry.ts';

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
        const [point] = points('http.server.request.duration');
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
