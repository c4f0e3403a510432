import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { exchange, start, startServer } from './support/program.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

test.concurrent('the worker pool answers many clients, each in the order of its lines', async () => {
  const server = await startServer('worker-pool', '--workers', '2');
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      exchange(server, Array.from({ length: 50 }, (_, n) => `${name}${n}\n`).join('')),
    ),
  );
  for (const [at, name] of ['a', 'b', 'c'].entries()) {
    const expected = Array.from({ length: 50 }, (_, n) => hash(`${name}${n}`));
    expect(answers[at]?.trim().split('\n')).toEqual(expected);
  }
  expect(await server.stop()).toMatchObject({ stderr: '' });
});

test.concurrent('the worker pool ends at Ctrl-C with a client that says nothing', async () => {
  const server = await startServer('worker-pool');
  await server.connect();
  expect(await server.stop()).toMatchObject({ stderr: '' });
});

test.concurrent('the retrying client waits for a server that comes later', async () => {
  const first = await startServer('server');
  await first.stop();
  const client = start(
    'retry-client',
    '--port',
    first.port,
    '--attempts',
    '100',
    '--backoff',
    '20',
  );
  await client.printed(/^Attempt 2: .*ECONNREFUSED.*; again in \d+ ms$/);
  const server = start('server', '--port', first.port);
  const { status, stdout } = await client.ended;
  expect(status).toBe(0);
  expect(stdout).toContain('200');
  await server.stop();
});

test.concurrent('the retrying client says after its last attempt what to start', async () => {
  const ended = await start('retry-client', '--port', '1', '--attempts', '2', '--backoff', '1')
    .ended;
  expect(ended).toMatchObject({ status: 1 });
  expect(ended.stderr).toMatch(/^retry: 2 attempts failed, the last one with: .*ECONNREFUSED/);
  expect(ended.stderr).toContain('Try: pnpm example server, in another terminal\n');
});

test.concurrent('the crawler asks for every page, no faster than its rate', async () => {
  const server = await startServer('server');
  const before = performance.now();
  const args = ['--port', server.port, '--pages', '6', '--rate', '50', '--at-once', '2'];
  const { status, stdout } = await start('crawler', ...args).ended;
  expect(status).toBe(0);
  expect(stdout.trim().split('\n').toSorted()).toEqual(
    [1, 2, 3, 4, 5, 6].map((page) => expect.stringMatching(`^/page/${page}: 200, \\d+ bytes$`)),
  );
  // Real time, for the rate is what is tested: five intervals of 20 ms take so long on every machine.
  expect(performance.now() - before).toBeGreaterThanOrEqual(99);
  await server.stop();
});

test.concurrent('the fan-out sends every line to all clients, and a sign of life to those that say nothing', async () => {
  const server = await startServer('fan-out', '--every', '20');
  const listener = await server.connect();
  // It has subscribed by then.
  expect(await listener.readLine()).toBe('(still here)');
  const speaker = await server.connect();
  await speaker.writeAll('a\nb\nc\n');
  const lines: (string | null)[] = [];
  while (lines.length < 3) {
    const line = await listener.readLine();
    if (line !== '(still here)') lines.push(line);
  }
  expect(lines).toEqual(['a', 'b', 'c']);
  expect(await server.stop()).toMatchObject({ stderr: '' });
});
