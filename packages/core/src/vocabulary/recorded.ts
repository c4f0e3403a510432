/**
 * Streams whose bytes are recorded, as a simulated network does.
 *
 * Ciphertext is random, so a record of it differs from run to run. TLS announces it here before the first byte; what is
 * recorded from then on is how many bytes there are, and not which.
 */

import { Attached } from './attached.ts';

/** Of a stream: what to call before it carries ciphertext. */
export const recordedStreams: Attached<() => void> = new Attached();
