/**
 * Fan-out: what one client says goes to all. One task per client waits for three things at once: a line from it, news for it, and
 * the time to tell it that the server is still there.
 * `select` cancels the waits that were not first, and a cancelled read or receive has taken nothing. What two of them had at
 * once is in `also`.
 *
 * Read first: `select`, and the loop over its results.
 */

import { acceptLoop, Executor, lines } from '@awaitio/core';
import { broadcast, interval, select } from '@awaitio/core/sync';
import {
  countOf,
  finish,
  interruption,
  listen,
  readArguments,
  sayFailed,
} from '../support/program.ts';
import type { CommandLine } from '../support/program.ts';

const PROGRAM: CommandLine = {
  command: 'example fan-out',
  role: 'listens',
  options: {
    every: { value: 'MS', help: 'how often to send a heartbeat, in ms (default 5000)' },
  },
};
const given = readArguments(PROGRAM);
const every = countOf(PROGRAM, given, 'every', 5_000);

// A client that is 64 lines behind is cut.
const [speaker] = broadcast<string>({ capacity: 64, name: 'news' });
const executor = new Executor();
const next = (address: string): string => `nc ${address.replace(/:(\d+)$/, ' $1')}, twice`;

await acceptLoop(
  await listen(given, next, interruption()),
  async (stream) => {
    const client = lines(stream, { limit: 1_000 });
    using news = speaker.subscribe();
    const ticks = interval(every, { missed: 'delay' });
    await ticks.tick();
    for (;;) {
      const first = await select({
        line: () => client.read(),
        news: () => news.receive(),
        tick: () => ticks.tick(),
      });
      for (const result of [first, ...first.also]) {
        if (result.arm === 'tick') await client.write('(still here)', { timeout: every });
        else if (result.value === null) return;
        else if (result.arm === 'line') speaker.send(result.value);
        else await client.write(result.value, { timeout: every });
      }
    }
  },
  { executor, onError: sayFailed },
);
await finish(executor, 1_000);
