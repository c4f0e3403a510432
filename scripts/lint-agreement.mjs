/**
 * Proves that the generated lint rules say what the architecture tests say: plants a file in every room, every owner and
 * every entry that imports and uses all there is, one thing a line, and compares the lines that both complain about.
 *
 *   node scripts/lint-agreement.mjs
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { root, tool } from './lib/run.mjs';
import { useTypeScript } from './lib/typescript.mjs';

useTypeScript();
const { core, http } = await import('./architecture/floors.ts');
const { readPackage, sourcesFrom } = await import('./architecture/package-sources.ts');
const { checkPackage } = await import('./architecture/rules.ts');

/** Fewer planted breaks than this in a package means that nothing was planted. */
const LEAST_BREAKS = 200;

/** A file in every room, every owner and every entry. */
function plants(plan) {
  const owners = [...plan.modules, ...plan.globals].flatMap(({ owners: named }) => named);
  const paths = [
    ...plan.rooms.map(({ folder }) => `${folder}/planted.ts`),
    ...owners.filter((owner) => owner.includes('/') && !owner.endsWith('/')).map((o) => `${o}.ts`),
    ...readPackage(plan).entries,
  ];
  // `new Date()` is no name that lint could know.
  const globals = plan.globals.flatMap(({ globals: names }) =>
    names.filter((name) => !name.endsWith('()')),
  );
  return new Map(
    paths.map((path) => {
      const from = posix.dirname(path);
      const rooms = plan.rooms.map(({ folder }) => {
        const way = posix.relative(from, `${folder}/other.ts`);
        return way.startsWith('.') ? way : `./${way}`;
      });
      const modules = plan.modules.flatMap(({ modules: names }) => names);
      const imports = [...rooms, ...modules].map((name, at) => `import { x${at} } from '${name}';`);
      return [path, [...imports, ...globals.map((name) => `${name}();`)].join('\n')];
    }),
  );
}

/** What the architecture rules find in these files, as `path:line`. */
function found(plan, files) {
  const others = plan.rooms.map(({ folder }) => [`${folder}/other.ts`, '']);
  return checkPackage(sourcesFrom(plan, Object.fromEntries([...others, ...files])))
    .filter((line) => /\[(?:rooms|owned-modules|owned-globals)\]$/.test(line))
    .map((line) => /^[^:]+:\d+/.exec(line)?.[0] ?? line);
}

/** What lint finds in them, written below a scratch folder. */
function linted(plan, files, scratch) {
  for (const [path, text] of files) {
    const file = join(scratch, plan.folder, 'src', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const rules = 'oxlint-floors.json';
  copyFileSync(join(root, 'scripts/architecture', rules), join(scratch, rules));
  const config = {
    extends: [`./${rules}`],
    plugins: ['eslint'],
    categories: { correctness: 'off' },
  };
  writeFileSync(join(scratch, '.oxlintrc.json'), JSON.stringify(config));
  const { stdout } = spawnSync(tool('oxlint'), ['--format', 'unix', plan.folder], {
    cwd: scratch,
    encoding: 'utf8',
  });
  return [...stdout.matchAll(/^([^:\n]+:\d+):\d+: .*no-restricted/gm)].map(([, place]) => place);
}

const scratch = mkdtempSync(join(tmpdir(), 'awaitio-lint-'));
try {
  for (const plan of [core, http]) {
    const files = plants(plan);
    const expected = new Set(found(plan, files));
    const got = new Set(linted(plan, files, scratch));
    const missed = [...expected].filter((place) => !got.has(place));
    const invented = [...got].filter((place) => !expected.has(place));
    for (const place of missed) console.error(`${place}: lint allows what the rules refuse`);
    for (const place of invented) console.error(`${place}: lint refuses what the rules allow`);
    if (expected.size < LEAST_BREAKS) console.error(`${plan.name}: only ${expected.size} breaks`);
    if (missed.length + invented.length > 0 || expected.size < LEAST_BREAKS) process.exitCode = 1;
    else console.log(`${plan.name}: lint and the rules agree on ${expected.size} planted lines`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
