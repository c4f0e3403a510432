/** OpenTelemetry’s SDK, with everything in memory. */
import {
  context,
  metrics,
  propagation,
  trace,
  type Attributes,
  type SpanKind,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  MeterProvider,
  MetricReader,
  type DataPoint,
  type Histogram,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { HttpResponse, type Handler } from '../../src/index.ts';
import { instrument, type InstrumentOptions } from '../../src/otel/index.ts';
import { simulated, type World } from '../support/simulated.ts';

/** Collects when it is asked. */
class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** A value of a metric. */
export interface Point {
  readonly attributes: Attributes;
  readonly value: number | Histogram;
}

export interface Telemetry {
  readonly spans: () => ReadableSpan[];
  readonly points: (name: string) => Promise<Point[]>;
  /** Everything that would be exported. */
  readonly all: () => Promise<string>;
}

let ids = 0;

function nextId(digits: number): string {
  ids += 1;
  return ids.toString(16).padStart(digits, '0');
}

/** Runs a function while everything is instrumented. */
export async function observed(
  run: (telemetry: Telemetry) => Promise<void>,
  options: InstrumentOptions = {},
): Promise<void> {
  const ended: ReadableSpan[] = [];
  const tracerProvider = new BasicTracerProvider({
    // The SDK's exporter in memory has timers, and its ids are chance: both are refused in a simulation.
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => void ended.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
    idGenerator: { generateTraceId: () => nextId(32), generateSpanId: () => nextId(16) },
  });
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const stop = instrument(options);
  const collect = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  };
  try {
    await run({
      spans: () => [...ended],
      points: async (name) => {
        const found = (await collect()).find(({ descriptor }) => descriptor.name === name);
        return (found?.dataPoints ?? []) as DataPoint<number>[];
      },
      all: async () =>
        JSON.stringify([
          ended.map(({ name, attributes, events, status, links }) => ({
            name,
            attributes,
            events,
            status,
            links,
          })),
          await collect(),
        ]),
    });
  } finally {
    stop();
    trace.disable();
    metrics.disable();
    propagation.disable();
    context.disable();
    await tracerProvider.shutdown();
    await meterProvider.shutdown();
  }
}

/** A span of this kind and name. */
export function spanNamed(
  spans: readonly ReadableSpan[],
  name: string,
  kind?: SpanKind,
): ReadableSpan {
  const found = spans.find((span) => span.name === name && (kind ?? span.kind) === span.kind);
  if (found === undefined)
    throw new Error(`no ${name} in ${spans.map((span) => span.name).join()}`);
  return found;
}

export const item: Handler = (request) => {
  request.route = '/items/{id}';
  return HttpResponse.text('hello');
};

/** A server, and what a test does with it, instrumented. */
export const seen = (
  handler: Handler,
  talk: (world: World) => Promise<unknown>,
  check: (telemetry: Telemetry) => unknown,
  options: InstrumentOptions = {},
): Promise<void> =>
  observed(async (telemetry) => {
    await simulated(async (world) => {
      await world.serve(handler);
      await talk(world);
    });
    await check(telemetry);
  }, options);

export const get = async (world: World, path: string): Promise<void> => {
  await (await world.client().get(`http://server${path}`)).text();
};
