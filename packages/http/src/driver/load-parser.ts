/** The parser, for servers and clients: they can wait for it before they open a connection that needs it. */

import { loadLlhttp } from '../llhttp/instance.ts';

/** Loads the parser. @returns what to wait for, if anything @throws `Error`, one sentence, when it cannot start */
export function loadParser(): Promise<void> | undefined {
  return loadLlhttp();
}
