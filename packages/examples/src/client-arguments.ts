/** The command line that both clients have. */

import { InetAddress } from '@awaitio/core';
import type { Arguments, CommandLine } from './program.ts';

const NAMES = ['First', 'Second'] as const;

export const CLIENT: Omit<CommandLine, 'command'> = {
  summary: 'Sends two requests at once and prints each answer when it is complete.',
  role: 'connects',
  options: { data: { value: 'TEXT', help: 'POST this text (default: GET)' } },
  operands: {
    name: 'URL',
    most: NAMES.length,
    help: 'what to ask for; one is asked for twice (default: the example server)',
  },
};

/** The two requests to make: what to call them, and what to ask for. */
export function requestsOf({ host, port, operands }: Arguments): { name: string; url: string }[] {
  const first = operands[0] ?? `http://${String(new InetAddress(host, port))}/`;
  return NAMES.map((name, index) => ({ name, url: operands[index] ?? first }));
}
