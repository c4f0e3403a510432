/** The command line that both clients have. */

import { InetAddress } from '@awaitio/core';
import { isRefused, messageOf, type Arguments, type CommandLine } from './program.ts';

const NAMES = ['First', 'Second'] as const;

export const CLIENT: Omit<CommandLine, 'command'> = {
  role: 'connects',
  options: { data: { value: 'TEXT', help: 'POST this text (default: GET)' } },
  operands: {
    name: 'URL',
    most: NAMES.length,
    help: 'what to ask for; one is asked for twice (default: the example server)',
  },
};

/** What only the async client has. */
export const OUTPUT = {
  value: 'FILE',
  help: 'ask once, follow redirects, and write the decoded body to this file',
};

/** The two requests to make: what to call them, and what to ask for. */
export function requestsOf({ host, port, operands }: Arguments): { name: string; url: string }[] {
  const first = operands[0] ?? `http://${String(new InetAddress(host, port))}/`;
  return NAMES.map((name, index) => ({ name, url: operands[index] ?? first }));
}

/**
 * Prints why a request failed, and in which phase of it; what to do, where the example server is asked and does not run.
 *
 * @param phase - `undefined` for what belongs to no phase: a wrong URL, Ctrl-C.
 */
export function printFailure(
  name: string,
  error: unknown,
  { operands }: Arguments,
  phase: string | undefined,
): void {
  const where = phase === undefined ? '' : ` (phase: ${phase})`;
  console.log(`${name} connection error: ${messageOf(error)}${where}`);
  const isServerMissing = isRefused(error) && operands.length === 0;
  if (isServerMissing && name === NAMES[1]) {
    console.log('Try: pnpm example server, in another terminal');
  }
  process.exitCode = 1;
}
