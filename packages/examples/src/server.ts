/**
 * The echo server: what the polling loop becomes when waiting is an `await`.
 *
 * Every connection is one task that reads a request, has it handled, writes the answer and reads the next one, as if it
 * were alone in the world. Where it has to wait, the executor runs the others. No table of connections, no tokens, no
 * states between two events: they are the local variables of a function that waits.
 *
 *   $ curl -d "name=WasmEdge" -X POST http://127.0.0.1:1234
 *   echo: name=WasmEdge
 */

import { TcpListener } from '@awaitio/core';
import { echo, serve } from '@awaitio/http';
import { announce } from './announce.ts';
import { interruption, messageOf, quote, readArguments } from './program.ts';

const { host, port } = readArguments({
  command: 'example:server',
  summary: 'Answers every request with `echo: ` and the body of the request.',
  role: 'listens',
});

const answer = echo();

try {
  const listener = await TcpListener.bind({ host, port });
  const server = await serve(
    (request, context) => {
      console.log(
        `${String(request.remoteAddress)} request: ${quote(request.method)} ${quote(request.target)}`,
      );
      return answer(request, context);
    },
    // Ctrl-C shuts the server down: requests under way are answered, then nothing holds the process any more.
    { listener: announce(listener), signal: interruption() },
  );
  console.log(`Listening on ${String(server.address)}`);
} catch (error) {
  console.error(`Cannot listen on ${host}:${port}: ${messageOf(error)}`);
  process.exitCode = 1;
}
