/** One contract of streams, and how to see whether it is kept. */

import type { Trial } from './trial.ts';

export interface Contract {
  /** A sentence that holds. */
  readonly name: string;
  /** Throws when it does not. */
  readonly body: (trial: Trial) => Promise<void>;
}
