/** WebSockets to applications of fetch, in memory. */
import { MemoryListener } from '@awaitio/core';
import {
  HttpClient,
  serve,
  type FetchApplication,
  type HttpServer,
  type ServeOptions,
} from '../../src/index.ts';
import {
  connectWebSocket,
  type ConnectWebSocketOptions,
  type WebSocket,
} from '../../src/websocket/index.ts';

/** A server in memory, and what it reported. */
export interface Stage {
  readonly server: HttpServer;
  readonly client: HttpClient;
  readonly errors: unknown[];
  open(path?: string, options?: ConnectWebSocketOptions): Promise<WebSocket>;
}

/** Serves an application in memory, and shuts down; a shutdown that has to cut a connection fails the test. */
export async function staged(
  application: FetchApplication,
  body: (stage: Stage) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const listener = new MemoryListener();
  const errors: unknown[] = [];
  const server = await serve(application, {
    listener,
    onError: (error) => errors.push(error),
    ...options,
  });
  const client = new HttpClient({ connect: async () => listener.connect() });
  const open: Stage['open'] = (path = '/', more) =>
    connectWebSocket(`ws://memory${path}`, { client, ...more });
  let report;
  try {
    await body({ server, client, errors, open });
  } finally {
    await client.close();
    report = await server.shutdown();
  }
  if (report.aborted.length > 0) throw new Error('the shutdown had to cut a connection');
}

/** All messages until the end, and the end. */
export async function readToEnd(socket: WebSocket): Promise<[unknown[], number, string]> {
  const messages: unknown[] = [];
  for await (const message of socket) messages.push(message);
  const { code, reason } = await socket.closed;
  return [messages, code, reason];
}
