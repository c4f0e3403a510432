/**
 * Packs the published packages as a release would, and looks at the tarballs as a user would: publint and
 * are-the-types-wrong read them, npm installs them into an empty project, and plain node imports every entry.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pnpm, root, run, tool } from './lib/run.mjs';

const PACKAGES = ['core', 'http'];
const scratch = mkdtempSync(join(tmpdir(), 'awaitio-pack-'));
let failures = 0;

async function step(title, command, options) {
  const { ok, output } = await run(command, { ...options, quiet: true });
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${title}`);
  if (!ok) {
    failures += 1;
    console.error(output);
  }
  return output;
}

/** What the smoke project runs: every entry loads, and if there is a server it answers. */
const SMOKE = `
const names = JSON.parse(process.argv[2]);
for (const name of names) {
  const entry = await import(name);
  console.log(name, Object.keys(entry).length, 'exports');
}
// A bundle exports what its modules do: no less, and nothing that they share among themselves.
for (const [name, modules] of Object.entries(JSON.parse(process.argv[3]))) {
  const [got, expected] = [await import(name), await import(modules)].map((m) => Object.keys(m).sort().join());
  if (got !== expected) throw new Error(name + ' exports ' + got + ' and not ' + expected);
}
// A site names the caller's line, which is in this file, and no line of awaitio's.
const { traceWaits } = await import('@awaitio/core');
const { memoryPair } = await import('@awaitio/core/testing');
traceWaits(true);
const [near, far] = memoryPair();
const reading = far.readChunk();
const site = far.statistics().waits[0]?.site ?? '';
traceWaits(false);
await near.close();
await reading;
await far.close();
if (!/smoke\\.js:\\d+:\\d+/.test(site.split('\\n')[0]) || site.includes('@awaitio')) {
  throw new Error('expected a site in smoke.js, got ' + site);
}
const { serve, echo } = await import('@awaitio/http');
if (serve !== undefined && echo !== undefined) {
  const server = await serve(echo(), { host: '127.0.0.1', port: 0 });
  const response = await fetch(server.url, { method: 'POST', body: 'packed' });
  const text = await response.text();
  await server.shutdown({ grace: 1000 });
  if (text !== 'echo: packed') throw new Error('the packed server answered ' + text);
}
`;

try {
  const tarballs = [];
  const entries = [];
  /** What is imported in this repository under the name of an entry. */
  const unbundled = {};
  for (const name of PACKAGES) {
    const cwd = join(root, 'packages', name);
    const destination = join(scratch, name);
    mkdirSync(destination);
    await step(`pack ${name}`, pnpm('pack', '--pack-destination', destination), { cwd });
    const [tarball] = readdirSync(destination);
    if (tarball === undefined) continue;
    const path = join(destination, tarball);
    tarballs.push(path);
    await step(`publint ${name}`, [tool('publint'), 'run', path, '--strict']);
    await step(`attw ${name}`, [
      tool('attw'),
      path,
      '--profile',
      'esm-only',
      '--no-definitely-typed',
      '--no-color',
      '--no-emoji',
    ]);
    const manifest = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
    for (const key of Object.keys(manifest.publishConfig.exports)) {
      if (key.endsWith('.json')) continue;
      const entry = manifest.name + key.slice(1);
      entries.push(entry);
      unbundled[entry] = pathToFileURL(join(cwd, manifest.exports[key].default)).href;
    }
  }

  const project = join(scratch, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(join(project, 'smoke.js'), SMOKE);
  await step(
    'install the tarballs into an empty project',
    [
      'npm',
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--ignore-scripts',
      ...tarballs,
    ],
    { cwd: project, timeout: 120_000 },
  );
  const packed = readdirSync(join(project, 'node_modules/@awaitio'));
  for (const name of packed) {
    const files = readdirSync(join(project, 'node_modules/@awaitio', name), { recursive: true });
    const strays = files.filter((file) => /\.test\.|\.tsbuildinfo$/.test(file));
    if (strays.length > 0) {
      failures += 1;
      console.error(`FAIL ${name} ships ${strays.join(', ')}`);
    }
  }
  const output = await step(
    'import every entry under plain node',
    [process.execPath, 'smoke.js', JSON.stringify(entries), JSON.stringify(unbundled)],
    { cwd: project, timeout: 30_000 },
  );
  console.log(output.trimEnd());
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
