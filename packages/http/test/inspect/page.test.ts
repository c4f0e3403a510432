/** Who gets what from the inspector's page, over real sockets: nothing without the token, nothing for another site. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TcpStream } from '@awaitio/core';
import {
  HttpClient,
  HttpResponse,
  serve,
  SERVER_CHANNELS,
  TRACING_CHANNELS,
} from '../../src/index.ts';
import { optionsFrom } from '../../src/inspect/environment.ts';
import { inspect, type InspectorPage } from '../../src/inspect/index.ts';

const TOKEN = 'a-token-for-tests-only';
const KEY = { Authorization: `Bearer ${TOKEN}` };

let page: InspectorPage;
let client: HttpClient;
let address: string;
beforeAll(async () => {
  page = await inspect({ token: TOKEN, attentionAfter: 0, allowClose: true, interval: 100 });
  client = new HttpClient();
  address = page.url.slice(0, page.url.indexOf('#') - 1);
});
afterAll(async () => {
  await client.close();
  await page.close();
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function ask(
  path: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
): Promise<Answer> {
  const response = await client.request(method, `${address}${path}`, { headers });
  return { status: response.status, body: await response.text() };
}

/** A request as bytes: a client would not send another Host. */
async function raw(head: string): Promise<string> {
  const { hostname, port } = new URL(address);
  const stream = await TcpStream.connect({ host: hostname, port: Number(port) });
  await stream.writeAll(`${head}\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of stream) text += Buffer.from(chunk).toString();
  await stream.close();
  return text;
}

const DATA = ['/json', '/live', '/recording', '/perfetto', '/close/k1', '/anything'];

describe('the inspector', () => {
  test('says where it is, with the token where browsers send it to no one', () => {
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#a-token-for-tests-only$/);
  });

  test.each(DATA)('answers %s with nothing without the token', async (path) => {
    for (const headers of [
      {},
      { Authorization: 'Bearer ' },
      { Authorization: 'Bearer a-token-for-tests-onlx' },
      { Authorization: `Bearer ${TOKEN}x` },
      { Authorization: `Basic ${TOKEN}` },
      { Cookie: `token=${TOKEN}` },
    ]) {
      expect(await ask(path, headers)).toEqual({ status: 401, body: '' });
      expect(await ask(path, headers, 'POST')).toEqual({ status: 401, body: '' });
    }
    expect(await ask(`${path}?token=${TOKEN}`, {})).toEqual({ status: 401, body: '' });
  });

  test.each(['/', ...DATA])(
    'answers %s with nothing by a name that is not its own',
    async (path) => {
      for (const host of [
        'evil.example',
        '127.0.0.1',
        `evil.example:${new URL(address).port}`,
        'localhost:1',
      ]) {
        const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${TOKEN}`;
        expect(await raw(head)).toMatch(/^HTTP\/1\.1 403 [^]*\r\n\r\n$/);
      }
    },
  );

  test.each(['/', ...DATA])('answers %s with nothing to another site', async (path) => {
    for (const origin of [
      'http://evil.example',
      'null',
      'http://127.0.0.1:1',
      address.replace('http', 'https'),
    ]) {
      expect(await ask(path, { ...KEY, Origin: origin })).toEqual({ status: 403, body: '' });
    }
  });

  test.each(['/', ...DATA])(
    'opens no WebSocket at %s, for another site or its own',
    async (path) => {
      const handshake = `GET ${path} HTTP/1.1\r\nHost: ${new URL(address).host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==`;
      const from = (origin: string, more = ''): Promise<string> =>
        raw(`${handshake}\r\nOrigin: ${origin}${more}`);
      // A page cannot set Authorization on a WebSocket; a cookie it could.
      expect(await from('http://evil.example', `\r\nCookie: token=${TOKEN}`)).toMatch(
        /^HTTP\/1\.1 403 [^]*\r\n\r\n$/,
      );
      expect(await from(address)).toMatch(path === '/' ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 401 /);
    },
  );

  test.each(DATA)(
    'answers %s with nothing when a browser says that another site asks',
    async (path) => {
      for (const site of ['cross-site', 'same-site']) {
        expect(await ask(path, { ...KEY, 'Sec-Fetch-Site': site })).toEqual({
          status: 401,
          body: '',
        });
      }
    },
  );

  test('never allows another site to read, frame or keep what it answers', async () => {
    for (const [path, headers] of [
      ['/', {}],
      ['/json', KEY],
      ['/json', {}],
    ] as const) {
      const response = await client.get(`${address}${path}`, { headers });
      response.discard();
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('x-frame-options')).toBe('DENY');
      expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    }
    const preflight = await ask(
      '/json',
      {
        Origin: 'http://evil.example',
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'authorization',
      },
      'OPTIONS',
    );
    expect(preflight).toEqual({ status: 403, body: '' });
  });

  test.each([
    ['GET', '/json', {}, 401, 'www-authenticate', 'Bearer'],
    ['POST', '/', KEY, 405, 'allow', 'GET'],
    ['POST', '/json', KEY, 405, 'allow', 'GET'],
    ['GET', '/close/k1', KEY, 405, 'allow', 'POST'],
  ])('says to %s %s what it takes instead', async (method, path, headers, status, name, value) => {
    const response = await client.request(method, `${address}${path}`, { headers });
    response.discard();
    expect([response.status, response.headers.get(name)]).toEqual([status, value]);
  });

  test('serves a page of one document, whose policy allows its script and its style and nothing else', async () => {
    const response = await client.get(`${address}/`);
    const text = await response.text();
    expect(text).not.toMatch(/\b(?:src|href)="(?!data:,|#)/);
    expect(text).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(text).not.toContain(TOKEN);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  });

  test('has the page that its sources make', async () => {
    const script = fileURLToPath(
      new URL('../../../../scripts/inspector-page.mjs', import.meta.url),
    );
    await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toBeDefined();
  });

  test('shows neither itself nor those who look at it', async () => {
    const state = JSON.parse((await ask('/json', KEY)).body);
    expect(state).toMatchObject({ format: 'awaitio-inspection', version: 1 });
    expect(state.servers).toEqual([]);
    expect(state.requests).toEqual([]);
    expect(state.executors.filter(({ name }: { name: string }) => name === 'inspector')).toEqual(
      [],
    );
    const { port } = new URL(address);
    const own = state.sockets.filter(({ local }: { local: string }) => local.endsWith(`:${port}`));
    expect(own).toEqual([]);
  });

  test('emits no event and traces nothing, also with subscribers', async () => {
    const names = Object.values(SERVER_CHANNELS);
    for (const name of [TRACING_CHANNELS.serverRequest, TRACING_CHANNELS.serverConnection]) {
      for (const part of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
        names.push(`tracing:${name}:${part}`);
      }
    }
    const seen: unknown[] = [];
    const note = (_message: unknown, name: unknown): void => {
      seen.push(name);
    };
    for (const name of names) subscribe(name, note);
    try {
      expect((await ask('/json', KEY)).status).toBe(200);
      expect(await raw('GET / HTTP/1.1')).toMatch(/^HTTP\/1\.1 400 /);
    } finally {
      for (const name of names) unsubscribe(name, note);
    }
    expect(seen).toEqual([]);
  });

  test('closes a socket when it is allowed, by POST alone', async () => {
    await using server = await serve(() => HttpResponse.empty(), { port: 0 });
    const { hostname, port } = new URL(server.url);
    const stream = await TcpStream.connect({ host: hostname, port: Number(port) });
    await stream.writeAll('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await stream.readChunk();
    const sockets = page.look().sockets.filter(({ owner }) => owner === 'server');
    expect(sockets).toHaveLength(1);
    const path = `/close/${sockets[0]?.id}`;
    expect(await ask(path, KEY)).toEqual({ status: 405, body: '' });
    expect(await ask('/close/k999', KEY, 'POST')).toEqual({ status: 404, body: '' });
    expect(await ask(path, KEY, 'POST')).toEqual({ status: 204, body: '' });
    await expect(stream.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await stream.close();
  });

  test('closes none when it is not allowed', async () => {
    await using other = await inspect({ token: TOKEN });
    const response = await client.post(`${other.url.split('#')[0]}close/k1`, undefined, {
      headers: KEY,
    });
    response.discard();
    expect(response.status).toBe(403);
    expect(other.look().process.canClose).toBe(false);
  });

  test('listens on a Unix socket that only this user may connect to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awaitio-inspect-'));
    const path = join(folder, 'i.sock');
    try {
      await using other = await inspect({ path, token: TOKEN });
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const [url = ''] = other.url.split('#');
      const response = await client.get(`${url}json`, { headers: KEY });
      expect(await response.json()).toMatchObject({ format: 'awaitio-inspection' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each(['0.0.0.0', '192.0.2.1', '::', 'example.com'])(
    'does not listen on %s unless it is allowed to',
    async (host) => {
      await expect(inspect({ host })).rejects.toMatchObject({
        message: expect.stringContaining('inspect: expected `host` to be a loopback address, or'),
      });
    },
  );

  test.each([
    ['9300', { port: 9_300 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:9300', { host: '::1', port: 9_300 }],
    ['/tmp/i.sock', { path: '/tmp/i.sock' }],
  ])('reads %s of AWAITIO_INSPECT', (value, options) => {
    expect(optionsFrom(value)).toEqual(options);
  });

  test('is named by the message of a handler that fails, without its token', async () => {
    const lines: string[] = [];
    const print = jest.spyOn(console, 'error').mockImplementation((line) => {
      lines.push(String(line));
    });
    try {
      await using server = await serve(() => Promise.reject(new Error('on purpose')), { port: 0 });
      const response = await client.get(server.url);
      response.discard();
    } finally {
      print.mockRestore();
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('on purpose');
    expect(lines[0]).toContain(`(the inspector at ${address}/ shows what else waits)`);
    expect(lines[0]).not.toContain(TOKEN);
  });

  test('closes for good, also while someone looks', async () => {
    const other = await inspect({ token: TOKEN, interval: 100 });
    const [url = ''] = other.url.split('#');
    const response = await client.get(`${url}live`, { headers: KEY });
    const reading = response.text().catch((error: Error) => error.name);
    await Promise.all([other.close(), other.close()]);
    await reading;
    await expect(client.get(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
