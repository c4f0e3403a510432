/**
 * A WebSocket from a terminal: joins `pnpm example web-chat`, prints what comes, and sends what is typed.
 *
 * Read first: the two loops. Each waits for its own side, and the end of either ends the other.
 */

import { createInterface } from 'node:readline';
import { defaultExecutor, InetAddress } from '@awaitio/core';
import { connectWebSocket } from '@awaitio/http/websocket';
import { interruption, readArguments, sayUnreachable } from '../support/program.ts';

const { host, port } = readArguments({ command: 'example web-chat-client', role: 'connects' });
const address = String(new InetAddress(host, port));
const interrupted = interruption();
try {
  await using socket = await connectWebSocket(`ws://${address}/`, {
    // The chat takes none from pages of other sites; a terminal says that it is of this one.
    headers: { Origin: `http://${address}` },
    signal: interrupted,
    timeout: 5_000,
  });
  console.log('You are in. What you type goes to all; Ctrl-D leaves.');
  const typed = createInterface({ input: process.stdin, signal: interrupted });
  const sending = defaultExecutor.spawn(async () => {
    for await (const line of typed) if (line !== '') await socket.send(line);
    await socket.close();
  });
  // It ends when either side has closed.
  for await (const message of socket) {
    // Control characters would let a stranger write on this terminal.
    if (typeof message === 'string') console.log(message.replaceAll(/\p{Cc}/gu, ''));
  }
  typed.close();
  await sending;
  const { code, by } = await socket.closed;
  console.log(by === 'peer' ? `The chat has closed, with code ${code}.` : 'You have left.');
} catch (error) {
  sayUnreachable(error, 'pnpm example web-chat, in another terminal');
}
