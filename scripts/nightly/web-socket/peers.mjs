/** Who takes part: how each is started as a client, and as a server. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where the URL stands in the command of a client; otherwise at its end. The port is at the end of a server's. */
export const URL_HERE = 'URL';

export const isInstalled = (program, ...args) => spawnSync(program, args).status === 0;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const node = (name) => [process.execPath, here(name)];

/** The Python of the system has what Debian's packages bring; another may come first on the PATH. */
const pythons = ['python3', '/usr/bin/python3'];
const require = createRequire(new URL('../../../packages/http/package.json', import.meta.url));
const bench = new URL('../../../bench/dist/process/runtimes.js', import.meta.url);
const runtimes = existsSync(bench) ? await import(bench.href) : {};

function python(module) {
  const has = (program) => isInstalled(program, '-c', `import ${module}`);
  const program = pythons.find(has);
  return {
    name: `${module} (Python)`,
    isThere: () => program !== undefined,
    client: [program, here(`client-${module}.py`)],
    server: [program, here(`server-${module}.py`)],
    lacks: [],
  };
}

/** @param lacks - What its API cannot send. */
function runtime(name, lacks, ...args) {
  const program = runtimes[name.toLowerCase()]?.path ?? name.toLowerCase();
  return {
    name,
    isThere: () => isInstalled(program, '--version'),
    client: [program, ...args, here('web-client.mjs')],
    server: [program, ...args, here(`server-${name.toLowerCase()}.mjs`)],
    lacks,
  };
}

export const PEERS = [
  python('websockets'),
  python('autobahn'),
  {
    name: 'ws',
    isThere: () => true,
    client: node('client-ws.mjs'),
    server: node('server-ws.mjs'),
    lacks: [],
  },
  {
    name: 'undici',
    isThere: () => true,
    client: [...node('web-client.mjs'), URL_HERE, pathToFileURL(require.resolve('undici')).href],
  },
  {
    name: 'Node',
    isThere: () => globalThis.WebSocket !== undefined,
    client: node('web-client.mjs'),
  },
  runtime('Bun', ['fragments']),
  runtime('Deno', ['fragments', 'pings'], 'run', '--allow-all', '--quiet'),
];
