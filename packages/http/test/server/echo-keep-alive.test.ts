import { expect, test } from '@jest/globals';
import { TcpStream } from '@awaitio/core';
import { echo, serve } from '../../src/index.ts';

test('an answer made of a large request body keeps the connection', async () => {
  await using server = await serve(echo({ prefix: '' }));
  const stream = await TcpStream.connect(String(server.address));
  for (let request = 0; request < 2; request += 1) {
    const body = Buffer.alloc(1_000_000, `${request}`);
    const written = stream.writeAll(
      Buffer.concat([
        Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`),
        body,
      ]),
    );
    const head = await stream.readUntil('\r\n\r\n');
    expect(Buffer.from(head ?? []).toString()).not.toContain('Connection: close');
    expect(body.equals(await stream.readExactly(body.length))).toBe(true);
    await written;
  }
  await stream.close();
});
