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
const summaries = Object.assign({}, ...Object.values(catalogue));
const names = Object.keys(summaries);

const args = process.argv.slice(2);
// `pnpm example -- NAME` passes the dashes on, as npm does not.
if (args[0] === '--') args.shift();
const [name, ...rest] = args;

if (name === undefined || name === '--help' || name === '-h') {
  list();
} else if (names.includes(name)) {
  await start(name, rest);
} else {
  console.error(
    `There is no example ${JSON.stringify(name)}. The nearest is ${nearest(name)}; pnpm example lists all.`,
  );
  process.exitCode = 2;
}

function list() {
  const width = Math.max(...names.map(({ length }) => length));
  for (const [heading, group] of Object.entries(catalogue)) {
    console.log(`${heading}:`);
    for (const [each, summary] of Object.entries(group)) {
      console.log(`  ${each.padEnd(width)}  ${summary}`);
    }
    console.log();
  }
  console.log(
    'Run one with `pnpm example NAME`, see its options with `pnpm example NAME --help`.\n' +
      'Read it in packages/examples/src/NAME.ts.',
  );
}

async function start(each, given) {
  const { ok, output } = await run([tool('tsc'), '-b'], { quiet: true });
  if (!ok) {
    console.error(`The build failed:\n${output}`);
    process.exitCode = 1;
    return;
  }
  const program = `${folder}/dist/${each}.js`;
  process.argv = [process.execPath, program, ...given];
  await import(pathToFileURL(program).href);
}

/** The name with the fewest letters to change, add or leave out (Levenshtein); one that begins alike is nearer. */
function nearest(wrong) {
  const scored = names.map((each) => [each.startsWith(wrong) ? 0.5 : distance(wrong, each), each]);
  return scored.reduce((best, next) => (next[0] < best[0] ? next : best))[1];
}

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
