/**
 * The test suites of itty-router and of crossws's adapter for Node, as they are in their repositories, with awaitio in place of what they
 * test: itty-router's requests go to `serve` over sockets, by `createFetch`; crossws's WebSockets to `crosswsAdapter`.
 *
 *   node scripts/nightly/library-suites.mjs [--itty FOLDER] [--crossws FOLDER]
 *
 * The repositories are cloned from GitHub, unless a folder has them already (it was run with itty-router 4.2 and crossws 0.4.8); what
 * their tests need is installed with npm, into a temporary folder. Left out are a test of itty-router that looks at the request
 * that it has passed, which was sent, and one of another adapter of crossws; an expression of crossws's that looks for NUL in an
 * address is corrected. Needs Node 22.19, a build (`pnpm build`), git and npm. Everything else is on localhost.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PACKAGES = [
  'vitest@4',
  'get-port-please@3',
  'undici@8',
  'ws@8',
  'execa@9',
  'srvx',
  'crossws@0.4',
];
const { values } = parseArgs({
  options: { itty: { type: 'string' }, crossws: { type: 'string' } },
});
const here = fileURLToPath(new URL('library-suites/', import.meta.url));
const built = fileURLToPath(new URL('../../packages/http/dist/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'awaitio-suites-'));
const at = (...names) => join(folder, ...names);

try {
  take(values.itty, 'https://github.com/kwhitley/itty-router', 'itty');
  take(values.crossws, 'https://github.com/h3js/crossws', 'crossws');
  writeFileSync(at('package.json'), '{"private":true,"type":"module"}');
  const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES];
  execFileSync('npm', npm, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });

  renameSync(at('itty/src/Router.ts'), at('itty/src/RealRouter.ts'));
  cpSync(join(here, 'router.mjs'), at('itty/src/Router.ts'));
  change('itty/src/Router.spec.ts', (text) =>
    text.replace("it('passes extra args", "it.skip('passes extra args"),
  );

  const adapters = 'crossws/test/adapters';
  cpSync(join(here, 'node-adapter.mjs'), at(adapters, 'ours.ts'));
  for (const name of ['node', 'sync']) {
    change(`${adapters}/${name}.test.ts`, (text) =>
      text
        .replace(
          /^import { createServer, .* from "node:http";$/m,
          'import { createServer } from "./ours";',
        )
        .replace(
          'import nodeAdapter from "../../src/adapters/node";',
          'import { nodeAdapter } from "./ours";',
        )
        // Another adapter, which is a native module.
        .replace(/^import .* from "(?:uWebSockets\.js|\.\.\/\.\.\/src\/adapters\/uws)";$/gm, '')
        .replace(
          'describe("sync (broadcastChannel + uWeb',
          'describe.skip("sync (broadcastChannel + uWeb',
        ),
    );
  }
  change('crossws/test/tests.ts', (text) => text.replace(String.raw`127\.0\.\0\.1`, '127.0.0.1'));

  const alias = {
    'awaitio-under-test/crossws': `${built}adapters/crossws/index.js`,
    'awaitio-under-test': `${built}index.js`,
  };
  const include = ['itty/src/**/*.spec.ts', `${adapters}/{node,sync}.test.ts`];
  const config = {
    resolve: { alias },
    test: { include, server: { deps: { external: ['BUILT'] } } },
  };
  // Loaded by Node, and not transformed.
  const text = JSON.stringify(config).replace(
    '"BUILT"',
    String.raw`/packages\/(?:http|core)\/dist/`,
  );
  writeFileSync(at('vitest.config.mjs'), `export default ${text};\n`);
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', folder];
  process.exitCode =
    spawnSync(process.execPath, vitest, { cwd: folder, stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** The sources of a library, without what would set up its own tools. */
function take(given, url, name) {
  if (given === undefined) {
    execFileSync('git', ['clone', '--quiet', '--depth', '1', url, at(name)], { stdio: 'inherit' });
  } else cpSync(given, at(name), { recursive: true });
  for (const file of ['package.json', 'tsconfig.json', 'vitest.config.ts', 'vitest.config.mjs']) {
    rmSync(at(name, file), { force: true });
  }
}

function change(file, edit) {
  const text = readFileSync(at(file), 'utf8');
  const edited = edit(text);
  if (edited === text)
    throw new Error(`${file}: nothing to change; the suite is another one than is known here`);
  writeFileSync(at(file), edited);
}
