import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startProgram } from '../support/program.ts';

test('simTest registers tests with node:test where no runner has globals', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sim-test-'));
  const regressions = join(folder, 'kept.txt');
  const program = startProgram('sim-test', { env: { REGRESSIONS: regressions } });
  const lines: string[] = [];
  for (let line = await program.nextLine(); line !== undefined; line = await program.nextLine()) {
    lines.push(line);
  }
  const { code } = await program.ended;
  const kept = readFileSync(regressions, 'utf8');
  rmSync(folder, { recursive: true });
  const output = lines.join('\n');
  expect(output).toMatch(/(?:not ok 1 -|✖) splits/);
  expect(output).toMatch(/(?:ok 2 -|✔) rests/);
  expect(output).toContain('AWAITIO_STORY=');
  expect(code).toBe(1);
  expect(kept).toMatch(/^"splits" seed \d+ # main: Error: only # bytes$/m);
});
