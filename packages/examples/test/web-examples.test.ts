/** The web servers among the examples, each asked as its users would. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { HttpClient } from '@awaitio/http';
import { describeIf, describeWithout } from '../../core/test/support/capabilities.ts';
import { exchange, start, startServer, type Serving } from './support/program.ts';

const urlOf = ({ port }: Serving, path = '/'): string => `http://127.0.0.1:${port}${path}`;

describeWithout('sqlite')('without SQLite', () => {
  test.concurrent('the JSON API says which Node.js it needs', async () => {
    const ended = await start('json-api').ended;
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^This example needs Node\.js 22\.13 or later/);
  });
});

describeIf('sqlite')('with SQLite', () => {
  test.concurrent('the JSON API keeps notes, refuses what is none, and describes itself', async () => {
    const server = await startServer('json-api');
    const post = (body: string): Promise<Response> =>
      fetch(urlOf(server, '/notes'), {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
    const added = await post('{"text":"buy milk"}');
    expect([added.status, await added.json()]).toEqual([201, { id: 1, text: 'buy milk' }]);
    expect((await post('{"text":""}')).status).toBe(422);
    expect(await (await fetch(urlOf(server, '/notes'))).json()).toEqual([
      { id: 1, text: 'buy milk' },
    ]);
    expect((await fetch(urlOf(server, '/notes/2'))).status).toBe(404);
    const document = (await (await fetch(urlOf(server, '/openapi.json'))).json()) as {
      paths: object;
    };
    expect(Object.keys(document.paths)).toEqual(['/notes', '/notes/{id}']);
    expect(await server.stop()).toMatchObject({ status: 0, stderr: '' });
  });
});

test.concurrent('the application of Hono has its page, its files and its routes', async () => {
  const server = await startServer('hono-app');
  const page = await fetch(urlOf(server));
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  const [, style = ''] = /href="([^"]+)"/.exec(await page.text()) ?? [];
  expect((await fetch(urlOf(server, style))).headers.get('content-type')).toMatch(/^text\/css/);
  const greeted = await fetch(urlOf(server, '/api/hello/M%C3%BCller'));
  expect(await greeted.json()).toEqual({ greeting: 'Hello Müller' });
  expect((await fetch(urlOf(server, '/nowhere'))).status).toBe(404);
  expect(await server.stop()).toMatchObject({ status: 0, stderr: '' });
});

test.concurrent('a file is sent and fetched back, and has a name only when it is whole', async () => {
  const server = await startServer('files');
  expect(await (await fetch(urlOf(server))).text()).toContain('<progress');
  const folder = await mkdtemp(join(tmpdir(), 'awaitio-transfer-'));
  const file = join(folder, 'a file.bin');
  await writeFile(file, randomBytes(2_000_000));
  const { status, stdout, stderr } = await start('transfer', '--port', server.port, file).ended;
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: `Sent ${file}\nFetched ${file}.copy\n`,
    stderr: '',
  });
  expect(await readFile(`${file}.copy`)).toEqual(await readFile(file));
  for (const name of ['..%2fx', '.hidden', '%00', 'a'.repeat(101), '%F0%9F%98%80']) {
    const put = `PUT /files/${name} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx`;
    expect([name, await exchange(server, put)]).toEqual([
      name,
      expect.stringMatching(/^HTTP\/1\.1 400 /),
    ]);
  }
  const half = await server.connect();
  await half.writeAll('PUT /files/half HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
  half.reset();
  expect(await (await fetch(urlOf(server, '/files'))).json()).toEqual([
    { name: 'a file.bin', size: 2_000_000 },
  ]);
  expect(await server.stop()).toMatchObject({ status: 0, stderr: '' });
  await rm(folder, { recursive: true });
});

// A client that loads a part of itself must not do so while other tests end.
test('an event stream gives what happened, and only what was missed', async () => {
  const server = await startServer('event-stream');
  expect(await (await fetch(urlOf(server))).text()).toContain('EventSource');
  const client = new HttpClient({ baseUrl: urlOf(server) });
  const happen = async (text: string): Promise<void> => {
    expect((await client.post('/events', JSON.stringify({ text }))).status).toBe(204);
  };
  await happen('one');
  await happen('two');
  const seen: unknown[] = [];
  const headers = { 'Last-Event-ID': '1' };
  for await (const { id, data } of (await client.get('/events', { headers })).events()) {
    seen.push([id, data]);
    if (seen.length === 1) await happen('three');
    else break;
  }
  expect(seen).toEqual([
    ['2', '{"text":"two"}'],
    ['3', '{"text":"three"}'],
  ]);
  expect((await client.post('/events', '{"text":""}')).status).toBe(422);
  await client.close();
  expect(await server.stop()).toMatchObject({ status: 0, stderr: '' });
});

test.concurrent('the reverse proxy tries the next backend, where that cannot do a thing twice', async () => {
  const backend = await startServer('server');
  const proxy = await startServer('reverse-proxy', '127.0.0.1:1', `127.0.0.1:${backend.port}`);
  for (let count = 0; count < 4; count += 1) {
    const answer = await fetch(urlOf(proxy, '/a?b=c'), { method: 'POST', body: `no. ${count}` });
    expect([answer.status, await answer.text()]).toEqual([200, `echo: no. ${count}`]);
  }
  expect(backend.lines.filter((line) => line.endsWith('"POST" "/a?b=c"'))).toHaveLength(4);
  await backend.stop();
  expect((await fetch(urlOf(proxy))).status).toBe(502);
  expect(await proxy.stop()).toMatchObject({ status: 0, stderr: '' });
});

test.concurrent('a client that knows the root of a private authority is served, and no other', async () => {
  const server = await startServer('private-ca');
  await server.printed(/^A client that knows the root got: In private, 127\.0\.0\.1:\d+\.$/);
  await server.printed(/^A client that does not failed: .*certificate/);
  const [line = ''] = await server.printed(/^Try: curl --cacert/);
  const root = /--cacert (\S+)/.exec(line)?.[1] ?? '';
  const client = new HttpClient({ tls: { ca: await readFile(root, 'utf8') } });
  const answer = await client.get(`https://localhost:${server.port}/`);
  expect(await answer.text()).toMatch(/^In private, /);
  await client.close();
  expect(await server.stop()).toMatchObject({ status: 0, stderr: '' });
  await rm(join(root, '..'), { recursive: true });
});

test.concurrent('the inspector shows the four troubles of its example', async () => {
  const server = await startServer('inspector');
  const [line = ''] = await server.printed(/^Try: http/);
  const page = new URL(/http\S+/.exec(line)?.[0] ?? '');
  const headers = { authorization: `Bearer ${page.hash.slice(1)}` };
  const wanted = new Set(['dry-pool', 'refused', 'slow-client', 'slow-handler']);
  const client = new HttpClient({ headers });
  while (wanted.size > 0) {
    const look = (await (await client.get(new URL('/json', page))).json()) as {
      attention: { kind: string }[];
    };
    for (const { kind } of look.attention) wanted.delete(kind);
  }
  await client.close();
  expect(await server.stop()).toMatchObject({ stderr: '' });
});
