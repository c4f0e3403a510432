import { expect, test } from '@jest/globals';
import { start } from './support/program.ts';

const PROGRAMS = [
  'server',
  'client',
  'poll-server',
  'poll-client',
  'chat',
  'proxy',
  'lines-server',
  'lines-client',
];

test.concurrent.each(PROGRAMS)('%s --help tells every option and exits 0', async (name) => {
  const { status, stdout, stderr } = await start(name, '--help').ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`Usage: pnpm example:${name}`);
  for (const option of ['--host HOST', '--port PORT', '--help']) expect(stdout).toContain(option);
});

/** The reading of arguments is shared, so each mistake is tried on one program, and one mistake on each program. */
const MISTAKES: readonly [name: string, args: readonly string[], message: string][] = [
  ...PROGRAMS.map((name): [string, string[], string] => [name, ['--prot', '80'], `'--prot'`]),
  ['server', ['--port', '65536'], 'from 0 to 65535, got "65536"'],
  ['server', ['--port', '-1'], `Option '--port' argument is ambiguous`],
  ['server', ['--port', '12x'], 'from 0 to 65535, got "12x"'],
  ['server', ['--port', ''], 'from 0 to 65535, got ""'],
  ['server', ['--port'], `Option '--port <value>' argument missing`],
  ['server', ['--host', ''], `Option '--host' takes a name or an address, got nothing`],
  ['server', ['8080'], `Unexpected argument '8080'`],
  ['client', ['--port', '0'], 'from 1 to 65535, got "0"'],
  ['client', ['a', 'b', 'c'], 'expected at most 2 URL arguments, got 3'],
];

test.concurrent.each(MISTAKES)('%s %j is refused in one line', async (name, args, message) => {
  const { status, stdout, stderr } = await start(name, ...args).ended;
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toMatch(new RegExp(`^example:${name}: .*\\. Try --help\\.\n$`));
});
