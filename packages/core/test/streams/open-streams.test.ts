import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TcpListener, TcpStream, trackStreams } from '../../src/index.ts';
import { expectNoOpenStreams, type OpenStreamsError } from '../../src/testing/index.ts';

beforeAll(() => {
  trackStreams(true);
});
afterAll(() => {
  trackStreams(false);
});

test('a connection that was forgotten on either side is found by its addresses', async () => {
  const listener = await TcpListener.bind('127.0.0.1:0');
  const client = await TcpStream.connect(listener.localAddress);
  const server = await listener.accept();
  const error = await expectNoOpenStreams({ within: 0 }).catch((thrown: unknown) => thrown);
  const { streams, message } = error as OpenStreamsError;
  expect(streams.map(({ stream }) => stream)).toEqual([client, server]);
  const [from, to] = [String(client.localAddress), String(client.remoteAddress)];
  expect(message).toContain(`1. TcpStream ${from} → ${to}: open`);
  expect(message).toContain(`2. TcpStream ${to} → ${from}: open`);
  expect(streams[0]?.site).toContain('streams/open-streams.test.ts');
  await client.close();
  await server.close();
  await listener.close();
});

test('connections that are closing are waited for', async () => {
  const listener = await TcpListener.bind('127.0.0.1:0');
  const client = await TcpStream.connect(listener.localAddress);
  const server = await listener.accept();
  void client.close();
  void server.close();
  await expect(expectNoOpenStreams()).resolves.toBeUndefined();
  await listener.close();
});
