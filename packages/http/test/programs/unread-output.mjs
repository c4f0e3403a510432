/** A server whose handler fails, after stdout and stderr were closed at their other end; the answers go over IPC. */
import { accessLog, HttpClient, serve } from '@awaitio/http';

process.on('uncaughtException', (error) => process.send?.(`uncaught: ${error.message}`));
const server = await serve(
  () => {
    throw new Error('planned');
  },
  { onEvent: accessLog() },
);
await new Promise((resolve) => process.once('message', resolve));
const client = new HttpClient();
const statuses = [];
for (let turn = 0; turn < 3; turn += 1) {
  const response = await client.get(server.url);
  await response.text();
  statuses.push(response.status);
}
await client.close();
await server.shutdown();
process.send?.(statuses.join(' '));
process.disconnect?.();
