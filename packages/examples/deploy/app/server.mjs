/**
 * The server that the files beside this folder run: in a container, under systemd, behind a proxy, in Kubernetes. It reads from the
 * environment what differs between them, answers with the address of its client, and ends at SIGTERM without losing a request.
 */

import { TcpListener } from '@awaitio/core';
import { HttpResponse, serve, withHealth } from '@awaitio/http';

const { env } = process;
const trusted = env.TRUSTED_PROXIES?.split(',');

/** systemd gives the socket that it listens on as descriptor 3, and says whose it is (sd_listen_fds). */
const isGivenSocket = env.LISTEN_FDS === '1' && env.LISTEN_PID === String(process.pid);

const handler = async (request) => {
  await request.bytes();
  return HttpResponse.text(String(request.remoteAddress));
};

const server = await serve(withHealth(handler), {
  ...(isGivenSocket
    ? { listener: await TcpListener.inherit(3, { maxConnections: 10_000 }) }
    : { host: env.HOST ?? '127.0.0.1', port: Number(env.PORT ?? 3000) }),
  ...(trusted === undefined ? {} : { proxyProtocol: { trusted } }),
});
console.log(`Listening on ${server.address}`);

let isStopping = false;
/** Serves on until the proxy has noticed, then finishes what is in progress. A process with the id 1 ends at no signal by itself. */
async function stop() {
  if (isStopping) return;
  isStopping = true;
  const { completed, aborted } = await server.shutdown({
    lameDuck: Number(env.LAME_DUCK ?? 0),
    grace: Number(env.GRACE ?? 20_000),
  });
  console.log(`Ended: ${completed} connections completed, ${aborted.length} cut`);
  process.exitCode = aborted.length === 0 ? 0 : 1;
}
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => void stop());
