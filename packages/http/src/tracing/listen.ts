/** Subscribers of this package: what they throw is contained, where that of others is an uncaught exception of the process. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { callContained, stderrSink } from '@awaitio/core/lowlevel';
import type { Channels } from './channels.ts';

/** What is called for each event. */
export type Listeners<Trace> = Readonly<
  Partial<Record<'start' | 'asyncStart' | 'asyncEnd', (trace: Trace) => void>>
>;

/**
 * Subscribes, until the returned function is called.
 *
 * @param operation - The public call that asked for it, for failures.
 */
export function listen<Trace extends object>(
  operation: string,
  channels: Channels<Trace>,
  listeners: Listeners<Trace>,
): () => void {
  const ends = (['start', 'asyncStart', 'asyncEnd'] as const).map((event) => {
    const listener = listeners[event];
    if (listener === undefined) return () => {};
    const { name } = channels[event];
    const subscriber = (trace: unknown): void => {
      callContained(operation, listener, trace as Trace, undefined, stderrSink);
    };
    subscribe(name, subscriber);
    return () => {
      unsubscribe(name, subscriber);
    };
  });
  return () => {
    for (const end of ends) end();
  };
}
