import { expect, test } from '@jest/globals';
import { TcpListener } from '@awaitio/core';
import { describeIf } from '../../core/test/support/capabilities.ts';
import { readToEnd, startServer } from './support/program.ts';

test.concurrent('passes bytes both ways, and each end where it belongs', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const proxy = await startServer('proxy', '--to', String(listener.localAddress));
  const client = await proxy.connect();
  await using server = await listener.accept();
  await client.writeAll('request');
  await client.shutdown('write');
  expect(await readToEnd(server)).toBe('request');
  // The client has finished, the server has not begun.
  await server.writeAll('an answer');
  await server.shutdown('write');
  expect(await readToEnd(client)).toBe('an answer');
  const [line] = await proxy.printed(/bytes/);
  expect(line).toBe(`${String(client.localAddress)}: 7 bytes there, 9 bytes back`);
  await client.close();
  expect(await proxy.stop()).toMatchObject({ stderr: '' });
});

test.concurrent('carries more than any buffer on the way', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const proxy = await startServer('proxy', '--to', String(listener.localAddress));
  const client = await proxy.connect();
  await using server = await listener.accept();
  const bytes = Buffer.alloc(5_000_000, '0123456789abcde');
  const written = client.writeAll(bytes).then(() => client.shutdown('write'));
  expect((await readToEnd(server)) === bytes.toString()).toBe(true);
  await written;
  await client.close();
  await proxy.stop();
});

test.concurrent('tells of a connection that leads nowhere, and serves the next', async () => {
  const proxy = await startServer('proxy', '--to', '127.0.0.1:1');
  for (let count = 1; count <= 2; count += 1) {
    // The reset may come before this side has noticed that it is connected.
    await proxy.connect().then(
      (client) => client.closed,
      () => {},
    );
    expect(await proxy.printed(/ECONNREFUSED/, count)).toHaveLength(count);
  }
  await proxy.stop();
});

test.concurrent('cuts connections at Ctrl-C that do not end by themselves', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const proxy = await startServer('proxy', '--to', String(listener.localAddress));
  const client = await proxy.connect();
  await using server = await listener.accept();
  expect(await proxy.stop()).toMatchObject({ stderr: '' });
  await client.closed;
  expect(await readToEnd(server)).toBe('');
});

describeIf('signals')('at Ctrl-C', () => {
  test.concurrent('says what it finishes, and what it cut, with exit status 1', async () => {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const proxy = await startServer('proxy', '--to', String(listener.localAddress));
    await proxy.connect();
    await using _server = await listener.accept();
    const { status, stdout } = await proxy.stop();
    expect(stdout).toContain('Finishing 1 connection, up to 1 s; Ctrl-C again ends at once\n');
    expect(stdout).toContain('Cut 1 connection that did not finish in time\n');
    expect(status).toBe(1);
  });
});
