/** Names that lead elsewhere, and files that change while they are sent: what `staticFiles` makes of them. */
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { staticFiles, type StaticFilesOptions } from '../../src/batteries/index.ts';
import { serve } from '../../src/index.ts';

let folder: string;
let root: string;
let socket: Server;
const large = Buffer.from(Uint8Array.from({ length: 2_000_000 }, (_, at) => at % 253));

const NAMES = [
  'do..ts.txt',
  '..dots',
  'a b&c=d.txt',
  'ü☃.txt',
  'a;b.txt',
  '100%.txt',
  'plus+.txt',
  'a:b.txt',
  'nul',
  'COM1.txt',
  'aux.tar.gz',
  'conin$',
  'lpt¹',
  'x.txt.',
  'GIT~1',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'awaitio-names-'));
  root = join(folder, 'public');
  await mkdir(join(root, 'snow ☃'), { recursive: true });
  await mkdir(join(root, 'a:b'));
  await mkdir(join(root, 'app.js.br'));
  await mkdir(join(folder, 'outside'));
  await writeFile(join(root, 'snow ☃', 'index.html'), 'snow');
  await writeFile(join(root, 'a:b', 'index.html'), 'colon');
  await writeFile(join(root, 'app.js'), 'plain');
  await writeFile(join(root, 'app.js.gz'), 'zipped');
  await writeFile(join(root, 'lib.js'), 'plain');
  await writeFile(join(folder, 'outside', 'secret.txt'), 'SECRET');
  await symlink(join(folder, 'outside', 'secret.txt'), join(root, 'lib.js.br'));
  for (const name of NAMES) await writeFile(join(root, name), name);
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(root, 'pipe')]);
  socket = createServer().listen(join(root, 'socket'));
  await new Promise((resolve) => socket.once('listening', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => socket.close(resolve));
  await rm(folder, { recursive: true });
});

