import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('../support/cluster-primary.mjs', import.meta.url));

async function answersOf(policy: string): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, policy]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('workers of a cluster share what their primary accepts for them', async () => {
  expect(await answersOf('rr')).toEqual({ answers: 100, workers: 2, exits: [0, 0] });
});

test('workers of a cluster that accept for themselves answer all clients', async () => {
  expect(await answersOf('none')).toMatchObject({ answers: 100, exits: [0, 0] });
});
