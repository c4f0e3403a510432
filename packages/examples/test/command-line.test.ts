import { expect, test } from '@jest/globals';
import { start } from './support/program.ts';

const PROGRAMS = ['server', 'client', 'poll-server', 'poll-client'];

test.each(PROGRAMS)('%s --help tells every option and exits 0', async (name) => {
  const { status, stdout, stderr } = await start(name, '--help').ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`Usage: pnpm example:${name}`);
  for (const option of ['--host HOST', '--port PORT', '--help']) expect(stdout).toContain(option);
});

test.each(
  PROGRAMS.flatMap((name): [string, string[], string][] => [
    [name, ['--prot', '80'], `Unknown option '--prot'`],
    [name, ['--port', '65536'], `to 65535, got "65536"`],
    [name, ['--port', '12x'], `to 65535, got "12x"`],
    [name, ['--port'], `Option '--port <value>' argument missing`],
    [name, ['--host', ''], `Option '--host' takes a name or an address, got nothing`],
    [name, ['a', 'b', 'c'], name.endsWith('client') ? 'expected at most 2 URL' : `argument 'a'`],
  ]),
)('%s %j is refused in one line', async (name, args, message) => {
  const { status, stdout, stderr } = await start(name, ...args).ended;
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toMatch(new RegExp(`^example:${name}: .*\\. Try --help\\.\n$`));
});
