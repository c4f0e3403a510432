/**
 * Seeds that failed once, in a file next to the test: they run first from then on, as the regressions of proptest do.
 *
 * One file for each file of tests, one line for each seed, so that a version control merges it line by line:
 *
 *     "adds up" seed 170 # main: Error: expected a total of #, got #
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInputError } from '../../../vocabulary/errors.ts';

/** The folder, next to the file of tests. */
export const FOLDER = 'simulation-regressions';

const HEADER = `# Seeds that failed once: simTest runs them before all others.
# Keep this file under version control, and take lines out when their test is gone.
`;

const LINE = /^("(?:[^"\\]|\\.)*") seed (\d+)(?: # .*)?$/;

/** The file for the tests of a file; `undefined` when that is not known. */
export function fileFor(testFile: string | undefined): string | undefined {
  if (testFile === undefined) return undefined;
  return join(dirname(testFile), FOLDER, `${basename(testFile)}.txt`);
}

/** The file of the code that called `above`. */
export function callerOf(above: (...args: never[]) => unknown): string | undefined {
  const place: { stack?: string } = {};
  Error.captureStackTrace(place, above);
  const [, line = ''] = String(place.stack).split('\n');
  const [, url = ''] =
    /(?:\(|at (?:async )?)((?:file:\/\/|[A-Za-z]:[\\/]|\/).*?):\d+(?::\d+)?\)?$/.exec(line) ?? [];
  if (url === '') return undefined;
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}

/** The seeds that are kept for a test. @throws `InvalidInputError` for a line that is none of this file. */
export function keptSeeds(operation: string, file: string, test: string): readonly number[] {
  if (!existsSync(file)) return [];
  const seeds: number[] = [];
  for (const [at, line] of readFileSync(file, 'utf8').split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, text = '', seed = ''] = LINE.exec(line) ?? [];
    const name = nameIn(text);
    if (name === undefined || !Number.isSafeInteger(Number(seed))) {
      const expected = 'expected "name of a test" seed, and a whole number from 0';
      throw new InvalidInputError(
        `${operation}: ${file}:${at + 1}: ${expected}, got ${line}`,
        operation,
      );
    }
    if (name === test) seeds.push(Number(seed));
  }
  return [...new Set(seeds)];
}

function nameIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Adds a seed, unless the file has it. @throws the errors of `node:fs` */
export function keepSeed(
  operation: string,
  file: string,
  test: string,
  seed: number,
  cause: string,
): void {
  if (keptSeeds(operation, file, test).includes(seed)) return;
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) appendFileSync(file, HEADER);
  // Someone who took lines out may have left the last without its end.
  const end = readFileSync(file, 'utf8').endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${end}${JSON.stringify(test)} seed ${seed} # ${cause}\n`);
}
