/**
 * The echo server: what the polling loop becomes when waiting is an `await`.
 *
 * Every connection is one task that reads a request, has it handled, writes the answer and reads the next one, as if it
 * were alone in the world. Where it has to wait, the executor runs the others. No table of connections, no tokens, no
 * states between two events: they are the local variables of a function that waits. poll-server.ts is the same program in
 * the polling model.
 *
 *   $ curl -d "name=WasmEdge" -X POST http://127.0.0.1:1234
 *   echo: name=WasmEdge
 *
 * Read first: `serve`, at the end; then `tell`.
 */

import { echo, serve, type ServerEvent } from '@awaitio/http';
import {
  interruption,
  messageOf,
  quote,
  readArguments,
  sayCut,
  sayFinishing,
  sayListening,
  sayRefused,
} from '../support/program.ts';

/** How long a shutdown that a signal begins waits for requests in progress, in milliseconds. */
const GRACE = 5_000;

const { host, port } = readArguments({
  command: 'example server',
  role: 'listens',
});

function tell(event: ServerEvent): void {
  if (event.type === 'connectionOpened') {
    console.log(`Accepted connection from: ${event.remoteAddress}`);
  } else if (event.type === 'requestStarted') {
    console.log(`${event.remoteAddress} request: ${quote(event.method)} ${quote(event.target)}`);
  } else if (event.type === 'refused') {
    sayRefused(event.remoteAddress, `${event.cause}, answered with ${event.status}`);
  } else if (event.type === 'connectionClosed') {
    const { reason, deadline } = event;
    console.log(`Connection closed${reason === 'deadline' ? `: ${deadline} has passed` : ''}`);
  } else if (event.type === 'drainStarted') {
    sayFinishing(event.connections, GRACE);
  } else if (event.type === 'drained') {
    sayCut(event.report.aborted.length);
  }
}

try {
  // Ctrl-C shuts the server down: requests under way are answered, and then nothing holds the process any more.
  const server = await serve(echo(), { host, port, onEvent: tell, signal: interruption() });
  sayListening(server.address, (address) => `curl -d "name=WasmEdge" -X POST http://${address}`);
} catch (error) {
  console.error(`Cannot listen on ${host}:${port}: ${messageOf(error)}`);
  process.exitCode = 1;
}
