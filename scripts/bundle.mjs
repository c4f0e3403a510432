/**
 * Joins the modules of the published packages into a few files, `dist/bundle/`: what `publishConfig.exports` names.
 *
 * A package of small modules reads well and loads slowly: Node spends most of a millisecond on each. Joined, both
 * packages load in about a quarter of the time (`pnpm bench --only start`). What is joined in from other packages stands in
 * `INLINED`, with its licence in the same folder. Nothing but the number of files changes: nothing is minified, and
 * source maps lead to `src/`, which is in the package.
 *
 * llhttp's two builds become files beside the bundle, so that neither is read before a parser is needed. They are `.cjs`:
 * one call reads such a file on every Node, and a bundler that follows `import()` takes it along.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'rolldown';
import { root } from './lib/run.mjs';

/** The entries of each package: those of its `exports`. They share chunks, so that a class is the same in all of them. */
const ENTRIES = {
  core: ['index', 'lowlevel', 'sync/index', 'testing/index'],
  http: [
    'index',
    'batteries/index',
    'contract/index',
    'otel/index',
    'websocket/index',
    'adapters/hono/index',
    'adapters/crossws/index',
    'inspect/index',
  ],
};

/**
 * Packages that become part of the bundle, with what they stand on: they are small, nothing of them shows, and found in
 * `node_modules` they take as long to load as all of `@awaitio/core`.
 */
const INLINED = new Set(['p-queue', 'p-timeout', 'eventemitter3', 'mrmime']);

/**
 * What an entry shares with another, or with a module that is loaded later, and does not export: in a separate chunk, or
 * the entry would export it, under a name of one letter.
 */
const SHARED = [
  { name: 'options', test: /packages[\\/]http[\\/]src[\\/]server[\\/]options\.ts$/ },
  // What the entries of http share: one file.
  {
    name: 'message',
    test: /packages[\\/]http[\\/]src[\\/](?:(?:message|observing|proxy-protocol|tracing|protocol[\\/]vocabulary)[\\/]|driver[\\/]stall-watch\.ts$|client[\\/]response(?:-errors)?\.ts$)/,
  },
  // The WebSocket, which the adapters of other libraries share with its entry.
  {
    name: 'web-socket',
    test: /packages[\\/]http[\\/]src[\\/]websocket[\\/](?!index\.ts|connect\.ts|browser-web-socket\.ts|compression[\\/](?!compression-options))/,
  },
  { name: 'socket-events', test: /packages[\\/]http[\\/]src[\\/]adapters[\\/]socket-events[\\/]/ },
  // What every entry of core waits with: one file, where sharing alone would make four.
  {
    name: 'waiting',
    test: /packages[\\/]core[\\/]src[\\/](?:waiting[\\/]|vocabulary[\\/](?:random|would-block)\.ts)/,
  },
];

/** The undici whose build of llhttp was looked at; see docs/llhttp.md. */
const UNDICI = /^7\.30\./;
const LLHTTP = { 'llhttp-simd.cjs': 'llhttp_simd-wasm.js', 'llhttp.cjs': 'llhttp-wasm.js' };

/** `packages/http/src/llhttp/build.ts`, for the bundle. */
const READ_LLHTTP = `
import { createRequire } from 'node:module';
export const readBuild = (simd) =>
  createRequire(import.meta.url)(simd ? './llhttp-simd.cjs' : './llhttp.cjs');
export const importBuild = (simd) =>
  (simd ? import('./llhttp-simd.cjs') : import('./llhttp.cjs')).then((build) => build.default);
`;

