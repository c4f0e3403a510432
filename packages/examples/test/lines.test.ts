import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TcpListener } from '@awaitio/core';
import { exchange, start, startServer, type Serving } from './support/program.ts';

let server: Serving;
beforeAll(async () => {
  server = await startServer('lines-server');
});
afterAll(async () => {
  await server.stop();
});

test.concurrent('the client prints an answer for each command', async () => {
  const run = (...commands: string[]) =>
    start('lines-client', '--port', server.port, ...commands).ended;
  expect(await run('SET colour dark blue', 'GET colour', 'GET size')).toEqual({
    status: 0,
    stdout: [
      'SET colour dark blue → OK',
      'GET colour → VALUE dark blue',
      'GET size → NONE',
      '',
    ].join('\n'),
    stderr: '',
  });
  expect(await run('DELETE colour', 'GET colour', 'SING')).toMatchObject({
    status: 0,
    stdout: 'DELETE colour → OK\nGET colour → NONE\nSING → ERROR there is no such command\n',
  });
});

test.concurrent('more commands than both sides can buffer are answered', async () => {
  const commands = Array.from({ length: 1_000 }, (_, at) => `SET key${at} ${'v'.repeat(100)}`);
  const { status, stdout } = await start('lines-client', '--port', server.port, ...commands).ended;
  expect(status).toBe(0);
  expect(stdout.match(/ → OK$/gm)).toHaveLength(1_000);
});

test.concurrent('commands that come together are answered in order, up to QUIT', async () => {
  expect(await exchange(server, 'SET a 1\r\nGET a\r\nQUIT\r\nGET a\r\n')).toBe('OK\r\nVALUE 1\r\n');
});

test.concurrent.each([
  ['a bare line feed', 'GET a\n'],
  ['bytes that are no UTF-8', '\u00ff\r\n'],
  ['a line that is too long', `GET ${'a'.repeat(2_000)}\r\n`],
])('%s is answered as no line', async (_what, bytes) => {
  expect(await exchange(server, Buffer.from(bytes, 'latin1'))).toBe('ERROR that was no line\r\n');
});

test.concurrent('a server that hangs up is an error', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const { port } = listener.localAddress as { port: number };
  const client = start('lines-client', '--port', String(port), 'GET a');
  const stream = await listener.accept();
  await stream.readLine();
  await stream.close();
  expect(await client.ended).toMatchObject({
    status: 1,
    stderr: 'Connection error: the server hung up before it answered GET a\n',
  });
});

test.concurrent('ends at Ctrl-C with a client that says nothing', async () => {
  const own = await startServer('lines-server');
  await own.connect();
  expect(await own.stop()).toMatchObject({ stderr: '' });
});
