/** One of the servers behind the proxy: `node server.mjs PORT`. Says who asked; drains on SIGTERM. */
import { HttpResponse, serve, withHealth } from '../../../packages/http/dist/index.js';

const handler = async (request) => {
  await request.bytes();
  return HttpResponse.text(String(request.remoteAddress));
};

const server = await serve(withHealth(handler), {
  port: Number(process.argv[2]),
  proxyProtocol: { trusted: ['127.0.0.1'] },
});
async function stop() {
  // Longer than the proxy needs to see that this server is not ready any more.
  const report = await server.shutdown({ lameDuck: 600, grace: 5_000 });
  console.log(JSON.stringify(report));
}
process.once('SIGTERM', () => void stop());
console.log('ready');
