/**
 * Packs the published packages as a release would, and uses the tarballs as users would: in projects outside of the
 * workspace, installed by plain npm. Each step is one line, `ok` or `FAIL`.
 *
 *   node scripts/pack.mjs                          what the gate runs
 *   node scripts/pack.mjs --all                    every compiler, bundler and runtime
 *   node scripts/pack.mjs --nodes 20,22,24,26      the smoke tests on these versions of Node, which npm downloads
 *   node scripts/pack.mjs --update                 writes scripts/pack/entries.json: what each entry loads
 *
 * The build must be fresh.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { pnpm, root, run, tool } from './lib/run.mjs';
import { examine } from './pack/tarball.mjs';
import {
  NODE_TYPES,
  OUTPUT,
  PROGRAM,
  RESOLUTIONS,
  tsconfig,
  TYPESCRIPTS,
} from './pack/typescript.mjs';

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    nodes: { type: 'string', default: '' },
    update: { type: 'boolean', default: false },
  },
});

const PACKAGES = ['core', 'http'];
/** What `@awaitio/http/otel` needs; the other entries need nothing. */
const PEER = '@opentelemetry/api@1';
/** OpenTelemetry’s SDK: only here, as it is larger than every other package that the tests need. */
const SDK = ['context-async-hooks', 'core', 'sdk-metrics', 'sdk-trace-base'].map(
  (name) => `@opentelemetry/${name}@2`,
);
const ENTRIES = join(root, 'scripts/pack/entries.json');
/** How much an entry may grow before the check fails. */
const GROWTH = 1.05;
const consumers = join(root, 'scripts/pack/consumers');
const scratch = mkdtempSync(join(tmpdir(), 'awaitio-pack-'));
const begun = Date.now();
let failures = 0;

