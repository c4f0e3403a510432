/** Records what the tracing channels carry. */
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { TRACING_CHANNELS } from '../../src/index.ts';
import type { World } from '../support/simulated.ts';
import type { WireResponse } from '../support/wire.ts';

export type ChannelKey = keyof typeof TRACING_CHANNELS;
const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
export type EventName = (typeof EVENTS)[number];

/** One published message. */
export interface Published<Trace> {
  readonly event: EventName;
  readonly trace: Trace;
  /** The trace as it was then. */
  readonly copy: Trace;
}

/** What a name's channels carry while a function runs. */
export async function traced<Trace extends object>(
  key: ChannelKey,
  run: () => Promise<unknown>,
  onStart: (trace: Trace) => void = () => {},
): Promise<Published<Trace>[]> {
  const published: Published<Trace>[] = [];
  const channels = tracingChannel<unknown, Trace>(TRACING_CHANNELS[key]);
  const subscribers = EVENTS.map((event) => {
    const subscriber = (message: unknown): void => {
      const trace = message as Trace;
      published.push({ event, trace, copy: { ...trace } });
      if (event === 'start') onStart(trace);
    };
    subscribe(channels[event].name, subscriber);
    return () => unsubscribe(channels[event].name, subscriber);
  });
  try {
    await run();
  } finally {
    for (const end of subscribers) end();
  }
  return published;
}

/** The events of each trace, in order. */
export function storyOf(published: readonly Published<object>[]): string[] {
  const stories = new Map<object, EventName[]>();
  for (const { trace, event } of published) {
    stories.set(trace, [...(stories.get(trace) ?? []), event]);
  }
  return [...stories.values()].map((events) => events.join(' '));
}

export const WHOLE = 'start end asyncStart asyncEnd';
export const GET = 'GET /a?b=c HTTP/1.1\r\nHost: server\r\n\r\n';

/** Asks the server of a world. */
export const ask = async (world: World, text = GET): Promise<WireResponse> => {
  const wire = await world.connect();
  await wire.send(text);
  return wire.response();
};