async function ask(
  target: string,
  { options, ...init }: RequestInit & { readonly options?: StaticFilesOptions } = {},
): Promise<{ status: number; body: string; headers: Headers; errors: unknown[] }> {
  const errors: unknown[] = [];
  const server = await serve(staticFiles(root, options), {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  const response = await server.fetch(`http://a${target}`, { redirect: 'manual', ...init });
  const body = await response.text();
  await server.shutdown({ grace: 0 });
  return { status: response.status, body, headers: response.headers, errors };
}

/** As on Windows, whose names are asked for here as well. */
async function onWindows<T>(run: () => Promise<T>): Promise<T> {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
  try {
    return await run();
  } finally {
    Object.defineProperty(process, 'platform', platform);
  }
}

describe('a name', () => {
  test.each(NAMES.filter((name) => !name.startsWith('.')))(
    '%j is served by its encoding',
    async (name) => {
      const { status, body } = await ask(`/${encodeURIComponent(name)}`);
      expect([status, body]).toEqual([200, name]);
    },
  );

  test.each(['/..dots', '/pipe', '/socket', '/pipe/', '/socket/x', `/${'a/'.repeat(3_000)}b`])(
    '%s is 404 at once, and no error',
    async (target) => {
      const { status, errors } = await ask(target);
      expect([status, errors]).toEqual([404, []]);
    },
  );

  test('of a folder is redirected to as it was encoded', async () => {
    for (const [target, to, text] of [
      ['/snow%20%E2%98%83', '/snow%20%E2%98%83/', 'snow'],
      ['/a:b?c=//d', '/a:b/?c=//d', 'colon'],
    ] as const) {
      const { status, headers } = await ask(target);
      const location = new URL(headers.get('location') as string, `http://a${target}`);
      expect([status, location.href]).toEqual([301, `http://a${to}`]);
      expect((await ask(to)).body).toBe(text);
    }
  });

  test.each(['nul', 'COM1.txt', 'aux.tar.gz', 'conin$', 'lpt¹', 'x.txt.', 'GIT~1', 'a:b.txt'])(
    '%j is a device, a stream or another file on Windows, and 404 there',
    async (name) => {
      const { status } = await onWindows(() => ask(`/${encodeURIComponent(name)}`));
      expect(status).toBe(404);
    },
  );

  test('that only resembles a device is served on Windows too', async () => {
    await writeFile(join(root, 'console.txt'), 'log');
    expect((await onWindows(() => ask('/console.txt'))).body).toBe('log');
  });
});

describe('a compressed sibling', () => {
  const options = { precompressed: true };

  test('that is no file, or lies outside, is passed over for the next', async () => {
    const headers = { 'accept-encoding': 'br, gzip' };
    expect((await ask('/app.js', { options, headers })).body).toBe('zipped');
    expect((await ask('/lib.js', { options, headers })).body).toBe('plain');
  });

  test('is selected before conditions and ranges are met', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const tags = [
      (await ask('/app.js', { options, headers })).headers.get('etag') as string,
      (await ask('/app.js', { options })).headers.get('etag') as string,
    ] as const;
    const statuses = [];
    for (const tag of tags) {
      const sent = { ...headers, 'if-none-match': tag };
      statuses.push((await ask('/app.js', { options, headers: sent })).status);
    }
    expect(statuses).toEqual([304, 200]);
    const part = await ask('/app.js', { options, headers: { ...headers, range: 'bytes=0-2' } });
    expect([part.status, part.body, part.headers.get('content-encoding')]).toEqual([
      206,
      'zip',
      'gzip',
    ]);
  });
});

test('a file of the future was modified when it is asked for (RFC 9110 section 8.8.2.1)', async () => {
  await writeFile(join(root, 'future.txt'), 'future');
  for (const year of [2200, 12_000]) {
    const time = Date.UTC(year, 0) / 1_000;
    await utimes(join(root, 'future.txt'), time, time);
    const { headers } = await ask('/future.txt');
    const [modified, date] = [headers.get('last-modified'), headers.get('date')].map((text) =>
      Date.parse(text as string),
    ) as [number, number];
    expect(modified).toBeLessThanOrEqual(date);
    const again = { 'if-modified-since': headers.get('last-modified') as string };
    expect((await ask('/future.txt', { headers: again })).status).toBe(200);
  }
});

test('a link that is swapped all the time never shows what lies outside of the root', async () => {
  const link = join(root, 'swapped');
  const targets = [join(root, 'snow ☃'), join(folder, 'outside')] as const;
  await writeFile(join(root, 'snow ☃', 'secret.txt'), 'public');
  await symlink(targets[0], link);
  const over = new AbortController();
  const swapping = (async () => {
    for (let turn = 1; !over.signal.aborted; turn += 1) {
      await symlink(turn % 2 === 0 ? targets[0] : targets[1], `${link}.next`);
      await rename(`${link}.next`, link);
    }
  })();
  const errors: unknown[] = [];
  const server = await serve(staticFiles(root), {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  const bodies = new Set<string>();
  try {
    for (let round = 0; round < 100; round += 1) {
      const asked = Array.from({ length: 8 }, async () => {
        const response = await server.fetch('http://a/swapped/secret.txt');
        const text = await response.text();
        bodies.add(response.status === 200 ? text : String(response.status));
      });
      await Promise.all(asked);
    }
  } finally {
    over.abort();
    await swapping;
    await server.shutdown({ grace: 0 });
  }
  expect([...bodies].filter((body) => body !== 'public' && body !== '404')).toEqual([]);
  expect(errors).toEqual([]);
});

describe('a file that changes while it is sent', () => {
  const path = () => join(root, 'changing.bin');
  /** The response once its first bytes are there, and what its body becomes. */
  async function whileSent(change: () => Promise<void>): Promise<Buffer | 'cut'> {
    await writeFile(path(), large);
    const server = await serve(staticFiles(root), {
      listener: new MemoryListener(),
      onError: () => {},
    });
    const response = await server.fetch('http://a/changing.bin');
    expect(response.headers.get('content-length')).toBe(String(large.length));
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of response.body as ReadableStream<Uint8Array>) {
        if (chunks.length === 0) await change();
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    } catch {
      return 'cut';
    } finally {
      await server.shutdown({ grace: 0 });
    }
  }

  test.each<[string, () => Promise<void>]>([
    ['deleted', () => unlink(path())],
    [
      'replaced',
      async () => {
        await writeFile(`${path()}.new`, 'new');
        await rename(`${path()}.new`, path());
      },
    ],
    ['appended to', () => appendFile(path(), 'more')],
  ])('is sent as it was when it is %s', async (_how, change) => {
    const sent = await whileSent(change);
    expect(sent !== 'cut' && sent.equals(large)).toBe(true);
  });

  test('ends the connection when it gets shorter', async () => {
    expect(await whileSent(() => truncate(path(), 1_000))).toBe('cut');
  });
});
