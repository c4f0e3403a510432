/**
 * The states of a process as a stream of events: the first one whole, then what has changed.
 *
 * With 10,000 idle connections hardly a row changes between two looks, so what is sent is small. A reader that is slow is sent
 * fewer states, and each of them complete: the next look is made when the last one was taken.
 */

import type { Clock } from '@awaitio/core';
import type { Collector } from './looking/collector.ts';
import type { Inspection } from './looking/model.ts';

/** The parts that are sent as changes, by the key of a row. */
const KEYED = {
  sockets: ({ id }: Inspection['sockets'][number]): string => id,
  tasks: ({ id }: Inspection['tasks'][number]): string => id,
  requests: ({ id }: Inspection['requests'][number]): string => id,
  routes: ({ method, route }: Inspection['routes'][number]): string => `${method} ${route}`,
} as const;

type Part = keyof typeof KEYED;

/** Writes states for one reader. */
export class ChangeWriter {
  readonly #sent = new Map<Part, Map<string, string>>();

  /** A state as JSON: `{"type":"state",…}` the first time, then `{"type":"change",…}`. */
  write(state: Inspection): string {
    const isFirst = this.#sent.size === 0;
    const { sockets, tasks, requests, routes, ...rest } = state;
    const parts = [
      this.#part('sockets', sockets, KEYED.sockets),
      this.#part('tasks', tasks, KEYED.tasks),
      this.#part('requests', requests, KEYED.requests),
      this.#part('routes', routes, KEYED.routes),
    ];
    const head = JSON.stringify({ type: isFirst ? 'state' : 'change', ...rest });
    return `${head.slice(0, -1)},${parts.join(',')}}`;
  }

  #part<Row>(name: Part, rows: readonly Row[], keyOf: (row: Row) => string): string {
    const before = this.#sent.get(name);
    const now = new Map<string, string>();
    const changed: string[] = [];
    for (const row of rows) {
      const key = keyOf(row);
      const text = JSON.stringify(row);
      now.set(key, text);
      if (before?.get(key) !== text) changed.push(text);
    }
    const gone: string[] = [];
    if (before !== undefined) {
      for (const key of before.keys()) if (!now.has(key)) gone.push(key);
    }
    this.#sent.set(name, now);
    return `"${name}":{"set":[${changed.join(',')}],"gone":${JSON.stringify(gone)}}`;
  }
}

/** The events of one reader, until its signal aborts. */
export async function* liveEvents(
  collector: Collector,
  clock: Clock,
  interval: number,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const end = collector.begin();
  const writer = new ChangeWriter();
  try {
    while (!signal.aborted) {
      yield writer.write(collector.look(interval / 2));
      await clock.sleep(interval, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    end();
  }
}
