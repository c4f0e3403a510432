/** Bun's server: `bun bun-server.mjs PORT FILES [CERT KEY]`. */
import { readFileSync } from 'node:fs';
import { application } from './echo-app.mjs';

const [port, files, cert, key] = process.argv.slice(2);
const tls = cert === undefined ? {} : { tls: { cert: readFileSync(cert), key: readFileSync(key) } };
Bun.serve({
  port: Number(port),
  hostname: '127.0.0.1',
  idleTimeout: 1,
  fetch: application(files),
  ...tls,
});
