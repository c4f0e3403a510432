/**
 * A crawler that is polite: it asks the example server for many pages, so many per second and so many at once.
 *
 * Two limits that have nothing to do with each other: the rate limiter decides how often a request begins, the semaphore how
 * many are under way. Both are first come, first served. Everything that waits in the group ends with it: no call needs a signal.
 *
 * Read first: the loop in the group: it waits for its turn and for a slot, then spawns.
 */

import { defaultExecutor, InetAddress } from '@awaitio/core';
import { RateLimiter, Semaphore } from '@awaitio/core/sync';
import { HttpClient } from '@awaitio/http';
import {
  countOf,
  interruption,
  isRefused,
  messageOf,
  readArguments,
  type CommandLine,
} from '../support/program.ts';

const PROGRAM: CommandLine = {
  command: 'example crawler',
  role: 'connects',
  options: {
    pages: { value: 'COUNT', help: 'how many pages to ask for (default 20)' },
    rate: { value: 'COUNT', help: 'how many requests per second (default 10)' },
    'at-once': { value: 'COUNT', help: 'how many requests at once (default 3)' },
  },
};
const given = readArguments(PROGRAM);
const pages = countOf(PROGRAM, given, 'pages', 20);
const limiter = new RateLimiter({ rate: countOf(PROGRAM, given, 'rate', 10), burst: 1 });
const slots = new Semaphore(countOf(PROGRAM, given, 'at-once', 3));
const origin = `http://${String(new InetAddress(given.host, given.port))}`;
await using client = new HttpClient();

try {
  await defaultExecutor.group(
    async ({ spawn }) => {
      for (let page = 1; page <= pages; page += 1) {
        await limiter.acquire();
        const slot = await slots.acquire();
        spawn(async () => {
          using _ = slot;
          const response = await client.get(`${origin}/page/${page}`, { timeout: 5_000 });
          console.log(
            `/page/${page}: ${response.status}, ${(await response.bytes()).length} bytes`,
          );
        });
      }
    },
    { signal: interruption() },
  );
} catch (error) {
  console.error(`Crawling ended: ${messageOf(error)}`);
  if (isRefused(error)) console.error('Try: pnpm example server, in another terminal');
  process.exitCode = 1;
}
