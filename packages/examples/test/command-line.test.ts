import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { start, startServer } from './support/program.ts';

const catalogue = JSON.parse(
  readFileSync(new URL('../catalogue.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, string>>;
const summaries = Object.assign({}, ...Object.values(catalogue)) as Record<string, string>;
const PROGRAMS = Object.keys(summaries);

test.concurrent.each(PROGRAMS)('%s --help tells every option and exits 0', async (name) => {
  const { status, stdout, stderr } = await start(name, '--help').ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^.+\n\nUsage: pnpm example ${name} `));
  expect(stdout.split('\n', 1)).toEqual([summaries[name]]);
  const address = name === 'lock-simulation' ? [] : ['--host HOST', '--port PORT'];
  for (const option of [...address, '--help']) expect(stdout).toContain(option);
});

test.concurrent.each([[['--']], [[]]])(
  'options may come after %j, which pnpm passes on',
  async (before) => {
    const { stdout } = await start('server', ...before, '--help').ended;
    expect(stdout).toContain('Usage: pnpm example server');
  },
);

test.concurrent.each([
  ['server', 'curl -d "name=WasmEdge" -X POST http://127.0.0.1:PORT'],
  ['poll-server', 'curl -d "name=WasmEdge" -X POST http://127.0.0.1:PORT'],
  ['chat', 'nc 127.0.0.1 PORT in two terminals; the first line that you type is your name'],
  ['web-chat', 'http://127.0.0.1:PORT in two windows of a browser'],
  ['ticker', 'http://127.0.0.1:PORT in a browser'],
  [
    'web-proxy',
    "new WebSocket('ws://127.0.0.1:PORT') in a browser, with `pnpm example ticker` at 127.0.0.1:1234",
  ],
  ['proxy', 'curl http://127.0.0.1:PORT, with `pnpm example server` at 127.0.0.1:1234'],
  ['worker-pool', 'echo hello | nc -N 127.0.0.1 PORT, as often as you like'],
  ['fan-out', 'nc 127.0.0.1 PORT, twice'],
  ['lines-server', 'pnpm example lines-client "SET colour blue" "GET colour" --port PORT'],
])('%s says what to do next, at an address that can be reached', async (name, next) => {
  const server = await startServer(name, '--host', '0.0.0.0');
  const [line] = await server.printed(/^Try: /);
  expect(line).toBe(`Try: ${next.replace('PORT', server.port)}`);
  await server.stop();
});

test.concurrent.each(['client', 'poll-client', 'lines-client', 'crawler'])(
  '%s says how to start a server that does not run',
  async (name) => {
    const args = name === 'lines-client' ? ['GET a'] : [];
    const { status, stdout, stderr } = await start(name, '--port', '1', ...args).ended;
    expect(status).toBe(1);
    const server = name === 'lines-client' ? 'lines-server' : 'server';
    expect(`${stdout}${stderr}`.match(/^Try: .*/gm)).toEqual([
      `Try: pnpm example ${server}, in another terminal`,
    ]);
  },
);

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
  [
    'retry-client',
    ['--attempts', '0'],
    `Option '--attempts' takes a whole number from 1 to 99999, got "0"`,
  ],
  [
    'retry-client',
    ['--backoff', 'long'],
    `Option '--backoff' takes a whole number from 1 to 99999, got "long"`,
  ],
  ['crawler', ['--rate', '0'], `Option '--rate' takes a whole number from 1 to 99999, got "0"`],
  ['lines-client', [], 'expected a COMMAND, such as "SET colour blue"'],
  ...['nonsense', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '::1:80', ':80', ''].map(
    (to): [string, string[], string] => [
      'proxy',
      ['--to', to],
      `Option '--to' takes an address such as 127.0.0.1:1234 or [::1]:1234, got "${to}"`,
    ],
  ),
];

test.concurrent.each(MISTAKES)('%s %j is refused in one line', async (name, args, message) => {
  const { status, stdout, stderr } = await start(name, ...args).ended;
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toMatch(new RegExp(`^example ${name}: .*\\. Try --help\\.\n$`));
});
