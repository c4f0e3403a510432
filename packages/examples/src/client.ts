/**
 * Two requests at once, over two connections, on one executor.
 *
 * Each request is a task. Neither asks the other's socket "anything yet?": a task waits for its own answer, prints it
 * once, and is done; a failure of one is that task's own and leaves the other alone.
 */

import { Executor, InetAddress } from '@awaitio/core';
import { HttpClient, type ClientResponse } from '@awaitio/http';
import { interruption, messageOf, readArguments } from './program.ts';

const { host, port, options, operands } = readArguments({
  command: 'example:client',
  summary: 'Sends two requests at once and prints each answer when it is complete.',
  role: 'connects',
  options: { data: { value: 'TEXT', help: 'POST this text (default: GET)' } },
  operands: {
    name: 'URL',
    most: 2,
    help: 'what to ask for; one is asked for twice (default: the example server)',
  },
});

const NAMES = ['First', 'Second'] as const;
/** An answer is printed whole, so it has to fit into memory. */
const LARGEST_ANSWER = 16_777_216;

const fallback = `http://${String(new InetAddress(host, port))}/`;
const signal = interruption();
const client = new HttpClient();
const executor = new Executor();

async function ask(url: string): Promise<[response: ClientResponse, body: Uint8Array]> {
  const { data } = options;
  const response = await client.request(data === undefined ? 'GET' : 'POST', url, {
    body: data,
    signal,
  });
  return [response, await response.bytes({ limit: LARGEST_ANSWER })];
}

function print({ status, reason, httpVersion, headers }: ClientResponse, body: Uint8Array): void {
  console.log(`HTTP/${httpVersion} ${status} ${reason}`);
  for (const [name, value] of headers) console.log(`${name}: ${value}`);
  console.log();
  // The body is bytes, and stays bytes: it may be no text at all.
  process.stdout.write(body);
  console.log();
}

await Promise.all(
  NAMES.map((name, index) =>
    executor.spawn(async () => {
      try {
        const [response, body] = await ask(operands[index] ?? operands[0] ?? fallback);
        console.log(`${name} connection completed`);
        print(response, body);
      } catch (error) {
        console.log(`${name} connection error: ${messageOf(error)}`);
        process.exitCode = 1;
      }
    }),
  ),
);
await client.close();
