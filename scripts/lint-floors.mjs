/**
 * Writes what is generated from scripts/architecture/floors.ts: the rooms as lint rules
 * (scripts/architecture/oxlint-floors.json) and as tables for readers (docs/architecture.md).
 *
 * The architecture tests are the judge; the lint rules give the same answer earlier, in the editor. What a lint rule
 * cannot see (circles, `new Date()`, waiting in the protocol) is left to the tests. `--check` writes nothing and fails
 * when a file on disk is not the one that the plan asks for.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useTypeScript } from './lib/typescript.mjs';

useTypeScript();
const { core, http } = await import('./architecture/floors.ts');
const { isNamed } = await import('./architecture/rules.ts');
const { entriesOf } = await import('./architecture/sources.ts');

const escape = (text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
const oneOf = (names) => `(?:${names.map(escape).join('|')})`;

/** A file of one folder reaches another folder in exactly one way, so the way names the folder: `../streams`, `..`. */
function wayTo(folder, other) {
  const way = posix.relative(folder, other);
  return way.startsWith('..') ? way : `./${way}`;
}

/** What a file may not import; an entry is in no room, and all rooms are open to it. */
function importRule(plan, room, file) {
  const patterns = [];
  const closed = plan.rooms
    .map(({ folder }) => folder)
    .filter((folder) => room !== null && folder !== room.folder && !room.sees.includes(folder));
  if (closed.length > 0) {
    const ways = closed.map((folder) => wayTo(room.folder, folder));
    patterns.push({
      regex: `^${oneOf(ways)}/[^/]+$`,
      message: `${room.folder} sees ${room.sees.join(', ') || 'nothing'}. ${room.reason}`,
    });
  }
  for (const { modules, owners, reason } of plan.modules) {
    if (isNamed(file, owners)) continue;
    patterns.push({ regex: `^${oneOf(modules)}(?:/|$)`, message: reason });
  }
  return { 'eslint/no-restricted-imports': ['error', { patterns }] };
}

/** What it may not use without an import. */
function globalRules(plan, file) {
  const globals = plan.globals
    .filter(({ owners }) => !isNamed(file, owners))
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

/** One override for a room, one after it for each of its files that owns something by itself, and one for each entry. */
function overridesOf(plan) {
  const owners = [...plan.modules, ...plan.globals].flatMap(({ owners: named }) => named);
  const single = [...new Set(owners)].filter((owner) => owner !== '*' && !owner.endsWith('/'));
  const override = (room, file) => ({
    files: [`${plan.folder}/src/${file}.ts`],
    rules: { ...importRule(plan, room, file), ...globalRules(plan, file) },
  });
  const entries = entriesOf(fileURLToPath(new URL(`../${plan.folder}`, import.meta.url)));
  return [
    ...plan.rooms.flatMap((room) => {
      const files = single.filter((file) => posix.dirname(file) === room.folder);
      return [`${room.folder}/*`, ...files].map((file) => override(room, file));
    }),
    ...entries.map((entry) => override(null, entry.replace(/\.ts$/, ''))),
  ];
}

function lintRules() {
  const overrides = [core, http].flatMap(overridesOf);
  overrides.push({
    files: ['packages/*/src/**/*.test.ts'],
    rules: {
      'eslint/no-restricted-imports': 'off',
      'eslint/no-restricted-globals': 'off',
      'eslint/no-restricted-properties': 'off',
    },
  });
  const lines = overrides.map((entry) => JSON.stringify(entry)).join(',\n');
  return `// Generated from floors.ts by scripts/lint-floors.mjs.\n{"overrides":[\n${lines}\n]}\n`;
}

/** A table as the formatter leaves it. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

const roomTable = ({ rooms }) =>
  table([
    ['room', 'what lives there', 'sees', 'because'],
    ...rooms.map(({ folder, contains, sees, reason }) => [
      `\`${folder}\``,
      contains,
      sees.map((seen) => `\`${seen}\``).join(' ') || 'nothing',
      reason,
    ]),
  ]);

/** The page, with what is between the markers of each package written anew. */
function withTables(page) {
  return [core, http].reduce((text, plan) => {
    const begin = `<!-- rooms of ${plan.name}: generated by scripts/lint-floors.mjs -->`;
    const end = '<!-- end of rooms -->';
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from === -1 || to === -1) throw new Error(`docs/architecture.md has no line "${begin}"`);
    return `${text.slice(0, from)}${begin}\n\n${roomTable(plan)}\n\n${text.slice(to)}`;
  }, page);
}

const read = (path) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
const generated = {
  'architecture/oxlint-floors.json': lintRules,
  '../docs/architecture.md': () => withTables(read('../docs/architecture.md')),
};
for (const [path, textOf] of Object.entries(generated)) {
  const text = textOf();
  if (!process.argv.includes('--check')) {
    writeFileSync(fileURLToPath(new URL(path, import.meta.url)), text);
  } else if (read(path) !== text) {
    const name = posix.join('scripts', path);
    console.error(`${name} is behind floors.ts: run \`node scripts/lint-floors.mjs\`.`);
    process.exitCode = 1;
  }
}