/** llhttp's own licence, which undici does not carry: LICENSE of its repository. */
const LLHTTP_LICENCE = `llhttp 9, in the WebAssembly build of undici

This software is licensed under the MIT License.

Copyright Fedor Indutny, 2018.

Permission is hereby granted, free of charge, to any person obtaining a
copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including
without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the
following conditions:

The above copyright notice and this permission notice shall be included
in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS
OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN
NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE
USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

/** What only llhttp refuses, and what it accepts: with its number for each. Its test in packages/http has the whole table. */
const GRAMMAR = [
  ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 21],
  ['GET / HTTP/1.1\nHost: a\r\n\r\n', 9],
  ['GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n', 10],
  ['GET / HTTP/1.1\r\nX : y\r\n\r\n', 10],
  ['GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n', 11],
  ['GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 15],
  ['GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n', 12],
];

const LICENCES = 'third-party-licences.txt';

/**
 * What an inlined package looks up later, taken when it loads: tests fake it (src/vocabulary/platform.ts of core). In one
 * line with the first of the module, for the source map's sake.
 */
const TAKE_AT_LOAD =
  'const { queueMicrotask, setTimeout, clearTimeout, setInterval, clearInterval } = globalThis; ';

/** Modules that import what the main entry exports, and where it is from there. */
const MAIN = [
  ['/websocket/connect.ts', '../client/client.ts', '../index.js'],
  ['/inspect/inspect.ts', '../server/server.ts', '../index.js'],
  ['/inspect/top/top.ts', '../../client/client.ts', '../../index.js'],
];

/** Mends the inlined modules on their way into the bundle. */
const inlined = {
  name: 'inlined',
  /** The client that `connectWebSocket` makes, and the server of an inspector, are those of the main entry, in one piece. */
  resolveId(source, importer = '') {
    const path = importer.replaceAll('\\', '/');
    const main = MAIN.find(([file, module]) => path.endsWith(file) && module === source);
    return main === undefined ? null : { id: main[2], external: true };
  },
  transform(code, id) {
    const path = id.replaceAll('\\', '/');
    if (path.endsWith('/llhttp/build.ts')) return { code: READ_LLHTTP, map: { mappings: '' } };
    if (!/\/node_modules\/p-(?:queue|timeout)\//.test(path)) return null;
    // Two classes of one name: ours would become `TimeoutError$1`, which users read in their logs.
    const renamed = code.replaceAll(/\bTimeoutError\b/g, 'QueueTimeoutError');
    const isQueue = path.endsWith('/p-queue/dist/index.js');
    // Without a map: every line stays where it was.
    return { code: isQueue ? TAKE_AT_LOAD + renamed : renamed, map: null };
  },
};

for (const [name, entries] of Object.entries(ENTRIES)) {
  const folder = join(root, 'packages', name);
  const bundle = join(folder, 'dist/bundle');
  // Chunks are named by their contents: those of earlier builds would stay.
  rmSync(bundle, { recursive: true, force: true });
  const { output } = await build({
    cwd: folder,
    input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
    // Every other bare specifier is a dependency, or Node's own.
    external: (id) => id.slice(2) in LLHTTP || (!/^[./]/.test(id) && !INLINED.has(id)),
    makeAbsoluteExternalsRelative: false,
    platform: 'node',
    plugins: [inlined],
    // What an entry shares with a module that is loaded when it is asked for stays with the entry: one file fewer.
    preserveEntrySignatures: 'allow-extension',
    output: {
      dir: 'dist/bundle',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      codeSplitting: { groups: SHARED },
      sourcemap: true,
      comments: false,
    },
  });
  for (const chunk of output) {
    checkChunk(name, chunk);
    if (chunk.fileName.endsWith('.map')) writeFileSync(join(bundle, chunk.fileName), mapOf(chunk));
  }
  const modules = output.flatMap((chunk) => chunk.moduleIds ?? []);
  const licences = [...new Set(modules.map(packageFolderOf))]
    .filter((path) => path !== undefined)
    .map(licenceOf);
  if (name === 'http') {
    licences.push(...(await writeLlhttp(folder, bundle)));
    await bundleProgram(folder);
  }
  if (licences.length > 0) {
    writeFileSync(join(bundle, LICENCES), licences.join(`\n${'-'.repeat(72)}\n\n`));
  }
}

/** The program of the package, in one file: what it uses of the package comes from the main entry. */
async function bundleProgram(folder) {
  const { output } = await build({
    cwd: folder,
    input: 'src/inspect/top/bin.ts',
    external: (id) => !/^[./]/.test(id),
    makeAbsoluteExternalsRelative: false,
    platform: 'node',
    plugins: [inlined],
    output: {
      file: 'dist/bundle/inspect/top/bin.js',
      format: 'esm',
      sourcemap: true,
      comments: false,
    },
  });
  for (const chunk of output) checkChunk('http', chunk);
}

function checkChunk(name, { code = '', fileName, isEntry, exports: exported = [] }) {
  const extra = isEntry ? exported.find((each) => each.length === 1) : undefined;
  if (extra !== undefined) {
    const what = new RegExp(`\\w+ as ${extra}\\b`).exec(code)?.[0];
    throw new Error(`${name}/${fileName}: exports ${what}, which a later chunk uses: see SHARED`);
  }
  // Of a text with one character beyond latin1, V8 keeps, and reads, two bytes for each. Tests may wait for that.
  const wide = fileName.startsWith('testing/') ? undefined : /[^\0-\xff]/.exec(code)?.[0];
  if (wide !== undefined) {
    throw new Error(
      `${name}/${fileName}: expected latin1 only, got ${wide}; write it as an escape`,
    );
  }
  const renamed = /^.*\bclass \w+\$\d+/m.exec(code)?.[0];
  if (renamed !== undefined) {
    throw new Error(`${name}/${fileName}: two classes have one name: ${renamed}`);
  }
  // The files of llhttp are named from the chunk that reads them.
  if (code.includes('./llhttp.cjs') && fileName.includes('/')) {
    throw new Error(`${name}/${fileName}: reads llhttp, which is in another folder`);
  }
}

/** A map with the text of the sources that are in no tarball: those of other packages. */
function mapOf({ source }) {
  const map = JSON.parse(source);
  map.sourcesContent = map.sources.map((path, at) =>
    path.includes('node_modules') ? map.sourcesContent[at] : null,
  );
  return JSON.stringify(map);
}

/** Writes llhttp's builds, if they are the ones that the package was written for; returns the licences. */
async function writeLlhttp(folder, bundle) {
  const require = createRequire(join(folder, 'package.json'));
  const { version } = require('undici/package.json');
  if (!UNDICI.test(version)) {
    throw new Error(`expected undici 7.30, got ${version}; docs/llhttp.md says how to move`);
  }
  const instance = await import(join(folder, 'dist/llhttp/instance.js'));
  const { ERROR } = require('undici/lib/llhttp/constants.js');
  for (const [error, number] of Object.entries(instance.Errno)) {
    if (ERROR[error] !== number) {
      throw new Error(`llhttp: expected ${error} to be ${number}, got ${ERROR[error]}`);
    }
  }
  for (const [file, module] of Object.entries(LLHTTP)) {
    const bytes = require(`undici/lib/llhttp/${module}`);
    instance.startModule(() => bytes);
    checkGrammar(file, bytes);
    const base64 = Buffer.from(bytes).toString('base64');
    writeFileSync(join(bundle, file), `module.exports = Buffer.from('${base64}', 'base64');\n`);
  }
  return [licenceOf(join(require.resolve('undici/package.json'), '..')), LLHTTP_LICENCE];
}

/** Puts each message of the table through a build. */
function checkGrammar(file, bytes) {
  const module = new WebAssembly.Module(bytes);
  const callback = ({ name }) => [name, () => (name === 'wasm_on_message_complete' ? 21 : 0)];
  const env = Object.fromEntries(WebAssembly.Module.imports(module).map(callback));
  const { exports: llhttp } = new WebAssembly.Instance(module, { env });
  llhttp._initialize();
  for (const [message, expected] of GRAMMAR) {
    const parser = llhttp.llhttp_alloc(1);
    const input = llhttp.malloc(message.length);
    new Uint8Array(llhttp.memory.buffer).set(Buffer.from(message, 'latin1'), input);
    const got = llhttp.llhttp_execute(parser, input, message.length);
    if (got !== expected) {
      const text = JSON.stringify(message);
      throw new Error(`${file}: expected error ${expected} for ${text}, got ${got}`);
    }
  }
}

/** The folder of the package that a module is from, if it is not one of ours. */
function packageFolderOf(id) {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];
}

function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} comes without the text of its licence`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8')}`;
}
