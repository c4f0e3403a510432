import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryListener, memoryPair } from '@awaitio/core';
import { HttpResponse, serve, type Handler, type HttpServer } from '../index.ts';
import { staticFiles, type StaticFilesOptions } from './static-files.ts';

let folder: string;
let root: string;
const digits = '0123456789'.repeat(1_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'awaitio-static-'));
  root = join(folder, 'public');
  await mkdir(join(root, 'sub', 'deep'), { recursive: true });
  await mkdir(join(root, '.git'));
  await mkdir(join(root, '.well-known'));
  await mkdir(join(root, 'empty'));
  await mkdir(join(folder, 'public-not'));
  const files: Record<string, string> = {
    'public/index.html': '<h1>root</h1>',
    'public/sub/index.html': '<h1>sub</h1>',
    'public/sub/deep/file.txt': 'deep',
    'public/digits.txt': digits,
    'public/nothing.txt': '',
    'public/a b+c%.json': '{}',
    'public/ü.svg': '<svg/>',
    'public/no-ending': 'raw',
    'public/app.js': 'plain',
    'public/app.js.br': 'br',
    'public/app.js.gz': 'gzip',
    'public/.env': 'SECRET',
    'public/.git/config': 'SECRET',
    'public/.well-known/security.txt': 'Contact:',
    'secret.txt': 'SECRET',
    'public-not/secret.txt': 'SECRET',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await symlink(join(folder, 'secret.txt'), join(root, 'link-out.txt'));
  await symlink(folder, join(root, 'folder-out'));
  await symlink('digits.txt', join(root, 'link-in.txt'));
  await symlink('loop', join(root, 'loop'));
  await utimes(join(root, 'digits.txt'), 783_459_811, 783_459_811);
  await writeFile(join(root, 'locked.txt'), 'SECRET');
  await chmod(join(root, 'locked.txt'), 0);
});
afterAll(() => rm(folder, { recursive: true }));

interface Answer {
  readonly status: number;
  readonly headers: globalThis.Headers;
  readonly body: string;
  readonly errors: readonly unknown[];
}

async function served<T>(
  handler: Handler,
  use: (server: HttpServer, errors: unknown[]) => Promise<T>,
): Promise<T> {
  const errors: unknown[] = [];
  const server = await serve(handler, {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  try {
    return await use(server, errors);
  } finally {
    await server.shutdown({ grace: 0 });
  }
}

/** What is answered to a target that stands on the wire as it is. */
const ask = (
  target: string,
  fields: Record<string, string> = {},
  options?: StaticFilesOptions,
  method = 'GET',
  place: string | URL = root,
): Promise<Answer> =>
  served(staticFiles(place, options), async (server, errors) => {
    const [near, far] = memoryPair();
    server.serveStream(far);
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    await near.writeAll(
      `${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.join('')}\r\n`,
    );
    const chunks: Uint8Array[] = [];
    for await (const chunk of near) chunks.push(chunk);
    await near.close();
    const text = Buffer.concat(chunks).toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const [line = '', ...rest] = text.slice(0, end).split('\r\n');
    const headers = new globalThis.Headers(
      rest.map((field) => field.split(/: (.*)/s).slice(0, 2) as [string, string]),
    );
    return { status: Number(line.split(' ')[1]), headers, body: text.slice(end + 4), errors };
  });

describe('a file below the root', () => {
  test.each([
    ['/digits.txt', 'text/plain; charset=utf-8', digits],
    ['/sub/deep/file.txt', 'text/plain; charset=utf-8', 'deep'],
    ['/a%20b+c%25.json', 'application/json; charset=utf-8', '{}'],
    ['/%C3%BC.svg?query#x'.replace('#x', ''), 'image/svg+xml; charset=utf-8', '<svg/>'],
    ['/no-ending', 'application/octet-stream', 'raw'],
    ['/nothing.txt', 'text/plain; charset=utf-8', ''],
    ['/link-in.txt', 'text/plain; charset=utf-8', digits],
    ['/.well-known/security.txt', 'text/plain; charset=utf-8', 'Contact:'],
    ['/', 'text/html; charset=utf-8', '<h1>root</h1>'],
    ['/sub/', 'text/html; charset=utf-8', '<h1>sub</h1>'],
    ['http://a/sub/index.html', 'text/html; charset=utf-8', '<h1>sub</h1>'],
  ])('is sent for %s', async (target, type, body) => {
    const answer = await ask(target);
    expect([answer.status, answer.body, answer.errors]).toEqual([200, body, []]);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('content-length')).toBe(String(body.length));
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('etag')).toMatch(/^"[\da-z]+-[\da-z]+"$/);
  });

  test('is found below a root that is given as a file: URL', async () => {
    const odd = join(folder, 'odd #%41 ü');
    await mkdir(odd);
    await writeFile(join(odd, 'a.txt'), 'here');
    expect((await ask('/a.txt', {}, {}, 'GET', pathToFileURL(odd))).body).toBe('here');
    expect(() => staticFiles(new URL('http://a/'))).toThrow(
      'expected `root` to be the path or file: URL of a folder',
    );
  });

  test('is found below the root wherever the links to it lie', async () => {
    expect((await ask('/folder-out/public/digits.txt')).body).toBe(digits);
  });

  test('has no body for HEAD, and the length that GET has', async () => {
    const answer = await ask('/digits.txt', {}, {}, 'HEAD');
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(answer.headers.get('content-length')).toBe('10000');
    expect(answer.headers.get('last-modified')).toBe('Sat, 29 Oct 1994 19:43:31 GMT');
  });
});

