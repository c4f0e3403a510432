/**
 * How far the memory of a server grows while it sends 1 GiB of a file by `staticFiles`.
 *
 *   node scripts/nightly/large-file.mjs [--goal 16] [--megabytes 1024] [--warm-up 64] [--tls] [--clients 1]
 *
 * The file is sparse. The server is a separate process, which samples its resident memory every 5 ms; growth is from the time before
 * the download to the peak. As many megabytes as `--warm-up` says were sent before, by a range; with 0 the growth includes what V8 takes
 * once to compile the parser, some 30 MiB. `--goal` is in MiB: more growth is a failure. Needs a build (`pnpm build`), curl, and for `--tls` openssl. Everything is
 * on 127.0.0.1.
 */
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MIB = 2 ** 20;

if (process.argv[2] === 'serve') await server(...process.argv.slice(3));
else {
  const { values } = parseArgs({
    options: {
      goal: { type: 'string', default: '16' },
      megabytes: { type: 'string', default: '1024' },
      'warm-up': { type: 'string', default: '64' },
      tls: { type: 'boolean', default: false },
      clients: { type: 'string', default: '1' },
    },
  });
  const size = Number(values.megabytes) * MIB;
  const warmUp = Number(values['warm-up']) * MIB;
  const folder = mkdtempSync(join(tmpdir(), 'awaitio-large-'));
  writeFileSync(join(folder, 'file.bin'), '');
  truncateSync(join(folder, 'file.bin'), size);
  if (values.tls) makeCertificate(folder);
  const child = fork(fileURLToPath(import.meta.url), ['serve', folder, values.tls ? 'tls' : '']);
  try {
    const [port] = await once(child, 'message');
    const url = `${values.tls ? 'https' : 'http'}://127.0.0.1:${port}/file.bin`;
    if (warmUp > 0) await download(url, warmUp, ['--range', `0-${warmUp - 1}`]);
    await ask(child, 'begin');
    const since = performance.now();
    const clients = Array.from({ length: Number(values.clients) }, () => download(url, size, []));
    await Promise.all(clients);
    const seconds = (performance.now() - since) / 1_000;
    const { start, peak, end } = await ask(child, 'end');
    const growth = (peak - start) / MIB;
    const rate = ((size * clients.length) / MIB / seconds).toFixed(0);
    const shown = [start, peak, end].map((bytes) => (bytes / MIB).toFixed(1));
    console.log(
      `Node ${process.versions.node}${values.tls ? ', TLS' : ''}, after ${values['warm-up']} MiB: ` +
        `${shown[0]} MiB before, ${shown[1]} at the peak, ${shown[2]} after; growth ${growth.toFixed(1)} MiB; ${rate} MiB/s`,
    );
    if (growth >= Number(values.goal)) {
      console.log(`failed: expected less than ${values.goal} MiB`);
      process.exitCode = 1;
    }
  } finally {
    child.kill();
    rmSync(folder, { recursive: true });
  }
}

async function server(folder, kind) {
  const [{ TlsListener }, { serve }, { staticFiles }] = await Promise.all([
    import('../../packages/core/dist/index.js'),
    import('../../packages/http/dist/index.js'),
    import('../../packages/http/dist/batteries/index.js'),
  ]);
  const read = (name) => readFileSync(join(folder, name));
  const listener =
    kind === 'tls'
      ? await TlsListener.bind(
          { port: 0, host: '127.0.0.1' },
          { cert: read('cert.pem'), key: read('key.pem') },
        )
      : undefined;
  const running = await serve(
    staticFiles(folder),
    listener === undefined ? { port: 0 } : { listener },
  );
  let start = 0;
  let peak = 0;
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  process.on('message', (message) => {
    if (message === 'begin') {
      start = peak = process.memoryUsage.rss();
      setInterval(sample, 5);
      process.send('begun');
      return;
    }
    sample();
    process.send({ start, peak, end: process.memoryUsage.rss() });
  });
  process.send(running.address.port);
}

async function ask(child, message) {
  const answer = once(child, 'message');
  child.send(message);
  return (await answer)[0];
}

async function download(url, bytes, options) {
  const format = ['--write-out', '%{size_download}', '--output', '/dev/null'];
  const curl = spawn(
    'curl',
    ['--silent', '--show-error', '--insecure', ...format, ...options, url],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  curl.stdout.on('data', (chunk) => (text += chunk));
  const [status] = await once(curl, 'close');
  if (status !== 0 || Number(text) !== bytes) {
    throw new Error(`curl ended with ${status} after ${text} of ${bytes} bytes`);
  }
}

function makeCertificate(folder) {
  const out = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
      ...out,
    ],
    { stdio: 'ignore' },
  );
}
