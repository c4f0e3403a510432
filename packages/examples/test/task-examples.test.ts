/** The examples of processes and simulations, and the chat's client for a terminal. */

import { expect, test } from '@jest/globals';
import { HttpClient } from '@awaitio/http';
import { start, startServer } from './support/program.ts';

const isWindows = process.platform === 'win32';

test.concurrent('three restarts under load lose no request, where there is SIGHUP', async () => {
  const server = await startServer('graceful-restart');
  const client = new HttpClient({ maxConnectionsPerOrigin: 4 });
  const statuses = new Set<number>();
  const processes = new Set<string>();
  const load = { isOn: true };
  const posters = Array.from({ length: 4 }, async () => {
    while (load.isOn) {
      const answer = await client.post(`http://127.0.0.1:${server.port}/`, 'once');
      statuses.add(answer.status);
      processes.add(await answer.text());
    }
  });
  const restarts = isWindows ? 0 : 3;
  for (let restart = 1; restart <= restarts; restart += 1) {
    process.kill(server.pid, 'SIGHUP');
    await server.printed(/^Process \d+ serves$/, restart + 1);
    while (processes.size <= restart) await new Promise(setImmediate);
  }
  load.isOn = false;
  await Promise.all(posters);
  await client.close();
  expect([...statuses]).toEqual([200]);
  expect(processes.size).toBe(restarts + 1);
  expect(await server.stop('SIGTERM')).toMatchObject({ stderr: '' });
});

test.concurrent('a port that is taken is an error, and no process is left', async () => {
  const other = await startServer('server');
  const { status, stdout, stderr } = await start('graceful-restart', '--port', other.port).ended;
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('Cannot listen');
  await other.stop();
});

test.concurrent('the bug of the lock is found and told, and fencing ends it', async () => {
  const { status, stdout, stderr } = await start('lock-simulation').ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /^Without fencing:\n {2}simulation with seed \d+ failed at .*: an older write came last: [\s\S]*replay it: [\s\S]*\nWith fencing:\n {2}500 networks, and no write was lost\.\n$/,
  );
});

test.concurrent('the chat reaches a terminal, and what is typed there reaches the chat', async () => {
  const server = await startServer('web-chat');
  const [first, second] = [1, 2].map(() => start('web-chat-client', '--port', server.port));
  await Promise.all([first?.printed(/^You are in/), second?.printed(/^You are in/)]);
  first?.type('hello\n');
  await second?.printed(/^hello$/);
  await first?.stop();
  expect(await first?.ended).toMatchObject({ stderr: '' });
  await server.stop();
  expect(await second?.ended).toMatchObject({ status: 0, stderr: '' });
  expect((await second?.ended)?.stdout).toContain('The chat has closed, with code 1001.');
});
