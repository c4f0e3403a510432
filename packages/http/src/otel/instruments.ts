/** The metrics. */

import type { Histogram, Meter, UpDownCounter } from '@opentelemetry/api';
import { DURATION_BOUNDARIES } from './conventions.ts';

export interface Instruments {
  readonly duration: Histogram;
  readonly active: UpDownCounter;
  readonly requestSize: Histogram;
  readonly responseSize: Histogram;
}

/** @param side - The second word of each name. */
export function instrumentsOf(meter: Meter, side: 'server' | 'client'): Instruments {
  const size = (what: string) =>
    meter.createHistogram(`http.${side}.${what}.body.size`, {
      description: `Size of HTTP ${side} ${what} bodies.`,
      unit: 'By',
    });
  return {
    duration: meter.createHistogram(`http.${side}.request.duration`, {
      description: `Duration of HTTP ${side} requests.`,
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BOUNDARIES },
    }),
    active: meter.createUpDownCounter(`http.${side}.active_requests`, {
      description: `Number of active HTTP ${side} requests.`,
      unit: '{request}',
    }),
    requestSize: size('request'),
    responseSize: size('response'),
  };
}
