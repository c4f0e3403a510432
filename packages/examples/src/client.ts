/**
 * Two requests at once, over two connections, on one executor; or, with `--output`, one whose body becomes a file.
 *
 * Each request is a task. Neither asks the other's socket "anything yet?": a task waits for its own answer, prints it
 * once, and is done; a failure of one is that task's own and leaves the other alone. poll-client.ts is the same program
 * in the polling model.
 */

import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Executor, LimitError } from '@awaitio/core';
import { failedRequestOf, HttpClient, type ClientResponse } from '@awaitio/http';
import { CLIENT, printFailure, requestsOf } from './support/client-arguments.ts';
import { LARGEST_ANSWER, printAnswer } from './support/print-answer.ts';
import { interruption, readArguments } from './support/program.ts';
import { ProgressLine } from './support/progress-line.ts';

const OUTPUT = {
  value: 'FILE',
  help: 'ask once, follow redirects, and write the decoded body to this file',
};
const given = readArguments({
  command: 'example:client',
  ...CLIENT,
  options: { ...CLIENT.options, output: OUTPUT },
});
const { data, output } = given.options;
const signal = interruption();

// Without a file it sends the same bytes as poll-client.ts, and prints what came as it came.
const client = new HttpClient(
  output === undefined ? { maxRedirects: 0, userAgent: false, decompress: false } : {},
);
const line = new ProgressLine(process.stderr, () => performance.now());
const executor = new Executor();

async function ask(name: string, url: string): Promise<void> {
  try {
    const method = data === undefined ? 'GET' : 'POST';
    const response = await client.request(method, url, {
      body: data,
      signal,
      onDownloadProgress: (progress) => {
        line.update(name, progress);
      },
    });
    if (output === undefined) await print(name, response);
    else await save(name, response, output);
  } catch (error) {
    line.end(name);
    printFailure(name, error, given, failedRequestOf(error)?.phase);
  }
}

async function print(name: string, response: ClientResponse): Promise<void> {
  const body = await response.bytes({ limit: LARGEST_ANSWER }).catch((error: unknown) => {
    const isTooLong = error instanceof LimitError && error.code === 'ERR_BODY_TOO_LONG';
    throw isTooLong
      ? new Error('the body is longer than 16 MiB; write it with --output FILE')
      : error;
  });
  line.end(name);
  console.log(`${name} connection completed`);
  printAnswer(response, body);
}

/** Writes the body as it comes, however long it is; an answer that is none of success writes no file. */
async function save(name: string, response: ClientResponse, file: string): Promise<void> {
  await response.throwIfNotOk();
  try {
    await pipeline(response.body, createWriteStream(file));
  } catch (error) {
    if (failedRequestOf(error) !== undefined) console.log(`${file} is not whole`);
    throw error;
  }
  line.end(name);
  console.log(`${name} connection completed`);
  console.log(`Wrote ${file}`);
}

// Both tasks run from here on; whichever has its answer first prints it first.
const requests = requestsOf(given).slice(0, output === undefined ? undefined : 1);
const tasks = requests.map(({ name, url }) => executor.spawn(() => ask(name, url)));
await Promise.all(tasks);
await client.close();
