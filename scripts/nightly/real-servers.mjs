/**
 * The client against servers and proxies that people run, over http and https with a private authority: Python's http.server, nginx,
 * HAProxy, Node, Bun and Deno; and through tinyproxy and squid.
 *
 *   node scripts/nightly/real-servers.mjs [--requests 500] [--only NAME] [--bun PATH] [--deno PATH]
 *
 * Each server gets a file whole, a range of it, HEAD, what is not there, many requests at once over few connections, requests with
 * pauses in which it ends its connections, uploads that are given up, and POSTs that must arrive once; what comes is compared byte by
 * byte. What is not installed is left out, and said (Debian: apt-get install python3 nginx-light haproxy tinyproxy squid; npm: bun, deno).
 * Needs a build (`pnpm build`). Everything is on 127.0.0.1.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { HttpClient } from '../../packages/http/dist/index.js';
import { checkServer } from './real-servers/check-server.mjs';
import { application } from './real-servers/echo-app.mjs';
import { squid, tinyproxy } from './real-servers/proxies.mjs';
import {
  authority,
  certificate,
  check,
  cleanUp,
  config,
  equal,
  files,
  folder,
  freePort,
  isInstalled,
  report,
  start,
} from './real-servers/support.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '500' },
    only: { type: 'string' },
    bun: { type: 'string', default: 'bun' },
    deno: { type: 'string', default: 'deno' },
  },
});
const requests = Number(values.requests);
const tls = { ca: authority.cert };
const here = (name) => fileURLToPath(new URL(`real-servers/${name}`, import.meta.url));
const at = (port, scheme = 'http') => `${scheme}://127.0.0.1:${port}/`;

const PYTHON = `
import functools, http.server, ssl, sys
port, files, cert, key = int(sys.argv[1]), *sys.argv[2:]
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=files)
handler.protocol_version = 'HTTP/1.1'
http.server.SimpleHTTPRequestHandler.protocol_version = 'HTTP/1.1'
server = http.server.ThreadingHTTPServer(('127.0.0.1', port), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`;

async function python() {
  if (!isInstalled('python3')) return 'python3';
  const port = await freePort();
  await start(port, 'python3', '-m', 'http.server', String(port), '-b', '127.0.0.1', '-d', files);
  await checkServer('Python', at(port), { requests });
  const secure = await freePort();
  const script = config('server.py', PYTHON);
  const { certFile, keyFile } = certificate;
  await start(secure, 'python3', script, String(secure), files, certFile, keyFile);
  // Its TLS ends connections without saying so.
  const options = { tls: { ...tls, requireCloseNotify: false } };
  await checkServer('Python, https and HTTP/1.1', at(secure, 'https'), { requests, options });
  return undefined;
}

/** nginx, and what stands before it. */
async function nginx() {
  const program = ['nginx', '/usr/sbin/nginx'].find((name) => isInstalled(name, '-v'));
  if (program === undefined) return 'nginx';
  const [port, secure] = [await freePort(), await freePort()];
  const { certFile, keyFile } = certificate;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const server = `root ${files}; default_type application/octet-stream; types { text/plain txt; }
    location /early { return 413; }
    location /moved { return 302 /small.txt; }`;
  const file = config(
    'nginx.conf',
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;
events {}
http {
  access_log off; keepalive_timeout 1s; gzip on; gzip_types text/plain; gzip_min_length 1;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; ${server} }
  server { listen 127.0.0.1:${secure} ssl; ssl_certificate ${certFile}; ssl_certificate_key ${keyFile}; ${server} }
}
`,
  );
  await start(port, program, '-c', file, '-p', folder);
  const has = ['ranges'];
  for (const scheme of ['http', 'https']) {
    const base = at(scheme === 'http' ? port : secure, scheme);
    await checkServer(`nginx, ${scheme}`, base, { requests, has });
    const client = new HttpClient({ baseUrl: base, tls });
    await check(`nginx, ${scheme}: gzip`, async () => {
      const response = await client.get('small.txt');
      equal(response.headers.get('content-encoding'), 'gzip', 'coding');
      equal(await response.text(), 'small', 'body');
    });
    await check(`nginx, ${scheme}: a large upload that is refused`, async () => {
      for (let time = 0; time < 10; time += 1) {
        const response = await client.post('early', new Uint8Array(2_000_000));
        equal(response.status, 413, 'status');
        await response.text();
      }
    });
    await client.close();
  }
  await check('nginx: a redirect', async () => {
    const client = new HttpClient();
    const response = await client.get(`${at(port)}moved`);
    equal(response.redirects, 1, 'redirects');
    equal(await response.text(), 'small', 'body');
    await client.close();
  });
  return haproxy(port);
}

async function haproxy(target) {
  if (!isInstalled('haproxy', '-v')) return 'haproxy';
  const [port, secure] = [await freePort(), await freePort()];
  const file = config(
    'haproxy.cfg',
    `defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  timeout http-keep-alive 1s
frontend front
  bind 127.0.0.1:${port}
  bind 127.0.0.1:${secure} ssl crt ${certificate.bothFile}
  default_backend servers
backend servers
  server one 127.0.0.1:${target}
`,
  );
  await start(port, 'haproxy', '-q', '-f', file, '-db');
  const has = ['ranges'];
  await checkServer('HAProxy, http', at(port), { requests, has });
  await checkServer('HAProxy, https', at(secure, 'https'), { requests, has });
  return undefined;
}

/** Node's servers, with the application of the others; the proxies lead to them. */
async function node() {
  const app = application(files);
  const answer = async (request, response) => {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const { method, url, headers } = request;
    const body = ['GET', 'HEAD'].includes(method) ? undefined : Buffer.concat(chunks);
    const given = await app(new Request(`http://node${url}`, { method, headers, body }));
    const bytes = Buffer.from(await given.arrayBuffer());
    response.writeHead(given.status, { 'Content-Length': bytes.length });
    response.end(method === 'HEAD' ? undefined : bytes);
  };
  const listener = (request, response) => void answer(request, response);
  const options = { keepAliveTimeout: 1_000 };
  const plain = createServer(options, listener).listen(0, '127.0.0.1');
  const secure = createHttps({ ...options, ...certificate }, listener).listen(0, '127.0.0.1');
  await Promise.all([once(plain, 'listening'), once(secure, 'listening')]);
  const bases = { http: at(plain.address().port), https: at(secure.address().port, 'https') };
  const has = ['echo'];
  await checkServer('Node, http', bases.http, { requests, has });
  await checkServer('Node, https', bases.https, { requests, has });
  await check('Node, https: an authority that is not known', async () => {
    const client = new HttpClient();
    const error = await client.get(bases.https).catch((reason) => reason);
    await client.close();
    equal(error?.name, 'CertificateError', 'error');
  });
  const missing = [await tinyproxy(bases, requests), await squid(bases, requests)];
  for (const server of [plain, secure]) {
    server.close();
    server.closeAllConnections();
  }
  return missing.filter((name) => name !== undefined).join(', ') || undefined;
}

/** Bun and Deno, by the way they are started. */
async function runtime(name, program, args) {
  if (!isInstalled(program)) return `${program} (give its path with --${name.toLowerCase()})`;
  const { certFile, keyFile } = certificate;
  const has = ['echo'];
  const [port, secure] = [await freePort(), await freePort()];
  await start(port, program, ...args, String(port), files);
  await checkServer(`${name}, http`, at(port), { requests, has });
  await start(secure, program, ...args, String(secure), files, certFile, keyFile);
  await checkServer(`${name}, https`, at(secure, 'https'), { requests, has });
  return undefined;
}

const RUNS = {
  python,
  nginx,
  node,
  bun: () => runtime('Bun', values.bun, [here('bun-server.mjs')]),
  deno: () => runtime('Deno', values.deno, ['run', '-A', here('deno-server.mjs')]),
};

try {
  for (const [name, run] of Object.entries(RUNS)) {
    if (values.only !== undefined && values.only !== name) continue;
    const missing = await run();
    if (missing !== undefined) console.log(`skip: ${missing} is not installed`);
  }
} finally {
  cleanUp();
}
process.exit(report());
