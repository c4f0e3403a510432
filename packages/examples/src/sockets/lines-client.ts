/**
 * A protocol of lines, the client's side: sends the commands that it is given and prints an answer for each.
 *
 * The commands leave without waiting for each other's answers (pipelining), while a second task reads: a client that
 * writes everything first and reads afterwards waits forever once both sides' buffers are full.
 *
 * Read first: the two tasks of the group.
 */

import { defaultExecutor, lines, TcpStream } from '@awaitio/core';
import { interruption, isRefused, messageOf, readArguments } from '../support/program.ts';

const { host, port, operands } = readArguments({
  command: 'example lines-client',
  role: 'connects',
  operands: {
    name: 'COMMAND',
    least: 1,
    most: 1_000,
    help: 'such as "SET colour blue" or "GET colour"',
  },
});
const signal = interruption();

try {
  await using stream = await TcpStream.connect({ host, port }, { signal, timeout: 5_000 });
  const channel = lines(stream, { lineEnd: 'crlf' });
  // A group: if one of the two fails, the other is aborted, and nothing is left behind.
  await defaultExecutor.group(
    (group) => {
      group.spawn(async (task) => {
        for (const command of operands) await channel.write(command, { signal: task.signal });
        await channel.shutdown({ signal: task.signal });
      });
      group.spawn(async (task) => {
        for (const command of operands) {
          const answer = await channel.read({ signal: task.signal, timeout: 5_000 });
          if (answer === null) throw new Error(`the server hung up before it answered ${command}`);
          console.log(`${command} → ${answer}`);
        }
      });
    },
    { signal },
  );
} catch (error) {
  console.error(`Connection error: ${messageOf(error)}`);
  if (isRefused(error)) console.error('Try: pnpm example lines-server, in another terminal');
  process.exitCode = 1;
}
