/**
 * A proxy of WebSockets: each is joined to one of another server, message by message, both ways at once.
 * A slow side slows the other one down. The subprotocol is the server's choice, and a close frame goes on with its code.
 * Read first: `pass`, then what comes before it.
 */

import { HttpProblem, serve, type Handler } from '@awaitio/http';
import {
  connectWebSocket,
  webSocket,
  WebSocketHandshakeError,
  type WebSocket,
} from '@awaitio/http/websocket';
import { interruption, messageOf, readArguments, sayListening } from '../support/program.ts';

const { host, port, options } = readArguments({
  command: 'example web-proxy',
  role: 'listens',
  port: 1235,
  options: { to: { value: 'HOST:PORT', help: 'the other server (default 127.0.0.1:1234)' } },
});
const { to = '127.0.0.1:1234' } = options;

const handler: Handler = async (request, context) => {
  const { headers, target, signal } = request;
  if (!headers.has('upgrade')) throw new HttpProblem(426);
  const lists = headers.getAll('sec-websocket-protocol');
  const proposed = new Set(lists.flatMap((list) => list.match(/[^\s,]+/g) ?? []));
  const passed = [...headers].filter(([name]) => /^(?:authorization|cookie|origin)$/i.test(name));
  await using back = await connectWebSocket(`ws://${to}${target}`, {
    protocols: [...proposed],
    headers: passed,
    signal,
    timeout: 5_000,
  }).catch((error: unknown) => {
    const isRefused = error instanceof WebSocketHandshakeError && error.status >= 400;
    throw new HttpProblem(isRefused ? error.status : 502, { detail: messageOf(error) });
  });
  const protocols = back.protocol === '' ? [] : [back.protocol];
  const front = await webSocket(request, context, { protocols });
  await Promise.all([pass(front, back), pass(back, front)]);
};

async function pass(from: WebSocket, into: WebSocket): Promise<void> {
  try {
    for await (const message of from) await into.send(message);
  } catch {
    // Either end says why, below.
  }
  const { code, reason, isClean } = await from.closed;
  if (isClean) await into.close(code === 1005 ? 1000 : code, reason);
  else into.reset();
}

const server = await serve(handler, { host, port, signal: interruption() });
sayListening(
  server.address,
  (address) =>
    `new WebSocket('ws://${address}') in a browser, with \`pnpm example ticker\` at ${to}`,
);
