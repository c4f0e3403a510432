/** OpenTelemetry’s SDK, with everything in memory. */
import { context, metrics, propagation, trace, type Attributes } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider, MetricReader, type DataPoint, type Histogram } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { instrument, type InstrumentOptions } from '../../src/otel/index.ts';

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

/** Runs a function while everything is instrumented. */
export async function observed(
  run: (telemetry: Telemetry) => Promise<void>,
  options: InstrumentOptions = {},
): Promise<void> {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
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
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  try {
    await run({
      spans,
      points: async (name) => {
        const found = (await collect()).find(({ descriptor }) => descriptor.name === name);
        return (found?.dataPoints ?? []) as DataPoint<number>[];
      },
      all: async () =>
        JSON.stringify([
          spans().map(({ name, attributes, events, status, links }) => ({
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
export function spanNamed(spans: readonly ReadableSpan[], name: string, kind?: number): ReadableSpan {
  const found = spans.find((span) => span.name === name && (kind ?? span.kind) === span.kind);
  if (found === undefined) throw new Error(`no ${name} in ${spans.map((span) => span.name).join()}`);
  return found;
}
