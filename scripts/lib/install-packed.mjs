/** What a Dockerfile does, without Docker: its commands in an empty folder, with this repository's packages in the place of npm's. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm, run } from './run.mjs';

/** The text behind the last line of a Dockerfile that begins with a word; `undefined` without one. */
export function dockerLine(dockerfile, word) {
  const lines = readFileSync(dockerfile, 'utf8').split('\n');
  return lines.findLast((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
}

/**
 * Packs the packages into a folder with a `package.json`, has that name them, and runs the Dockerfile's command to install.
 *
 * @param {string} folder - Has the entry's files already.
 * @param {string} command - Such as `npm install --omit=dev`.
 * @throws When packing or the command fails, with what it printed.
 */
export async function installPacked(folder, command) {
  const path = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  for (const name of ['core', 'http']) {
    const file = `${name}.tgz`;
    const packed = pnpm('--filter', `@awaitio/${name}`, 'pack', '--out', join(folder, file));
    await succeed(packed, {});
    manifest.dependencies[`@awaitio/${name}`] = `file:${file}`;
  }
  manifest.overrides = { '@awaitio/core': 'file:core.tgz' };
  writeFileSync(path, JSON.stringify(manifest));
  await succeed(['sh', '-c', command], { cwd: folder });
}

async function succeed(command, options) {
  const { ok, output } = await run(command, { quiet: true, ...options });
  if (!ok) throw new Error(`${command.join(' ')} failed:\n${output}`);
}
