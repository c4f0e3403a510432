/** OpenTelemetry’s own SDK, with its exporters in memory: what `instrument` gives to it, and what it says of that. */
import { HttpClient, HttpProblem, HttpResponse, serve } from '@awaitio/http';
import { instrument } from '@awaitio/http/otel';
import { context, diag, metrics, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import assert from 'node:assert/strict';
import { runAll } from './checks.mjs';

/** Semantic conventions for HTTP metrics: the boundaries of both durations, in seconds. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** In whatever a span or a metric must not show. */
const SECRET = 'PLANTED';
const FIELDS = {
  Authorization: `Bearer ${SECRET}`,
  Cookie: `session=${SECRET}`,
  'X-Api-Key': SECRET,
  'User-Agent': SECRET,
  Referer: `http://a/?${SECRET}`,
  Baggage: `k=${SECRET}`,
};

// What the SDK ignores, it only says here; what it throws, `instrument` writes to stderr.
const complaints = [];
const complain = (...what) => void complaints.push(what.map(String).join(' '));
diag.setLogger({ error: complain, warn: complain, info() {}, debug() {}, verbose() {} });
console.error = complain;

const spanExporter = new InMemorySpanExporter();
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(spanExporter)],
});
const meterProvider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: metricExporter })],
});
trace.setGlobalTracerProvider(tracerProvider);
metrics.setGlobalMeterProvider(meterProvider);
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const stop = instrument({ shownQuery: ['page'] });
/** The fields of trace contexts that each path was asked with. */
const received = {};
const client = new HttpClient();
const server = await serve(
  async (request) => {
    received[request.path] = ['traceparent', 'tracestate'].map((name) => request.headers.get(name));
    await request.text();
    if (request.path === '/fail') throw new Error(`failed: ${request.headers.get('cookie')}`);
    if (request.path === '/missing') throw new HttpProblem(404);
    if (request.path === '/inner') {
      request.route = '/inner';
      return HttpResponse.text(SECRET, { headers: { 'Set-Cookie': `session=${SECRET}` } });
    }
    request.route = '/outer';
    const response = await client.post(
      `${server.url}inner?key=${SECRET}&page=2&${SECRET}#${SECRET}`,
      SECRET,
      { headers: FIELDS },
    );
    return HttpResponse.text(await response.text());
  },
  { onError: () => {} },
);

const tracer = trace.getTracer('consumer');
const root = await tracer.startActiveSpan('program', async (span) => {
  for (const path of ['outer', 'fail', 'missing']) {
    const url = `http://${SECRET}:${SECRET}@${server.url.slice('http://'.length)}${path}`;
    const options = { headers: path === 'fail' ? FIELDS : { Tracestate: 'a=1' } };
    await (await client.get(url, options)).text();
  }
  span.end();
  return span.spanContext();
});
await client.close();
// The span of a server ends once its response is sent.
await server.shutdown({ grace: 1_000 });
stop();
await tracerProvider.forceFlush();
await meterProvider.forceFlush();

const spans = spanExporter.getFinishedSpans();
const exported = metricExporter
  .getMetrics()
  .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));

/** The only span of a side whose URL or path has this path. */
function spanOf(kind, path) {
  const found = spans.filter((span) => {
    const place = span.attributes['url.path'] ?? span.attributes['url.full'] ?? '';
    return span.kind === kind && place.split('?')[0].endsWith(path);
  });
  assert.equal(found.length, 1, `${found.length} spans of ${path}`);
  return found[0];
}

const idOf = (span) => span.spanContext().spanId;
const parentOf = (span) => span.parentSpanContext?.spanId;

function pointsOf(name) {
  const metric = exported.find(({ descriptor }) => descriptor.name === name);
  assert.ok(metric !== undefined, `${name} is in ${exported.map((each) => each.descriptor.name)}`);
  return metric.dataPoints;
}

await runAll({
  'a trace goes from a program through a client, a server and its client to a server': () => {
    const path = [
      spanOf(SpanKind.CLIENT, '/outer'),
      spanOf(SpanKind.SERVER, '/outer'),
      spanOf(SpanKind.CLIENT, '/inner'),
      spanOf(SpanKind.SERVER, '/inner'),
    ];
    assert.deepEqual(path.map(parentOf), [root.spanId, ...path.slice(0, -1).map(idOf)]);
    assert.deepEqual([...new Set(spans.map((span) => span.spanContext().traceId))], [root.traceId]);
    assert.deepEqual(
      path.map(({ name }) => name),
      ['GET', 'GET /outer', 'POST', 'POST /inner'],
    );
    assert.equal(spans.length, 9);
  },
  'the fields of W3C Trace Context name the span of the client': () => {
    for (const path of ['/outer', '/inner', '/fail', '/missing']) {
      const [parent] = received[path];
      assert.equal(parent, `00-${root.traceId}-${idOf(spanOf(SpanKind.CLIENT, path))}-01`);
    }
  },
  'tracestate goes on to what a server asks': () => {
    assert.deepEqual([received['/outer'][1], received['/inner'][1]], ['a=1', 'a=1']);
  },
  'failures have a status and a class, by the side': () => {
    const shown = (kind, path) => {
      const { status, attributes } = spanOf(kind, path);
      return [status, attributes['http.response.status_code'], attributes['error.type']];
    };
    assert.deepEqual(shown(SpanKind.SERVER, '/fail'), [{ code: 2 }, 500, 'Error']);
    assert.deepEqual(shown(SpanKind.CLIENT, '/fail'), [{ code: 2 }, 500, '500']);
    assert.deepEqual(shown(SpanKind.SERVER, '/missing'), [{ code: 0 }, 404, undefined]);
    assert.deepEqual(shown(SpanKind.CLIENT, '/missing'), [{ code: 2 }, 404, '404']);
  },
  'the durations of both sides are histograms with the buckets of the conventions': () => {
    for (const side of ['server', 'client']) {
      const points = pointsOf(`http.${side}.request.duration`);
      let count = 0;
      for (const { value } of points) {
        assert.deepEqual(value.buckets.boundaries, BOUNDARIES);
        assert.ok(value.sum > 0);
        count += value.count;
      }
      assert.equal(count, 4, side);
    }
    const [inner] = pointsOf('http.server.request.duration').filter(
      ({ attributes }) => attributes['http.route'] === '/inner',
    );
    assert.deepEqual(inner.attributes, {
      'http.request.method': 'POST',
      'url.scheme': 'http',
      'http.response.status_code': 200,
      'http.route': '/inner',
      'network.protocol.version': '1.1',
    });
  },
  'the sizes of bodies are counted, and no request is active any more': () => {
    const sent = pointsOf('http.client.request.body.size').map(({ value }) => value.sum);
    assert.equal(Math.max(...sent), SECRET.length);
    for (const side of ['server', 'client']) {
      const active = pointsOf(`http.${side}.active_requests`);
      assert.deepEqual(new Set(active.map(({ value }) => value)), new Set([0]));
    }
  },
  'what is secret is in no span and no metric': () => {
    const shown = spans.map(({ name, attributes, events, links, status }) => {
      assert.ok(Object.keys(attributes).length > 0 || name === 'program');
      return { name, attributes, events, links, status };
    });
    assert.match(JSON.stringify(shown), /inner\?key=REDACTED&page=2&REDACTED/);
    assert.ok(!JSON.stringify([shown, exported]).includes(SECRET), JSON.stringify(shown));
  },
  'the SDK has nothing to complain of': () => {
    assert.deepEqual(complaints, []);
  },
});
await meterProvider.shutdown();
await tracerProvider.shutdown();
