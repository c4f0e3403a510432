/**
 * A worker pool: the server's side of a job queue. Each line that a client sends is a job; the answer is its SHA-256.
 *
 * All connections put their jobs into one channel, and a few workers take them out. The channel is bounded: when the workers
 * are behind, `send` waits, the connection is not read, and in the end the client's writing waits.
 *
 * Read first: the `for await` of a worker, then `oneshot` in the accept loop.
 */

import { createHash } from 'node:crypto';
import { acceptLoop, Executor, lines } from '@awaitio/core';
import { channel, oneshot, type OneshotSender } from '@awaitio/core/sync';
import { countOf, finish, listen, readArguments, sayFailed } from '../support/program.ts';
import type { CommandLine } from '../support/program.ts';

interface Job {
  readonly text: string;
  readonly answer: OneshotSender<string>;
}

const PROGRAM: CommandLine = {
  command: 'example worker-pool',
  role: 'listens',
  options: { workers: { value: 'COUNT', help: 'how many workers there are (default 4)' } },
};
const given = readArguments(PROGRAM);
const workers = countOf(PROGRAM, given, 'workers', 4);

const [sender, jobs] = channel<Job>({ capacity: 16, name: 'jobs' });
const executor = new Executor();
const pool = new Executor();
for (let count = 1; count <= workers; count += 1) {
  pool.spawn(async ({ yieldNow }) => {
    // The loop ends when the sender is closed and every job was taken.
    for await (const { text, answer } of jobs) {
      answer.send(createHash('sha256').update(text).digest('hex'));
      await yieldNow();
    }
  });
}

const next = (address: string): string =>
  `echo hello | nc -N ${address.replace(/:(\d+)$/, ' $1')}, as often as you like`;
await acceptLoop(
  await listen(given, next),
  async (stream, { signal }) => {
    const client = lines(stream, { limit: 10_000 });
    for (let text; (text = await client.read({ signal, timeout: 60_000 })) !== null;) {
      const [answer, receiver] = oneshot<string>();
      await sender.send({ text, answer }, { signal });
      await client.write(await receiver.receive({ signal }), { signal });
    }
  },
  { executor, onError: sayFailed },
);
await finish(executor, 1_000);
sender.close();
await pool.idle();
