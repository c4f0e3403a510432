/** Files larger than a piece, over real sockets: the memory of pieces is used again, and none of their bytes may be mixed up. */
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TcpListener, TlsListener } from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { staticFiles } from '../../src/batteries/index.ts';
import { HttpClient, serve } from '../../src/index.ts';

const SIZE = 3_000_000;
const FILES = 6;
let folder: string;
const hashes: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'awaitio-large-'));
  for (let file = 0; file < FILES; file += 1) {
    // No two pieces of any of the files are the same.
    const bytes = Buffer.alloc(SIZE);
    for (let at = 0; at < SIZE; at += 4) bytes.writeUInt32LE(file * SIZE + at, at);
    hashes.push(createHash('sha256').update(bytes).digest('hex'));
    await writeFile(join(folder, `${file}.bin`), bytes);
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(['TCP', 'TLS'])('files over %s', (kind) => {
  const authority = new TestAuthority();
  const listen = () =>
    kind === 'TLS'
      ? TlsListener.bind('127.0.0.1:0', authority.issue(['127.0.0.1']))
      : TcpListener.bind('127.0.0.1:0');

  test('come whole to clients that read at once, some of which stop and go on', async () => {
    const server = await serve(staticFiles(folder), { listener: await listen() });
    await using client = new HttpClient({ tls: { ca: authority.cert } });
    const taken = Array.from({ length: 24 }, async (_, index) => {
      const response = await client.get(`${server.url}${index % FILES}.bin`);
      const hash = createHash('sha256');
      let pieces = 0;
      for await (const piece of response.body) {
        hash.update(piece);
        pieces += 1;
        // Long enough for the buffers of both kernels to fill, in turns of the event loop.
        if (index % 3 === 0 && pieces % 8 === 0) {
          for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
        }
      }
      return hash.digest('hex');
    });
    const expected = taken.map((_, index) => hashes[index % FILES]);
    expect(await Promise.all(taken)).toEqual(expected);
    await server.shutdown();
  });
});

test('files come whole beside clients that leave in the middle', async () => {
  const server = await serve(staticFiles(folder), { port: 0 });
  const { port } = server.address as { readonly port: number };
  const leaving: Socket[] = [];
  await using client = new HttpClient();
  for (let round = 0; round < 12; round += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET /${round % FILES}.bin HTTP/1.1\r\nHost: a\r\n\r\n`);
    socket.once('data', () => {
      if (round % 2 === 0) socket.resetAndDestroy();
      else socket.pause();
    });
    leaving.push(socket);
    const bytes = await (
      await client.get(`${server.url}${round % FILES}.bin`)
    ).bytes({ limit: SIZE });
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hashes[round % FILES]);
  }
  for (const socket of leaving) socket.destroy();
  await server.shutdown({ grace: 0 });
});

test('a range behind the fourth gigabyte has its own bytes', async () => {
  const at = 5 * 2 ** 30;
  const file = await open(join(folder, 'sparse.bin'), 'w');
  await file.write('the end', at);
  await file.close();
  const server = await serve(staticFiles(folder), { port: 0 });
  await using client = new HttpClient();
  const response = await client.get(`${server.url}sparse.bin`, {
    headers: { range: `bytes=${at + 4}-` },
  });
  expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
    206,
    `bytes ${at + 4}-${at + 6}/${at + 7}`,
    'end',
  ]);
  await server.shutdown();
});
