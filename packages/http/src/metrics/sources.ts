/** What metrics are read from. The objects of this package have these methods; a test may pass others. */

import type { ExecutorStatistics, ListenerStatistics, TaskInfo } from '@awaitio/core';

/** A server: an `HttpServer`. */
export interface ServerSource {
  statistics(): {
    readonly connections: { readonly open: number; readonly idle: number; readonly total: number };
    readonly requests: {
      readonly active: number;
      readonly completed: number;
      readonly failed: number;
      readonly refusedByCause: Readonly<Record<string, number>>;
    };
    readonly isDraining: boolean;
  };
}

/** An executor: an `Executor`. */
export interface ExecutorSource {
  statistics(): ExecutorStatistics;
  snapshot(): readonly TaskInfo[];
}

/** A client: an `HttpClient`. */
export interface ClientSource {
  statistics(): Readonly<
    Record<string, { readonly open: number; readonly idle: number; readonly waiting: number }>
  >;
}

/** A listener: a `Listener`. */
export interface ListenerSource {
  statistics(): Pick<ListenerStatistics, 'accepted' | 'open' | 'pending' | 'refused'>;
}

/** Everything that is read. */
export interface Sources {
  readonly server: ServerSource;
  readonly executor: ExecutorSource | undefined;
  readonly clients: Readonly<Record<string, ClientSource>>;
  readonly listener: ListenerSource | undefined;
}
