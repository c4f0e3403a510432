import { expect, test } from '@jest/globals';
import { BrokenError, TcpListener } from '@awaitio/core';
import { HttpClient } from '../../src/index.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('closing a client ends a kept-alive connection with FIN, not with a reset', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const client = new HttpClient();
  const answer = client.get(`http://${String(listener.localAddress)}/`);
  const stream = await listener.accept();
  await stream.readUntil('\r\n\r\n');
  await stream.writeAll(OK);
  expect(await (await answer).text()).toBe('ok');
  await client.close();
  expect(await stream.readChunk()).toBeNull();
  await stream.close();
});

test('closing a client breaks off a request that is under way', async () => {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const client = new HttpClient();
  const answer = client
    .get(`http://${String(listener.localAddress)}/`)
    .catch((error: unknown) => error);
  const stream = await listener.accept();
  await stream.readUntil('\r\n\r\n');
  await client.close();
  expect(await answer).toBeInstanceOf(BrokenError);
  await expect(stream.readChunk()).rejects.toThrow(BrokenError);
  await stream.close();
});
