/**
 * A client that does not give up: start it before `example server`, and it waits for the server.
 *
 * What is worth another attempt is the program's decision: a server that is not there or overloaded is, a wrong request is
 * not. The pauses grow, and are partly random, so that clients of a server that restarts do not all come at once. An attempt is a
 * scope: what it waits for ends with its time, without a signal.
 *
 * Read first: `retry` and its options, then what `ask` throws.
 */

import { InetAddress } from '@awaitio/core';
import { retry } from '@awaitio/core/sync';
import { HttpClient, type ClientResponse } from '@awaitio/http';
import { LARGEST_ANSWER, printAnswer } from '../support/print-answer.ts';
import {
  countOf,
  interruption,
  messageOf,
  readArguments,
  type CommandLine,
} from '../support/program.ts';

const PROGRAM: CommandLine = {
  command: 'example retry-client',
  role: 'connects',
  options: {
    attempts: { value: 'COUNT', help: 'how often to ask at most (default 5)' },
    backoff: { value: 'MS', help: 'the first pause in ms, which doubles (default 250)' },
  },
};
const given = readArguments(PROGRAM);
const attempts = countOf(PROGRAM, given, 'attempts', 5);
const backoff = countOf(PROGRAM, given, 'backoff', 250);

const url = `http://${String(new InetAddress(given.host, given.port))}/`;
await using client = new HttpClient();

async function ask(): Promise<[ClientResponse, Uint8Array]> {
  const response = await client.get(url);
  if (response.status >= 500) throw new Error(`the server answered ${response.status}`);
  return [response, await response.bytes({ limit: LARGEST_ANSWER })];
}

try {
  const [response, body] = await retry(ask, {
    attempts,
    backoff,
    maxBackoff: 2_000,
    attemptTimeout: 5_000,
    signal: interruption(),
    onRetry: (error, { attempt, delay }) => {
      console.log(`Attempt ${attempt}: ${messageOf(error)}; again in ${Math.round(delay)} ms`);
    },
  });
  printAnswer(response, body);
} catch (error) {
  console.error(messageOf(error));
  console.error('Try: pnpm example server, in another terminal');
  process.exitCode = 1;
}