function report(ok, title, detail = '') {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${title}`);
  if (ok) return;
  failures += 1;
  console.error(detail);
}

/** Runs a command to its end; `expected` is what it has to print. */
async function step(title, command, { expected, ...how } = {}) {
  const start = Date.now();
  const { ok, output } = await run(command, { timeout: 180_000, ...how, quiet: true });
  const took = ((Date.now() - start) / 1_000).toFixed(1);
  const isExpected = ok && (expected === undefined || output.includes(expected));
  report(isExpected, `${title} (${took} s)`, output);
  return isExpected;
}

/** An empty project with these files, and with these packages installed. */
async function project(name, files, packages) {
  const cwd = join(scratch, name);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), '{ "private": true, "type": "module" }\n');
  for (const file of files) copyFileSync(join(consumers, file), join(cwd, file));
  const command = ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline'];
  await step(`npm install: ${name}`, [...command, '--ignore-scripts', ...packages], { cwd });
  return cwd;
}

/** @returns The tarball of a package, and what is imported in this repository under the names of its entries. */
async function pack(name) {
  const cwd = join(root, 'packages', name);
  const destination = join(scratch, 'tarballs', name);
  mkdirSync(destination, { recursive: true });
  await step(`pack ${name}`, pnpm('pack', '--pack-destination', destination), { cwd });
  const [file] = readdirSync(destination);
  const path = join(destination, file);
  const manifest = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  const modules = Object.entries(manifest.exports)
    .filter(([key]) => !key.endsWith('.json'))
    .map(([key, target]) => [
      manifest.name + key.slice(1),
      pathToFileURL(join(cwd, target.default)).href,
    ]);
  return { path, modules };
}

async function lint(name, path) {
  await step(`publint ${name}`, [tool('publint'), 'run', path, '--strict']);
  const plain = ['--no-definitely-typed', '--no-color', '--no-emoji'];
  await step(`attw ${name}`, [tool('attw'), path, '--profile', 'esm-only', ...plain]);
}

/** Compares what the entries load with what entries.json records. */
function compareEntries(entries) {
  if (options.update) writeFileSync(ENTRIES, `${JSON.stringify(entries, null, 2)}\n`);
  const known = JSON.parse(readFileSync(ENTRIES, 'utf8'));
  for (const [name, { kilobytes, ...entry }] of Object.entries(entries)) {
    const { kilobytes: before = 0, ...expected } = known[name] ?? {};
    const same = JSON.stringify(entry) === JSON.stringify(expected);
    const isSmall = kilobytes <= before * GROWTH;
    const detail = `expected ${JSON.stringify(known[name])}\ngot      ${JSON.stringify(entries[name])}\nIf that is wanted: node scripts/pack.mjs --update`;
    report(same && isSmall, `${name} loads ${entry.loads.length} file(s), ${kilobytes} KB`, detail);
  }
}

const node = process.execPath;

/** The smoke tests, by the given Node. */
async function smoke(cwd, label, program, modules) {
  const own = modules === undefined ? [] : [JSON.stringify(Object.fromEntries(modules))];
  await step(`ES modules, ${label}`, [program, 'smoke.mjs', ...own], { cwd });
  await step(`CommonJS, ${label}`, [program, 'smoke.cjs'], { cwd });
}

/** With the newest types of Node: they change from version to version, and a declaration of ours may use what did. */
async function checkNewestTypes(cwd) {
  writeFileSync(join(cwd, 'program.ts'), PROGRAM);
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify(tsconfig(RESOLUTIONS.nodenext, 'out')));
  const command = [node, bin(cwd, 'tsc'), '-p', '.', '--noEmit'];
  await step(`declarations, with ${NODE_TYPES.newest}`, command, { cwd });
}

async function compile(cwd, label, version) {
  for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
    if (!options.all && name !== 'nodenext') continue;
    const out = `out/${label}-${name}`;
    writeFileSync(join(cwd, `${label}-${name}.json`), JSON.stringify(tsconfig(resolution, out)));
    const tsc = join(cwd, 'node_modules', `typescript-${label}`, 'bin/tsc');
    const title = `TypeScript ${version}, ${name}`;
    if (await step(title, [node, tsc, '-p', `${label}-${name}.json`], { cwd })) {
      await step(`${title}: runs`, [node, `${out}/program.js`], { cwd, expected: OUTPUT });
    }
  }
}

/** Runs what a bundler has made in a folder that has no node_modules, here or above. */
async function bundled(cwd, label, command) {
  const folder = join(scratch, 'bundled', label);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  if (!(await step(`${label} makes a bundle`, command(folder), { cwd }))) return;
  const [main] = readdirSync(folder).filter((file) => file.startsWith('program.'));
  await step(`${label}: the bundle runs without node_modules`, [node, main], {
    cwd: folder,
    expected: 'echo: bundled HTTP/1.1 400',
  });
}

const bin = (cwd, name) => join(cwd, 'node_modules/.bin', name);

async function runBundlers(cwd) {
  const esbuild = (...args) => [
    bin(cwd, 'esbuild'),
    'program.mjs',
    '--bundle',
    '--platform=node',
    '--log-level=warning',
    ...args,
  ];
  await bundled(cwd, 'esbuild', (folder) =>
    esbuild('--format=esm', '--target=node20', `--outfile=${folder}/program.mjs`),
  );
  await bundled(cwd, 'esbuild, CommonJS', (folder) => [
    bin(cwd, 'esbuild'),
    'program-cjs.mjs',
    '--bundle',
    '--platform=node',
    '--log-level=warning',
    `--outfile=${folder}/program.cjs`,
  ]);
  if (!options.all) return;
  await bundled(cwd, 'esbuild, split', (folder) =>
    esbuild('--format=esm', '--splitting', '--out-extension:.js=.mjs', `--outdir=${folder}`),
  );
  await bundled(cwd, 'rolldown', (folder) => [
    bin(cwd, 'rolldown'),
    'program.mjs',
    '--format=esm',
    '--platform=node',
    `--dir=${folder}`,
  ]);
}

/** Milliseconds: more than the patience of `checkStream`, which says what it missed; and more than a busy machine needs. */
const TEST_LIMIT = 60_000;

async function runTestRunners(cwd) {
  const vitest = join(cwd, 'node_modules/vitest/vitest.mjs');
  await step(
    'Vitest, fake timers',
    [node, vitest, 'run', 'vitest.test.mjs', `--testTimeout=${TEST_LIMIT}`],
    { cwd },
  );
  writeFileSync(
    join(cwd, 'jest.config.json'),
    JSON.stringify({
      testMatch: ['**/jest.test.mjs'],
      testTimeout: TEST_LIMIT,
      transform: {},
      moduleFileExtensions: ['js', 'mjs', 'cjs', 'json', 'node'],
    }),
  );
  const jest = join(cwd, 'node_modules/jest/bin/jest.js');
  await step('Jest, fake timers', [node, '--experimental-vm-modules', jest, '-i'], { cwd });
}

/** Other runtimes, where they are installed: for the bench, or on the path. */
async function runRuntimes(cwd) {
  const bench = join(root, 'bench/dist/process/runtimes.js');
  const installed = existsSync(bench) ? await import(pathToFileURL(bench).href) : {};
  for (const [name, ...args] of [['bun'], ['deno', 'run', '--allow-all']]) {
    const program = installed[name]?.path ?? name;
    const { ok } = await run([program, '--version'], { quiet: true });
    if (!ok) console.log(`skip ES modules, ${name}: not installed`);
    else await step(`ES modules, ${name}`, [program, ...args, 'smoke.mjs'], { cwd });
  }
}

async function runNode(version, tarballs) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const binary = `node-${platform}-${process.arch}`;
  const files = ['checks.mjs', 'smoke.mjs', 'smoke.cjs'];
  const cwd = await project(`Node ${version}`, files, [`${binary}@${version}`, ...tarballs, PEER]);
  const program = join(
    cwd,
    'node_modules',
    binary,
    'bin',
    platform === 'win' ? 'node.exe' : 'node',
  );
  if (!existsSync(program)) return report(false, `Node ${version}`, `${program} is not there`);
  const { output } = await run([program, '--version'], { quiet: true });
  return smoke(cwd, `Node ${output.trim()}`, program);
}

try {
  const packed = await Promise.all(PACKAGES.map(pack));
  const tarballs = packed.map(({ path }) => path);
  const modules = packed.flatMap((each) => each.modules);

  const labels = Object.keys(TYPESCRIPTS).filter((label) => options.all || label === 'usual');
  const compilers = labels.map(
    (label) => `typescript-${label}@npm:typescript@${TYPESCRIPTS[label]}`,
  );
  const tools = [NODE_TYPES.oldest, 'esbuild@0.28', 'vitest@4', 'jest@30', '@jest/globals@30'];
  const bundlers = options.all ? ['rolldown@1'] : [];
  const [alone, equipped, observed, newest] = await Promise.all([
    project('nothing else', ['checks.mjs', 'smoke.mjs', 'smoke.cjs'], [...tarballs, PEER]),
    project(
      'with tools',
      ['checks.mjs', 'program.mjs', 'program-cjs.mjs', 'vitest.test.mjs', 'jest.test.mjs'],
      [...tarballs, ...compilers, ...bundlers, ...tools],
    ),
    project('with OpenTelemetry', ['checks.mjs', 'opentelemetry.mjs'], [...tarballs, PEER, ...SDK]),
    project(
      'with the newest types',
      [],
      [...tarballs, NODE_TYPES.newest, `typescript@${TYPESCRIPTS.usual}`],
    ),
    // While npm waits for its registry.
    ...PACKAGES.map((name, at) => lint(name, tarballs[at])),
  ]);

  const entries = {};
  for (const name of PACKAGES) {
    const examined = examine(join(alone, 'node_modules/@awaitio', name));
    Object.assign(entries, examined.entries);
    const tarball = tarballs.find((path) => basename(path).includes(name));
    const sizes = [statSync(tarball).size, examined.bytes].map((bytes) =>
      Math.round(bytes / 1_024),
    );
    const title = `what is in ${name}: ${sizes[0]} KB packed, ${sizes[1]} KB unpacked`;
    report(examined.complaints.length === 0, title, examined.complaints.join('\n'));
  }
  compareEntries(entries);

  writeFileSync(join(equipped, 'program.ts'), PROGRAM);
  await Promise.all([
    (async () => {
      await smoke(alone, `Node ${process.version}`, node, modules);
      await step('OpenTelemetry’s SDK', [node, 'opentelemetry.mjs'], { cwd: observed });
      await runBundlers(equipped);
      for (const label of labels) await compile(equipped, label, TYPESCRIPTS[label]);
      await checkNewestTypes(newest);
    })(),
    (async () => {
      await runTestRunners(equipped);
      if (options.all) await runRuntimes(alone);
    })(),
  ]);
  for (const version of options.nodes.split(',').filter(Boolean)) await runNode(version, tarballs);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`pack: ${failures} failed, ${Math.round((Date.now() - begun) / 1_000)} s`);
process.exitCode = failures === 0 ? 0 : 1;
