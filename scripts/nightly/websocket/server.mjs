/**
 * One of the servers that are restarted: `node server.mjs PORT [WINDOW]`. It keeps each message before it acknowledges it; on
 * SIGTERM it shuts down, and prints its report and what it has kept.
 */
import { HttpResponse, serve, withHealth } from '../../../packages/http/dist/index.js';
import { webSocket } from '../../../packages/http/dist/websocket/index.js';

/** The numbers that each client's messages had. */
const kept = {};

const handler = async (request, context) => {
  if (request.headers.get('upgrade') === null) return HttpResponse.text('ready');
  const socket = await webSocket(request, context, { drain: { window: Number(process.argv[3]) } });
  for await (const message of socket) {
    const { client, number } = JSON.parse(message);
    (kept[client] ??= []).push(number);
    await socket.send(message);
  }
  return undefined;
};

const server = await serve(withHealth(handler), { port: Number(process.argv[2]) });

async function stop() {
  // Longer than the proxy needs to see that this server is not ready any more.
  const report = await server.shutdown({ lameDuck: 300, grace: 10_000 });
  console.log(JSON.stringify({ report, kept }));
}
process.once('SIGTERM', () => void stop());
console.log('ready');
