/**
 * Writes the floors as lint rules: scripts/architecture/floors.ts → scripts/architecture/oxlint-floors.json.
 *
 * The architecture tests are the judge; these rules give the same answer earlier, in the editor. What a lint rule
 * cannot see (cycles, `new Date()`, waiting in the protocol) is left to the tests. `--check` writes nothing and fails
 * when the file on disk is not the one that the table asks for.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const here = new URL('architecture/', import.meta.url);
const target = fileURLToPath(new URL('oxlint-floors.json', here));

/** The table is TypeScript for its readers' sake; Node 20 needs the types taken off. */
async function loadPlans() {
  const source = readFileSync(new URL('floors.ts', here), 'utf8');
  const { code } = transformSync(source, { jsc: { parser: { syntax: 'typescript' } } });
  const { core, http } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return [core, http];
}

const fileGlob = (folder, pattern) =>
  `${folder}/src/${pattern.endsWith('/') ? `${pattern}**/*` : pattern}.ts`;

/** An import is known by its last part: `./errors.ts` from beside and `../protocol/errors.ts` from afar are one. */
const importGlob = (pattern) =>
  pattern.endsWith('/')
    ? `**/${pattern}**`
    : `**/${pattern.slice(pattern.lastIndexOf('/') + 1)}.ts`;

/** Whether a pattern with a star also means the file that a plain one means. */
const coversGlob = (wide, plain) =>
  wide.endsWith('*.ts') &&
  !plain.includes('*.ts') &&
  plain.startsWith(wide.slice(0, -'*.ts'.length));

const owns = (owners, floor, pattern) =>
  owners.includes('*') || owners.includes(`floor:${floor.id}`) || owners.includes(pattern);

/** What one file pattern of a floor may not import. */
function importRule(plan, floor, pattern) {
  const open = [floor, ...plan.floors.filter(({ id }) => floor.sees.includes(id))];
  // Two floors can have files of one name (`request-*` above, `protocol/request-rules` below): the open one wins.
  const openGlobs = open.flatMap(({ files }) => files.map(importGlob));
  const patterns = plan.floors
    .filter((other) => !open.includes(other))
    .map((other) => ({
      group: [
        ...other.files.map(importGlob).filter((glob) => !openGlobs.includes(glob)),
        ...openGlobs
          .filter((glob) => other.files.some((file) => coversGlob(importGlob(file), glob)))
          .map((glob) => `!${glob}`),
      ],
      message: `${other.id} (${other.title}) is not open to ${floor.id}: ${floor.reason}`,
    }));
  for (const { modules, owners, reason } of plan.modules) {
    if (owns(owners, floor, pattern)) continue;
    patterns.push({ group: modules.flatMap((name) => [name, `${name}/**`]), message: reason });
  }
  return { 'eslint/no-restricted-imports': ['error', { patterns }] };
}

/** What one file pattern of a floor may not reach for. */
function globalRules(plan, floor, pattern) {
  const globals = plan.globals
    .filter(({ owners }) => !owns(owners, floor, pattern))
    .flatMap(({ globals: names, reason }) => names.map((name) => ({ name, message: reason })))
    .filter(({ name }) => !name.endsWith('()'));
  return {
    'eslint/no-restricted-globals': ['error', ...globals.filter(({ name }) => !name.includes('.'))],
    'eslint/no-restricted-properties': [
      'error',
      ...globals
        .filter(({ name }) => name.includes('.'))
        .map(({ name, message }) => {
          const [object, property] = name.split('.');
          return { object, property, message };
        }),
    ],
  };
}

/** One entry for all file patterns of a package that are under the same rules. */
function entriesOf(plan, rulesFor) {
  const entries = new Map();
  for (const floor of plan.floors) {
    for (const pattern of floor.files) {
      const rules = rulesFor(plan, floor, pattern);
      const key = JSON.stringify(rules);
      const entry = entries.get(key) ?? { files: [], rules };
      entry.files.push(fileGlob(plan.folder, pattern));
      entries.set(key, entry);
    }
  }
  return [...entries.values()];
}

const overrides = (await loadPlans()).flatMap((plan) => [
  ...entriesOf(plan, importRule),
  ...entriesOf(plan, globalRules),
]);
overrides.push({
  files: ['packages/*/src/**/*.test.ts'],
  rules: {
    'eslint/no-restricted-imports': 'off',
    'eslint/no-restricted-globals': 'off',
    'eslint/no-restricted-properties': 'off',
  },
});

const lines = overrides.map((entry) => JSON.stringify(entry)).join(',\n');
const text = `// Generated from floors.ts by scripts/lint-floors.mjs.\n{"overrides":[\n${lines}\n]}\n`;
if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
} else if (readFileSync(target, 'utf8') !== text) {
  console.error(
    'scripts/architecture/oxlint-floors.json is behind floors.ts: run `node scripts/lint-floors.mjs`.',
  );
  process.exitCode = 1;
}
