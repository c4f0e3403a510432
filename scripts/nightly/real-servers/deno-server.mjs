/** Deno's server: `deno run -A deno-server.mjs PORT FILES [CERT KEY]`. */
import { readFileSync } from 'node:fs';
import { application } from './echo-app.mjs';

const runtime = Deno;
const [port, files, cert, key] = runtime.args;
const tls =
  cert === undefined ? {} : { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
runtime.serve({ port: Number(port), hostname: '127.0.0.1', ...tls }, application(files));
