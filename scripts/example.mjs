/**
 * `pnpm example` lists the examples, `pnpm example NAME` builds them and runs one, with the arguments behind its name.
 *
 * The program runs in this process, so that Ctrl-C and the exit status are its own, without a process between it and the terminal.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { root, run, tool } from './lib/run.mjs';

const folder = `${root}packages/examples`;
const catalogue = JSON.parse(readFileSync(`${folder}/catalogue.json`, 'utf8'));
/** The programs of a heading are in the folder of its name: `HTTP servers` in src/http-servers. */
const folderOf = (heading) => heading.toLowerCase().replaceAll(' ', '-');
const folders = new Map(
  Object.entries(catalogue).flatMap(([heading, group]) =>
    Object.keys(group).map((each) => [each, folderOf(heading)]),
  ),
);
const names = [...folders.keys()];

const args = process.argv.slice(2);
// `pnpm example -- NAME` passes the dashes on, as npm does not.
if (args[0] === '--') args.shift();
const [name, ...rest] = args;

if (name === undefined || name === '--help' || name === '-h') {
  list();
} else if (names.includes(name)) {
  await start(name, rest);
} else {
  const near = nearest(name);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  console.error(`There is no example ${JSON.stringify(name)}.${hint} pnpm example lists all.`);
  process.exitCode = 2;
}

function list() {
  const width = Math.max(...names.map(({ length }) => length));
  for (const [heading, group] of Object.entries(catalogue)) {
    console.log(`${heading}, in packages/examples/src/${folderOf(heading)}:`);
    for (const [each, summary] of Object.entries(group)) {
      console.log(`  ${each.padEnd(width)}  ${summary}`);
    }
    console.log();
  }
  console.log('Run one with `pnpm example NAME`, see its options with `pnpm example NAME --help`.');
}

async function start(each, given) {
  const { ok, output } = await run([tool('tsc'), '-b'], { quiet: true });
  if (!ok) {
    console.error(`The build failed:\n${output}`);
    process.exitCode = 1;
    return;
  }
  const program = `${folder}/dist/${folders.get(each)}/${each}.js`;
  process.argv = [process.execPath, program, ...given];
  await import(pathToFileURL(program).href);
}

/**
 * The one name that `wrong` may have meant: the first that begins with it or has it as a word, or else the name that differs in
 * a third of its letters at most. Nothing is better than a guess that has nothing to do with what was typed.
 */
function nearest(wrong) {
  if (wrong.length < 3) return undefined;
  const words = wrong.split(/[^a-z]+/i).filter((word) => word.length > 2);
  const alike = (each) =>
    each.startsWith(wrong) || each.split('-').some((word) => words.includes(word));
  const scored = names.map((each) => [distance(wrong, each) / each.length, each]);
  const [share, each] = scored.reduce((best, next) => (next[0] < best[0] ? next : best));
  return share <= 1 / 3 ? each : names.find(alike);
}

/** How many letters are to change, add or leave out (Levenshtein). */
function distance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 1; at <= from.length; at += 1) {
    const next = [at];
    for (let to_ = 1; to_ <= to.length; to_ += 1) {
      const change = from[at - 1] === to[to_ - 1] ? 0 : 1;
      next.push(Math.min(row[to_] + 1, next[to_ - 1] + 1, row[to_ - 1] + change));
    }
    row = next;
  }
  return row[to.length];
}
