/**
 * Two requests at once, over two connections, on one executor; or, with `--output`, one whose body becomes a file.
 *
 * Each request is a task: it waits for its own answer, prints it once, and is done; a failure of one leaves the other alone. Read
 * first: `ask`, and the two `spawn`s. poll-client.ts is the same program in the polling model.
 */

import { Executor } from '@awaitio/core';
import { failedRequestOf, HttpClient } from '@awaitio/http';
import { CLIENT, OUTPUT, printFailure, requestsOf } from '../support/client-arguments.ts';
import { printAnswer } from '../support/print-answer.ts';
import { interruption, readArguments } from '../support/program.ts';
import { save, wholeBody } from '../support/take-answer.ts';
import { ProgressLine, type Progress } from '../support/progress-line.ts';

const given = readArguments({
  command: 'example client',
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
    const onDownloadProgress = (progress: Progress): void => {
      line.update(name, progress);
    };
    const response = await client.request(method, url, { body: data, signal, onDownloadProgress });
    if (output === undefined) {
      const body = await wholeBody(response);
      line.end(name);
      console.log(`${name} connection completed`);
      printAnswer(response, body);
    } else {
      await save(response, output);
      line.end(name);
      console.log(`${name} connection completed\nWrote ${output}`);
    }
  } catch (error) {
    line.end(name);
    printFailure(name, error, given, failedRequestOf(error)?.phase);
  }
}

// Both tasks run from here on; whichever has its answer first prints it first.
const requests = requestsOf(given).slice(0, output === undefined ? undefined : 1);
const tasks = requests.map(({ name, url }) => executor.spawn(() => ask(name, url)));
await Promise.all(tasks);
await client.close();
