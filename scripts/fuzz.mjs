/**
 * Fuzzes the sans-IO connection with texts that are nearly HTTP: packages/http/test/fuzz says what must hold.
 *
 *   node scripts/fuzz.mjs --seconds 60           what CI does
 *   node scripts/fuzz.mjs --seconds 3600         an hour
 *   node scripts/fuzz.mjs --seed 7               the same texts again, as far as time reaches
 *   node scripts/fuzz.mjs --iterations 10000     so many texts, however long they take
 *   node scripts/fuzz.mjs --replay '"GET / …"' [--role client]
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
    role: { type: 'string', default: 'server' },
    save: { type: 'boolean', default: false },
  },
});

const folder = new URL('../packages/http/test/fuzz/', import.meta.url);
const { fuzz } = await import(new URL('fuzz.ts', folder));
const { corpusFile, quote, readCorpus, readSeeds, writeCorpus } = await import(
  new URL('corpus.ts', folder)
);

function complain({ role, text, complaint }) {
  console.error(`fuzz: ${complaint}\n  as a ${role}, reading ${quote(text)}`);
  const argument = quote(text).replaceAll("'", "'\\''");
  console.error(`  node scripts/fuzz.mjs --role ${role} --replay '${argument}'`);
  process.exitCode = 1;
}

if (values.replay !== undefined) {
  const text = JSON.parse(values.replay);
  const corpus = { server: [], client: [], [values.role]: Array(100).fill(text) };
  const { failure } = fuzz({ seed: 1, iterations: 0, corpus });
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
    iterations,
    isTimeUp,
    corpus: values.save ? readCorpus() : readSeeds(),
  });
  const kept = report.kept.server.length + report.kept.client.length;
  console.log(`fuzz: seed ${seed}, ${report.texts} texts, ${kept} of them did something new`);
  if (report.failure !== undefined) complain(report.failure);
  if (values.save) {
    for (const role of ['server', 'client']) {
      writeFileSync(corpusFile(role), writeCorpus(report.kept[role]));
    }
  }
}
