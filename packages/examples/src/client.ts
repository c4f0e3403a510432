/**
 * Two requests at once, over two connections, on one executor.
 *
 * Each request is a task. Neither asks the other's socket "anything yet?": a task waits for its own answer, prints it
 * once, and is done; a failure of one is that task's own and leaves the other alone. poll-client.ts is the same program
 * in the polling model.
 */

import { Executor } from '@awaitio/core';
import { HttpClient } from '@awaitio/http';
import { CLIENT, printFailure, requestsOf } from './client-arguments.ts';
import { LARGEST_ANSWER, printAnswer } from './print-answer.ts';
import { interruption, readArguments } from './program.ts';

const given = readArguments({ command: 'example:client', ...CLIENT });
const { data } = given.options;
const signal = interruption();

const client = new HttpClient({ maxRedirects: 0, userAgent: false, decompress: false });
const executor = new Executor();

async function ask(name: string, url: string): Promise<void> {
  try {
    const method = data === undefined ? 'GET' : 'POST';
    const response = await client.request(method, url, { body: data, signal });
    const body = await response.bytes({ limit: LARGEST_ANSWER });
    console.log(`${name} connection completed`);
    printAnswer(response, body);
  } catch (error) {
    printFailure(name, error, given);
  }
}

// Both tasks run from here on; whichever has its answer first prints it first.
const tasks = requestsOf(given).map(({ name, url }) => executor.spawn(() => ask(name, url)));
await Promise.all(tasks);
await client.close();
