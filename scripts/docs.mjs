/**
 * Keeps the documentation true: every ```ts fence of the Markdown files and of the doc comments is type-checked against
 * the built packages and run.
 *
 * - ```ts no-run``` is type-checked only; so is a snippet that declares what it works on (`declare const stream: …`).
 * - ```ts until-sigterm``` is a program that goes on: it is run, gets a SIGTERM, and has to end then.
 * - Each snippet is a separate module and has to end within ten seconds.
 * - One process per document; the snippets of a document run in order.
 * - A link of a Markdown file, relative or to this repository on GitHub, leads to a file; what npm shows has no relative ones.
 * - ```js bench``` is a program of a peer, express or fastify: it is run with the packages of bench/, which are installed first.
 * - ```text printed``` is a part of what the programs of its page print.
 * - ```console run``` fences are played, see scripts/docs/transcripts.mjs.
 * - Every page is in the sidebar of the site, and a page of docs/how-to/ is short: see scripts/site/check.mjs.
 *
 *   node scripts/docs.mjs --only how-to      the snippets of the files whose paths contain this
 *
 * The build must be fresh: `pnpm check` builds first.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { transformSync } from '@swc/core';
import { findDeadLinks, findSnippets } from './docs/extract.mjs';
import { playTranscript } from './docs/transcripts.mjs';
import { installApart } from './lib/install.mjs';
import { root, run, tool } from './lib/run.mjs';
import { complaintsAboutPages } from './site/check.mjs';

const { values: options } = parseArgs({ options: { only: { type: 'string', default: '' } } });

const LIMIT_MS = 10_000;

/** In packages/http, for a snippet may import whatever that package can, itself included. */
const scratch = join(root, 'packages/http/.snippets', String(process.pid));
/** For the programs of peers. */
const peerScratch = join(root, 'bench/.snippets', String(process.pid));
const folderOf = ({ language }) => (language === 'js' ? peerScratch : scratch);

const fileName = ({ file, line }) => `${file.replaceAll(/[^A-Za-z0-9]+/g, '-')}-L${line}`;
const complaints = [...findDeadLinks(), ...complaintsAboutPages()];

const snippets = findSnippets().filter(({ file }) => file.includes(options.only));
const programs = snippets.filter(({ language }) => language === 'ts' || language === 'typescript');
const transcripts = snippets.filter(
  ({ language, flags }) => language === 'console' && flags.includes('run'),
);
const ofPeers = snippets.filter(
  ({ language, flags }) => language === 'js' && flags.includes('bench'),
);
const runnable = [
  ...programs.filter(({ flags, code }) => !flags.includes('no-run') && !/^\s*declare /m.test(code)),
  ...ofPeers,
];

/** Writes every snippet at the line it has in its document, so that a message's line is the document's. */
function writeSnippets() {
  for (const folder of [scratch, peerScratch]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(
    join(scratch, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        composite: false,
        incremental: false,
        noEmit: true,
        isolatedDeclarations: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
        moduleDetection: 'force',
      },
      include: ['*.ts'],
    }),
  );
  for (const snippet of programs) {
    const text = '\n'.repeat(snippet.line - 1) + snippet.code;
    writeFileSync(join(scratch, `${fileName(snippet)}.ts`), text);
  }
  for (const snippet of runnable) {
    const { code } = transformSync(`${'\n'.repeat(snippet.line - 1)}${snippet.code}`, {
      filename: snippet.file,
      sourceMaps: 'inline',
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    });
    writeFileSync(join(folderOf(snippet), `${fileName(snippet)}.mjs`), code);
  }
}

const byName = new Map([...programs, ...ofPeers].map((snippet) => [fileName(snippet), snippet]));
/** Puts the documents' own names into what a tool printed. */
const withDocumentNames = (text) =>
  text.replaceAll(/\S*?([A-Za-z0-9-]+-L\d+)\.(?:ts|mjs)/g, (whole, name) => {
    const snippet = byName.get(name);
    return snippet === undefined ? whole : `${snippet.file} (snippet at line ${snippet.line}) `;
  });

async function typeCheck() {
  const { ok, output } = await run([tool('tsc'), '-p', scratch, '--pretty', 'false'], {
    quiet: true,
  });
  if (!ok) complaints.push(withDocumentNames(output));
  return ok;
}

/** The identity of the servers that read `key.pem` and `cert.pem`. */
async function writeIdentity() {
  const { TestAuthority } = await import('../packages/core/dist/testing/index.js');
  const { key, cert } = new TestAuthority().issue(['127.0.0.1', 'localhost']);
  writeFileSync(join(scratch, 'key.pem'), key);
  writeFileSync(join(scratch, 'cert.pem'), cert);
}

function addressOf(snippet) {
  const { href } = pathToFileURL(join(folderOf(snippet), `${fileName(snippet)}.mjs`));
  return snippet.flags.includes('until-sigterm') ? `${href}?until-sigterm` : href;
}

async function runDocument(file) {
  const isPrinted = (snippet) =>
    snippet.file === file && snippet.language === 'text' && snippet.flags.includes('printed');
  const own = runnable.filter((snippet) => snippet.file === file);
  const { ok, output } = await run(
    [
      process.execPath,
      '--enable-source-maps',
      join(root, 'scripts/docs/runner.mjs'),
      String(LIMIT_MS),
      scratch,
      ...own.map(addressOf),
    ],
    { quiet: true, timeout: LIMIT_MS * (own.length + 1) },
  );
  if (!ok) complaints.push(`${file}: a snippet failed\n${withDocumentNames(output)}`);
  for (const { line, code } of snippets.filter(isPrinted)) {
    if (ok && !output.includes(code)) {
      complaints.push(`${file}:${line}: no program prints this; they print\n${output}`);
    }
  }
}

if (ofPeers.length > 0) await installApart('bench');
writeSnippets();
try {
  // What does not type-check is not run: one mistake, one message.
  if (programs.length > 0 && (await typeCheck())) {
    await writeIdentity();
    for (const file of new Set(runnable.map((snippet) => snippet.file))) await runDocument(file);
  }
  for (const transcript of transcripts) {
    const complaint = await playTranscript(transcript);
    if (complaint !== null) complaints.push(complaint);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
  rmSync(peerScratch, { recursive: true, force: true });
}

for (const complaint of complaints) console.error(complaint);
console.log(
  `docs: ${programs.length} snippets type-checked, ${runnable.length} run, ${transcripts.length} transcripts played, ${complaints.length} complaints`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
