/** The files of all tests, of every package. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../..', import.meta.url));

/** The tests and what they use: all of `test/`, and `*.test.ts` beside the sources. */
export function testFiles(): string[] {
  return readdirSync(PACKAGES).flatMap((name) => [
    ...filesBelow(join(PACKAGES, name, 'test'), /\.(ts|mjs)$/),
    ...filesBelow(join(PACKAGES, name, 'src'), /\.test\.ts$/),
  ]);
}

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));
}
