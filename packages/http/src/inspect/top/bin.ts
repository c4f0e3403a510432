#!/usr/bin/env node
/** The program `awaitio-http`, which `npx @awaitio/http` runs. */

import { top } from './top.ts';

const [command, ...args] = process.argv.slice(2);
const end = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    end.abort();
  });
}
const { stdout, stderr } = process;
process.exitCode = await top({
  // Whatever is no command is a wrong use, which `top` explains.
  args: command === 'top' ? args : ['--help'],
  output: stdout,
  errors: stderr,
  signal: end.signal,
  hasColours: stdout.isTTY && process.env['NO_COLOR'] === undefined,
});
