/** The parser, for servers and clients: they can wait for it before they open a connection that needs it. */

import { lazy } from '@awaitio/core/lowlevel';
import { loadLlhttp } from '../llhttp/instance.ts';

// Compiled before a simulation, so that the first run of a process takes as many steps as the second.
lazy(async () => {
  await loadLlhttp();
});

/** Loads the parser. @returns what to wait for, if anything @throws `Error`, one sentence, when it cannot start */
export function loadParser(): Promise<void> | undefined {
  return loadLlhttp();
}
