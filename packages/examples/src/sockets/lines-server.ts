/**
 * A protocol of lines, the server's side: `SET key value`, `GET key`, `DELETE key`, `QUIT`, each answered with one line.
 * The codec cuts the bytes into lines wherever the network has cut them, and is strict: CRLF ends a line, and nothing else
 * does. Many commands may come in one packet; they are answered in their order.
 *
 * Read first: the loop of a connection, and what its `catch` lets a client get wrong.
 */

import { acceptLoop, Executor, FrameError, LimitError, lines, type TcpStream } from '@awaitio/core';
import { answer } from '../support/key-value.ts';
import {
  finish,
  interruption,
  listen,
  readArguments,
  sayFailed,
  sayRefused,
} from '../support/program.ts';

const given = readArguments({ command: 'example lines-server', role: 'listens' });
const executor = new Executor();
const next = (address: string): string => {
  const port = address.endsWith(':1234') ? '' : ` --port ${address.replace(/^.*:/, '')}`;
  return `pnpm example lines-client "SET colour blue" "GET colour"${port}`;
};

const streams = new Set<TcpStream>();
const interrupted = interruption();
// Nothing more is read: the command in progress is answered, and the connection ends.
interrupted.addEventListener('abort', () => {
  for (const stream of streams) void stream.shutdown('read');
});

await acceptLoop(
  await listen(given, next, interrupted),
  async (stream, { signal }) => {
    streams.add(stream);
    const channel = lines(stream, { lineEnd: 'crlf', limit: 1_000, fatal: true });
    try {
      for (;;) {
        const line = await channel.read({ signal, timeout: 60_000 });
        const reply = line === null ? null : answer(line);
        if (reply === null) return;
        await channel.write(reply, { signal });
      }
    } catch (error) {
      // Whose fault is it? Bytes that are no line, or too long a one, are the client's: it gets an error line.
      if (!(error instanceof FrameError || error instanceof LimitError)) throw error;
      sayRefused(stream.remoteAddress, error);
      await channel.write('ERROR that was no line');
    } finally {
      streams.delete(stream);
    }
  },
  {
    executor,
    onError: sayFailed,
  },
);
await finish(executor, 1_000);
