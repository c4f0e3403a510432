import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { simulateSeeds } from '../../src/testing/index.ts';
import { startProgram } from '../support/program.ts';

async function linesOf(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const program = startProgram(name, { env });
  const lines: string[] = [];
  for (let line = await program.nextLine(); line !== undefined; line = await program.nextLine()) {
    lines.push(line);
  }
  const { code, stderr } = await program.ended;
  expect(stderr).toBe('');
  return [...lines, `ended with ${code}`];
}

test('simTest registers tests with node:test where no runner has globals', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sim-test-'));
  const regressions = join(folder, 'kept.txt');
  const lines = await linesOf('sim-test', { REGRESSIONS: regressions });
  const kept = readFileSync(regressions, 'utf8');
  rmSync(folder, { recursive: true });
  const output = lines.join('\n');
  expect(output).toMatch(/(?:not ok 1 -|✖) splits/);
  expect(output).toMatch(/(?:ok 2 -|✔) rests/);
  expect(output).toContain('AWAITIO_STORY=');
  expect(lines.at(-1)).toBe('ended with 1');
  expect(kept).toMatch(/^"splits" seed \d+ # main: Error: only # bytes$/m);
});

test('seeds that run in workers have the failures and properties that they have in one thread', async () => {
  const [here = '', workers = '', end] = await linesOf('seeds-in-workers', {});
  expect(end).toBe('ended with 0');
  const expected: unknown = JSON.parse(here);
  expect(expected).toMatchObject({ runs: 100, failures: [{ cause: 'main: Error: only # bytes' }] });
  expect(JSON.parse(workers)).toEqual(expected);
});

test('seeds that run in workers need the URL of a module', async () => {
  await expect(simulateSeeds({ count: 1, workers: 2 }, () => {})).rejects.toThrow(
    'simulateSeeds: expected `main` to be the URL of a module',
  );
});
