import { expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTls, TcpListener, type TcpStream } from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { start, type Ended } from './support/program.ts';

const authority = new TestAuthority();
/** What clients have begun their encrypted conversations with. */
const begun: string[] = [];

/** A message of the server. */
function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

/** Runs the example against a server that answers its request for TLS with `answer`, and then with `messages`. */
async function ask(answer: string, messages: Buffer, ...args: string[]): Promise<Ended> {
  await using listener = await TcpListener.bind('127.0.0.1:0');
  const program = start('postgres-tls', '--port', String(listener.localAddress.port), ...args);
  const stream: TcpStream = await listener.accept();
  expect(Buffer.from(await stream.readExactly(8)).toString('hex')).toBe('0000000804d2162f');
  await stream.writeAll(answer);
  if (answer === 'S') {
    const identity = authority.issue(['127.0.0.1']);
    const serving = startTls(stream, { role: 'server', ...identity });
    // `undefined` where the client refuses the certificate.
    const secure = await serving.catch(() => undefined);
    begun.push(Buffer.from((await secure?.readExactly(20)) ?? []).toString('latin1'));
    for (const byte of messages) await secure?.writeAll(Buffer.of(byte));
    await secure?.close();
  }
  await stream.close().catch(() => {});
  return program.ended;
}

test('goes on encrypted, and says what the server is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'awaitio-ca-'));
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, authority.cert);
  const known = ['--user', 'maria', '--ca', ca];
  const ready = [
    message('R', '\0\0\0\0'),
    message('S', 'server_version\x0017\0'),
    message('Z', 'I'),
  ];
  const greeted = await ask('S', Buffer.concat(ready), ...known);
  expect(greeted).toMatchObject({ status: 0, stderr: '' });
  expect(greeted.stdout).toMatch(/^TLSv1\.3, \w+, CN=127\.0\.0\.1\n"server_version" = "17"\n$/);

  const asked = await ask('S', message('R', '\0\0\0\x0a'), ...known);
  expect(asked).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('asks for a password'),
  });

  const refused = await ask('S', message('E', 'SFATAL\0Mno such role\0\0'), ...known);
  expect(refused).toMatchObject({ status: 1, stderr: 'Connection error: "no such role"\n' });
  await rm(folder, { recursive: true });
  expect(new Set(begun)).toEqual(new Set(['\0\0\0\x14\0\x03\0\0user\0maria\0\0']));
});

test('believes no server without TLS, or without a certificate that it trusts', async () => {
  const plain = await ask('N', Buffer.alloc(0));
  expect(plain).toMatchObject({ status: 1, stderr: 'Connection error: the server has no TLS\n' });
  const unknown = await ask('S', Buffer.alloc(0));
  expect(unknown).toMatchObject({ status: 1, stdout: '' });
  expect(unknown.stderr).toContain('certificate');
});