describe('what is no file below the root is 404', () => {
  test.each([
    '/missing',
    '/digits.txt/',
    '/digits.txt/x',
    '/empty/',
    '/sub//deep/file.txt',
    '//digits.txt',
    '/../secret.txt',
    '/sub/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/sub/%2E%2E/%2E%2E/secret.txt',
    '/./digits.txt',
    '/%2e/digits.txt',
    '/sub/./index.html',
    '/%252e%252e/secret.txt',
    '/..;/secret.txt',
    '/../public-not/secret.txt',
    '/%c0%ae%c0%ae/secret.txt',
    '/digits.txt%00',
    '/digits.txt%00.html',
    '/%',
    '/%zz',
    '/%ff',
    '/\\digits.txt'.replace('\\', '%5C'),
    '/link-out.txt',
    '/folder-out/secret.txt',
    '/loop',
    '/loop/x',
    '/.env',
    '/.git/config',
    '/sub/.well-known/x',
    `/${'x'.repeat(300)}`,
  ])('%s', async (target) => {
    const answer = await ask(target);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toMatch(/SECRET|awaitio-static/);
    expect(answer.errors).toEqual([]);
  });

  test('or the answer of another handler', async () => {
    const answer = await ask(
      '/page/7',
      {},
      { notFound: ({ path }) => HttpResponse.text(`app ${path}`) },
    );
    expect([answer.status, answer.body]).toEqual([200, 'app /page/7']);
  });
});

test('a folder is redirected to its path with a slash, on this host', async () => {
  const answer = await ask('/sub?q=1');
  expect([answer.status, answer.headers.get('location')]).toEqual([301, './sub/?q=1']);
  expect(new URL('./sub/?q=1', 'http://a//evil.example/sub').host).toBe('a');
  expect((await ask('/sub', {}, { index: false })).status).toBe(404);
});

