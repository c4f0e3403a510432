import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The forms in which a program may load the packages: the file that shows whether it was built, and how to ask for it. */
const FORMS: readonly (readonly [form: string, built: string, flags: readonly string[]])[] = [
  [
    'from source',
    '../../src/index.ts',
    ['--conditions', 'source', '--import', here('../../../core/test/support/typescript-hooks.mjs')],
  ],
  ['from dist', '../../dist/index.js', []],
  ['bundled', '../../dist/bundle/index.js', ['--conditions', 'bundled']],
];

async function run(program: string, flags: readonly string[]): Promise<readonly unknown[]> {
  const file = here('../programs/first-simulation.mjs');
  const args = ['--no-warnings', ...flags, file, program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const lines = stdout.trim().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
}

const built = FORMS.filter(([, file]) => existsSync(here(file)));

describe.each(built)('the first simulation of a process, %s,', (_form, _file, flags) => {
  test.each([
    ['serves an application with a fetch method', 'fetch'],
    ['calls server.fetch', 'memory'],
    ['explains an option that is wrong', 'options'],
    ['speaks TLS', 'tls'],
  ])(
    '%s, and has the hash of the second and the third',
    async (_name, program) => {
      const runs = await run(program, flags);
      const [first] = runs;
      expect(first).toEqual({ hash: expect.any(String), virtualTime: expect.any(Number) });
      expect(runs).toEqual([first, first, first]);
    },
    120_000,
  );
});
