/** What both halves of a stream work with. They reach it through their stream: each of ten thousand has two halves. */

import type { Budget } from '../waiting/budget.ts';
import type { Clock } from '../vocabulary/clock.ts';
import type { Transport } from './transport.ts';

/** From how many bytes on a stream holds back; most streams share one pair. */
export interface HighWaterMarks {
  /** Above so many queued bytes the carrier is paused. */
  readonly read: number;
  /** The stream counts as writable while the carrier holds fewer unsent bytes than this. */
  readonly write: number;
}

export interface StreamParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly marks: HighWaterMarks;
}
