/** Wrong arguments and callbacks that throw, for the modules of Node on simulated hosts: Node itself says what is right. */
import { expect, test } from '@jest/globals';
import { startProgram } from '../support/program.ts';
import { THROWING } from '../support/module-calls.ts';

test('the modules of a simulated host refuse what those of Node refuse, in the same way, and nothing stays pending', async () => {
  const program = startProgram('hostile-modules');
  const lines: string[] = [];
  for (let line = await program.nextLine(); line !== undefined; line = await program.nextLine()) {
    lines.push(line);
  }
  const { code, stderr } = await program.ended;
  expect([...lines, stderr, code]).toEqual([
    '0 uncaught, more than 2000 alike',
    ...THROWING.map(([name]) => `${name}: alike`),
    '',
    0,
  ]);
});
