import childProcess from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from '@jest/globals';
import { simulate } from '../simulate.ts';

const CALLS: readonly (readonly [string, () => unknown])[] = [
  ['process.exit', () => process.exit(0)],
  ['process.abort', () => process.abort()],
  ['process.kill', () => process.kill(process.pid, 'SIGKILL')],
  ['child_process.execSync', () => childProcess.execSync('true')],
  ['child_process.execFileSync', () => childProcess.execFileSync('true')],
  ['child_process.spawnSync', () => childProcess.spawnSync('true')],
  ['fs.watchFile', () => fs.watchFile('no such file', () => {})],
];

test.each(CALLS)('`%s` is refused by name, in each run and on a host', async (name, call) => {
  const kinds: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    for (const isOnHost of [false, true]) {
      const error: unknown = await simulate({ seed: 1 }, async (sim) => {
        if (isOnHost) sim.host('a').run(async () => void call());
        else call();
        await sim.clock.sleep(1);
      }).catch((reason: unknown) => reason);
      const { kind, message } = error as { kind: string; message: string };
      kinds.push(`${kind}: ${message.includes(`${name} was called inside a simulation`)}`);
    }
  }
  expect(kinds).toEqual(Array(4).fill('forbidden call: true'));
});

test('outside of a simulation they do what they always do', () => {
  expect(childProcess.spawnSync(process.execPath, ['--version']).status).toBe(0);
  expect(process.kill(process.pid, 0)).toBe(true);
});
