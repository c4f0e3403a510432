/**
 * Fuzzes what reads the bytes of others, with texts that are nearly right: the sans-IO connection in both roles (`server`,
 * `client`), the parser of multipart (`form`) and of ranges (`range`), the WebSocket codec (`websocket`). packages/http/test/fuzz
 * says what must hold.
 *
 *   node scripts/fuzz.mjs --seconds 60           all of them
 *   node scripts/fuzz.mjs --seconds 3600         an hour
 *   node scripts/fuzz.mjs --seed 7               the same texts again, as far as time reaches
 *   node scripts/fuzz.mjs --iterations 10000     so many texts, however long they take
 *   node scripts/fuzz.mjs --target form,range    some of them alone
 *   node scripts/fuzz.mjs --replay '"GET / …"' [--target client]
 *   node scripts/fuzz.mjs --seconds 600 --save   writes what did something new to packages/http/test/fuzz/corpus
 *
 * A failure prints the smallest text that shows it, and the exit status is 1. The build must be fresh.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { useTypeScript } from './lib/typescript.mjs';

useTypeScript();
// Most texts end in a refusal, whose stack is never read.
Error.stackTraceLimit = 0;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    iterations: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    replay: { type: 'string' },
    target: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});

const folder = new URL('../packages/http/test/fuzz/', import.meta.url);
const load = (file) => import(new URL(file, folder));
const { fuzz } = await load('fuzz.ts');
const { corpusFile, quote, readCorpus, writeCorpus } = await load('corpus.ts');
const { allTargets, readAllSeeds } = await load('targets.ts');

const names = allTargets().map(({ name }) => name);
const chosen = values.target?.split(',') ?? names;
if (chosen.some((name) => !names.includes(name))) {
  throw new Error(`--target: expected some of ${names.join(', ')}`);
}
const targets = allTargets().filter(({ name }) => chosen.includes(name));

function complain({ target, text, complaint }) {
  console.error(`fuzz: ${complaint}\n  as ${target}, reading ${quote(text)}`);
  const argument = quote(text).replaceAll("'", "'\\''");
  console.error(`  node scripts/fuzz.mjs --target ${target} --replay '${argument}'`);
  process.exitCode = 1;
}

if (values.replay !== undefined) {
  const text = JSON.parse(values.replay);
  const [target] = values.target === undefined ? ['server'] : chosen;
  const corpus = { [target]: Array(100).fill(text) };
  const { failure } = fuzz({ seed: 1, targets, iterations: 0, corpus });
  if (failure === undefined) console.log('fuzz: nothing is wrong with it');
  else complain(failure);
} else {
  const seed = Number(values.seed);
  const iterations = values.iterations === undefined ? undefined : Number(values.iterations);
  const seconds = Number(values.seconds ?? (iterations === undefined ? 60 : Infinity));
  const end = performance.now() + seconds * 1000;
  const isTimeUp = () => performance.now() >= end;
  const report = fuzz({
    seed,
    targets,
    iterations,
    isTimeUp,
    corpus: values.save ? readCorpus() : readAllSeeds(),
  });
  const kept = Object.values(report.kept).flat().length;
  const what = values.target ?? 'all';
  console.log(`fuzz: ${what}: seed ${seed}, ${report.texts} texts, ${kept} did something new`);
  if (report.failure !== undefined) complain(report.failure);
  if (values.save) {
    for (const role of ['server', 'client']) {
      if (role in report.kept) writeFileSync(corpusFile(role), writeCorpus(report.kept[role]));
    }
  }
}
