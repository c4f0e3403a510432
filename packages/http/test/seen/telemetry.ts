/** What OpenTelemetry is given, recorded. The real SDK is used from the tarballs, by `scripts/pack/consumers/opentelemetry.mjs`. */
import { expect } from '@jest/globals';
import { context, metrics, propagation, trace, type SpanKind } from '@opentelemetry/api';
import { HttpResponse, type Handler } from '../../src/index.ts';
import { instrument, type InstrumentOptions } from '../../src/otel/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { AsyncContextManager, W3cPropagator } from './recording/contexts.ts';
import { RecordingMeterProvider, type Point } from './recording/metrics.ts';
import { RecordingTracerProvider, type RecordedSpan } from './recording/spans.ts';

export interface Telemetry {
  readonly spans: () => RecordedSpan[];
  readonly points: (name: string) => readonly Point[];
  /** Everything that would be exported. */
  readonly all: () => string;
}

/** Runs a function while everything is instrumented. */
export async function observed(
  run: (telemetry: Telemetry) => Promise<void>,
  options: InstrumentOptions = {},
): Promise<void> {
  const tracerProvider = new RecordingTracerProvider();
  const meterProvider = new RecordingMeterProvider();
  const { ended, misuses } = tracerProvider.log;
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  propagation.setGlobalPropagator(new W3cPropagator());
  context.setGlobalContextManager(new AsyncContextManager());
  const stop = instrument(options);
  try {
    await run({
      spans: () => [...ended],
      points: (name) =>
        meterProvider.collect().find((metric) => metric.name === name)?.points ?? [],
      all: () =>
        JSON.stringify([
          ended.map(({ name, attributes, events, status, links }) => ({
            name,
            attributes,
            events,
            status,
            links,
          })),
          meterProvider.collect(),
        ]),
    });
    expect([...misuses, ...meterProvider.misuses]).toEqual([]);
  } finally {
    stop();
    trace.disable();
    metrics.disable();
    propagation.disable();
    context.disable();
  }
}

/** A span of this kind and name. */
export function spanNamed(
  spans: readonly RecordedSpan[],
  name: string,
  kind?: SpanKind,
): RecordedSpan {
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