test('a file that may not be read is 403, except to the superuser', async () => {
  const { status } = await ask('/locked.txt');
  expect(status).toBe(process.getuid?.() === 0 ? 200 : 403);
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
  '%s is 405, with what is allowed',
  async (method) => {
    const answer = await ask('/digits.txt', {}, {}, method);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  },
);

describe('options', () => {
  test('a prefix is taken off, whole', async () => {
    const options = { prefix: '/assets' };
    expect((await ask('/assets/digits.txt', {}, options)).status).toBe(200);
    expect((await ask('/assets/', {}, options)).body).toBe('<h1>root</h1>');
    for (const path of ['/digits.txt', '/assetsdigits.txt', '/assets/../digits.txt']) {
      expect((await ask(path, {}, options)).status).toBe(404);
    }
  });

  test.each([{ prefix: '/assets' }, { prefix: '/assets/' }])(
    'the folder at %j is redirected to, as one below it is: relative links need the slash',
    async (options) => {
      const { status, headers } = await ask('/assets?a=b', {}, options);
      expect([status, headers.get('location')]).toEqual([301, './assets/?a=b']);
    },
  );

  test('dotfiles are served on request', async () => {
    expect((await ask('/.env', {}, { dotfiles: true })).body).toBe('SECRET');
  });

  test('headers and Cache-Control are on every file, and on a 304', async () => {
    const options = { cacheControl: 'max-age=60', headers: { 'Access-Control-Allow-Origin': '*' } };
    const { headers } = await ask('/digits.txt', {}, options);
    const again = await ask(
      '/digits.txt',
      { 'If-None-Match': headers.get('etag') as string },
      options,
    );
    for (const answer of [headers, again.headers]) {
      expect([answer.get('cache-control'), answer.get('access-control-allow-origin')]).toEqual([
        'max-age=60',
        '*',
      ]);
    }
    expect(again.status).toBe(304);
  });

  test.each([
    [{ index: '../secret.txt' }],
    [{ prefix: 'assets' }],
    [{ dotfile: true }],
    [{ dotfiles: 1 }],
    [{ notFound: 404 }],
    [null],
  ])('%j is refused', (options) => {
    expect(() => staticFiles(root, options as never)).toThrow(
      expect.objectContaining({ name: 'InvalidInputError' }),
    );
  });

  test('a root that is no path is refused, and one that does not exist yet is 404', async () => {
    expect(() => staticFiles(5 as never)).toThrow(
      expect.objectContaining({ name: 'InvalidInputError' }),
    );
    const later = join(folder, 'later');
    await served(staticFiles(later), async (server) => {
      expect((await server.fetch('http://a/x.txt')).status).toBe(404);
      await mkdir(later);
      await writeFile(join(later, 'x.txt'), 'there');
      expect(await (await server.fetch('http://a/x.txt')).text()).toBe('there');
    });
  });
});

describe('a compressed sibling', () => {
  test.each([
    ['br, gzip', 'br', 'br'],
    ['gzip', 'gzip', 'gzip'],
    ['gzip;q=1, br;q=0.5', 'gzip', 'gzip'],
    ['zstd', null, 'plain'],
    ['zstd, gzip;q=0.1', 'gzip', 'gzip'],
    ['br;q=0', null, 'plain'],
    ['*', 'br', 'br'],
    ['identity', null, 'plain'],
    ['identity, br;q=0.5', null, 'plain'],
    ['x-gzip', 'gzip', 'gzip'],
    ['', null, 'plain'],
  ])('for Accept-Encoding: %s is %s', async (accepted, coding, body) => {
    const answer = await ask('/app.js', { 'Accept-Encoding': accepted }, { precompressed: true });
    expect([answer.headers.get('content-encoding'), answer.body]).toEqual([coding, body]);
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
  });

  test('has a tag that no other form has', async () => {
    const tags = new Set<string | null>();
    for (const accepted of ['br', 'gzip', 'identity']) {
      tags.add(
        (
          await ask('/app.js', { 'Accept-Encoding': accepted }, { precompressed: true })
        ).headers.get('etag'),
      );
    }
    expect(tags.size).toBe(3);
  });

  test('is not sent unless it is asked for in the options', async () => {
    expect((await ask('/app.js', { 'Accept-Encoding': 'br' })).body).toBe('plain');
  });
});

describe('ranges and conditions', () => {
  test('one range is 206 with its bytes', async () => {
    const answer = await ask('/digits.txt', { Range: 'bytes=5-14' });
    expect([answer.status, answer.body]).toEqual([206, '5678901234']);
    expect(answer.headers.get('content-range')).toBe('bytes 5-14/10000');
    expect(answer.headers.get('content-length')).toBe('10');
  });

  test('several are parts of one body', async () => {
    const answer = await ask('/digits.txt', { Range: 'bytes=0-1,-2' });
    const boundary = /^multipart\/byteranges; boundary=(awaitio-[\da-z]{16})$/.exec(
      answer.headers.get('content-type') ?? '',
    )?.[1];
    expect(answer.body).toBe(
      `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/10000\r\n\r\n01` +
        `\r\n--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 9998-9999/10000\r\n\r\n89` +
        `\r\n--${boundary}--\r\n`,
    );
    expect(answer.headers.get('content-length')).toBe(String(answer.body.length));
  });

  test('one that is not there is 416, with the length that is', async () => {
    const answer = await ask('/digits.txt', { Range: 'bytes=10000-' });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */10000']);
  });

  test('of an older version is answered with the whole of the new one', async () => {
    expect((await ask('/digits.txt', { Range: 'bytes=0-1', 'If-Range': '"old"' })).status).toBe(
      200,
    );
    const current = (await ask('/digits.txt')).headers.get('etag') as string;
    expect((await ask('/digits.txt', { Range: 'bytes=0-1', 'If-Range': current })).status).toBe(
      206,
    );
  });

  test('a range is ignored for HEAD', async () => {
    const answer = await ask('/digits.txt', { Range: 'bytes=0-1' }, {}, 'HEAD');
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '10000']);
  });

  test.each([
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-Modified-Since': 'Sat, 29 Oct 1994 19:43:31 GMT' }, 304],
    [{ 'If-Modified-Since': 'Sat, 29 Oct 1994 19:43:30 GMT' }, 200],
    [{ 'If-Match': '"old"' }, 412],
    [{ 'If-Unmodified-Since': 'Sat, 29 Oct 1994 19:43:30 GMT' }, 412],
    [{ 'If-None-Match': '*', Range: 'bytes=0-1' }, 304],
  ])('%j is %i', async (fields, status) => {
    const answer = await ask('/digits.txt', fields);
    expect(answer.status).toBe(status);
    expect(answer.headers.has('content-length') || status !== 200).toBe(true);
  });
});
