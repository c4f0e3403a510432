/** What the instrumentations of both sides have in common. */

import type { Meter, TextMapPropagator, Tracer } from '@opentelemetry/api';
import type { BoundedValues } from './bounded.ts';

export interface Settings {
  readonly tracer: Tracer;
  readonly meter: Meter;
  readonly propagator: Pick<TextMapPropagator, 'inject' | 'extract'>;
  readonly knownMethods: ReadonlySet<string>;
  /** Names of query parameters whose values are shown. */
  readonly shownQuery: ReadonlySet<string>;
  /** Whether a span of the server continues the trace that the client names. */
  readonly continuesTraces: boolean;
  readonly routes: BoundedValues;
  readonly servers: BoundedValues;
  readonly errors: BoundedValues;
}
