/**
 * How far the memory of a server grows while it sends 1 GiB of a file by `staticFiles`, beside node:http with a stream of the file.
 *
 *   node scripts/nightly/large-file.mjs [--goal 16] [--megabytes 1024] [--rounds 1] [--clients 1] [--only NAME]
 *
 * Each server is a process that only serves; curl asks, over TCP and over TLS. It samples its memory every 5 ms, and growth is from
 * the time before the download to the peak: of resident memory, and of the parts that V8 knows. Three starts:
 *
 * - `warm`: 64 MiB were sent before, by a range;
 * - `after a request`: one byte was sent two seconds before, so that V8 has compiled the parser;
 * - `first`: nothing was sent before. What V8 takes once to optimize the one large function of llhttp is part of the growth, and
 *   released soon; and so is the young generation of its heap, which it makes larger at the beginning. `first, without V8's share`
 *   has neither (`--liftoff-only`, semi-spaces of 1 MiB), and `first, of one byte` has nothing else: the file is not sent.
 *
 * `--goal` is in MiB: more growth of awaitio is a failure, except in `first`. The file is sparse. Needs a build (`pnpm build`),
 * curl and openssl. Everything is on 127.0.0.1.
 */
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createReadStream,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
  readFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MIB = 2 ** 20;
const COMPILED_AFTER = 2_000;
const V8_APART = ['--liftoff-only', '--min-semi-space-size=1', '--max-semi-space-size=1'];

if (process.argv[2] === 'serve') await server(...process.argv.slice(3));
else {
  const { values } = parseArgs({
    options: {
      goal: { type: 'string', default: '16' },
      megabytes: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '1' },
      clients: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'awaitio-large-'));
  const size = Number(values.megabytes) * MIB;
  writeFileSync(join(folder, 'file.bin'), '');
  truncateSync(join(folder, 'file.bin'), size);
  makeCertificate(folder);
  const starts = [
    ['warm', 64 * MIB, [], true],
    ['after a request', 1, [], true],
    ["first, without V8's share", 0, V8_APART, true],
    ['first', 0, [], false],
    ['first, of one byte', 0, [], false],
  ];
  try {
    for (const [start, before, flags, isJudged] of starts) {
      for (const carrier of ['TCP', 'TLS']) {
        for (const peer of ['awaitio', 'node:http']) {
          const name = [peer, carrier, start].join(', ');
          if (!name.includes(values.only)) continue;
          const run = {
            folder,
            size: start.endsWith('of one byte') ? 1 : size,
            peer,
            carrier,
            before,
            flags,
            clients: Number(values.clients),
          };
          for (let round = 0; round < Number(values.rounds); round += 1) {
            const growth = await measure(name, run);
            if (peer !== 'awaitio' || !isJudged || growth < Number(values.goal)) continue;
            console.log(`failed: expected less than ${values.goal} MiB`);
            process.exitCode = 1;
          }
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns by how many MiB its resident memory has grown */
async function measure(name, { folder, size, peer, carrier, before, flags, clients }) {
  const child = fork(fileURLToPath(import.meta.url), ['serve', folder, peer, carrier], {
    execArgv: flags,
  });
  try {
    const [port] = await once(child, 'message');
    const url = `${carrier === 'TLS' ? 'https' : 'http'}://127.0.0.1:${port}/file.bin`;
    if (before > 0) await download(url, before, ['--range', `0-${before - 1}`]);
    if (before === 1) await sleep(COMPILED_AFTER);
    await ask(child, 'begin');
    const since = performance.now();
    const range = size === 1 ? ['--range', '0-0'] : [];
    await Promise.all(Array.from({ length: clients }, () => download(url, size, range)));
    // The parser is compiled behind the response.
    if (size === 1) await sleep(COMPILED_AFTER);
    const seconds = (performance.now() - since) / 1_000;
    const { first, peak, last } = await ask(child, 'end');
    const shown = Object.keys(first).map((part) => {
      const [from, to, end] = [first, peak, last].map((sample) => (sample[part] / MIB).toFixed(1));
      return `${part} ${(to - from).toFixed(1)} (${from}, ${to}, ${end})`;
    });
    const rate = ((size * clients) / MIB / seconds).toFixed(0);
    console.log(`Node ${process.versions.node}, ${name}: ${shown.join(', ')}; ${rate} MiB/s`);
    return (peak.rss - first.rss) / MIB;
  } finally {
    child.kill();
  }
}

async function server(folder, peer, carrier) {
  const port =
    peer === 'awaitio' ? await serveAwaitio(folder, carrier) : await serveNode(folder, carrier);
  let first;
  const peak = {};
  const sample = () => {
    const { rss, heapTotal, external, arrayBuffers } = process.memoryUsage();
    const now = { rss, heapTotal, external, arrayBuffers };
    for (const [part, bytes] of Object.entries(now)) peak[part] = Math.max(peak[part] ?? 0, bytes);
    return now;
  };
  process.on('message', (message) => {
    if (message === 'begin') {
      first = sample();
      setInterval(sample, 5);
      process.send('begun');
    } else process.send({ first, last: sample(), peak });
  });
  process.once('disconnect', () => process.exit());
  process.send(port);
}

async function serveAwaitio(folder, carrier) {
  const [{ TlsListener }, { serve }, { staticFiles }] = await Promise.all([
    import('../../packages/core/dist/index.js'),
    import('../../packages/http/dist/index.js'),
    import('../../packages/http/dist/batteries/index.js'),
  ]);
  const address = { port: 0, host: '127.0.0.1' };
  const listener =
    carrier === 'TLS' ? await TlsListener.bind(address, identity(folder)) : undefined;
  const running = await serve(
    staticFiles(folder),
    listener === undefined ? { port: 0 } : { listener },
  );
  return running.address.port;
}

async function serveNode(folder, carrier) {
  const file = join(folder, 'file.bin');
  const answer = (request, response) => {
    const end = /^bytes=0-(\d+)$/.exec(request.headers.range ?? '')?.[1];
    if (end !== undefined) response.writeHead(206);
    createReadStream(file, end === undefined ? {} : { end: Number(end) }).pipe(response);
  };
  const running =
    carrier === 'TLS' ? createSecureServer(identity(folder), answer) : createServer(answer);
  running.listen(0, '127.0.0.1');
  await once(running, 'listening');
  return running.address().port;
}

function identity(folder) {
  const read = (name) => readFileSync(join(folder, name));
  return { cert: read('cert.pem'), key: read('key.pem') };
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
  const subject = ['-days', '1', '-subj', '/CN=localhost'];
  const options = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...out];
  execFileSync('openssl', options, { stdio: 'ignore' });
}
