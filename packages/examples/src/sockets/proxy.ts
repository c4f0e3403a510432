/**
 * A TCP proxy: each connection is joined to one to another address, byte for byte, both ways at once.
 *
 * A FIN passes through as a FIN, so half-open conversations survive; a slow side slows the other one down, because a copy
 * buffers nothing itself. What a connection ends with, an end or a failure, is its task's, and ends no other.
 *
 * Read first: `copyBidirectional`, and `await using` above it.
 */

import { acceptLoop, copyBidirectional, Executor, TcpStream } from '@awaitio/core';
import { finish, listen, readArguments, sayFailed } from '../support/program.ts';

const given = readArguments({
  command: 'example proxy',
  role: 'listens',
  port: 1235,
  options: {
    to: { value: 'HOST:PORT', help: 'where connections are passed on to (default 127.0.0.1:1234)' },
  },
});
const { to = '127.0.0.1:1234' } = given.options;

// A separate executor, so that its shutdown ends these tasks and no others.
const executor = new Executor();
await acceptLoop(
  await listen(given, (address) => `curl http://${address}, with \`pnpm example server\` at ${to}`),
  async (front, { signal }) => {
    await using back = await TcpStream.connect(to, { timeout: 5_000, signal });
    const { aToB, bToA } = await copyBidirectional(front, back, { signal });
    console.log(`${String(front.remoteAddress)}: ${aToB} bytes there, ${bToA} bytes back`);
  },
  {
    executor,
    onError: sayFailed,
  },
);
// Ctrl-C has closed the listener: those who talk may finish for a second, then they are cut.
await finish(executor, 1_000);
