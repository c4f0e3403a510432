/** One contract of streams, and its check. */

import type { Trial } from './trial.ts';

export interface Contract {
  /** The contract, as a sentence. */
  readonly name: string;
  /** Throws when it is violated. */
  readonly body: (trial: Trial) => Promise<void>;
}
