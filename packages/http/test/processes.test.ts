/** What works in processes that were started in unusual ways, or that changed something of the platform: in children. */
import { describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TlsListener, type Listener } from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { describeIf } from '../../core/test/support/capabilities.ts';
import { HttpResponse, serve } from '../src/index.ts';

const here = fileURLToPath(new URL('..', import.meta.url));
const program = (name: string): string => join(here, 'test/programs', `${name}.mjs`);
const known = process.allowedNodeEnvironmentFlags;
const MAJOR = Number(process.versions.node.split('.')[0]);

/** In milliseconds: on a busy machine, starting eight processes at once takes most of it. */
const PATIENCE = 60_000;
jest.setTimeout(PATIENCE);

interface Surroundings {
  /** @default 'bundled' */
  readonly condition?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Everything that the process prints. */
async function output(
  args: readonly string[],
  { env, cwd = here, condition = 'bundled' }: Surroundings = {},
) {
  const child = spawn(process.execPath, [`--conditions=${condition}`, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  await new Promise((resolve) => child.once('close', resolve));
  return text;
}

const ALL_BACK = 'all there and back\n';
const TRIPS = program('round-trips');

/** Flags under which everything works, and nothing is printed that a program has not printed. */
const flags: readonly (readonly string[])[] = [
  ['--disable-proto=delete', '--disallow-code-generation-from-strings', '--wasm-max-mem-pages=10'],
  ['--disable-proto=throw', '--enable-source-maps', '--no-addons', '--title=odd \u2603'],
  ['--frozen-intrinsics', '--no-warnings', '--icu-data-dir=/nonexistent'],
  ['--pending-deprecation', '--trace-warnings'],
  ['--throw-deprecation', '--pending-deprecation', '--unhandled-rejections=strict'],
  MAJOR === 20
    ? ['--no-experimental-fetch', '--no-experimental-global-webcrypto']
    : ['--no-experimental-global-navigator', '--no-experimental-websocket'],
];

describe('sockets, a server and a client work', () => {
  test.concurrent.each(flags.map((each) => [each.join(' '), each] as const))(
    'with %s',
    async (_name, each) => {
      expect(await output([...each, TRIPS])).toBe(ALL_BACK);
    },
  );

  test.concurrent('in a worker thread', async () => {
    const code = `new (require('node:worker_threads').Worker)(${JSON.stringify(TRIPS)})`;
    expect(await output(['--eval', code], { env: { TRIPS: '1' } })).toBe(ALL_BACK);
  });

  test.concurrent('in a program from the command line', async () => {
    const code = `import ${JSON.stringify(TRIPS)};`;
    const printed = await output(['--input-type=module', '--eval', code], { env: { TRIPS: '1' } });
    expect(printed).toBe(ALL_BACK);
  });

  test.concurrent('with modules that NODE_OPTIONS loads, and in a time zone that there is not', async () => {
    const env = { NODE_OPTIONS: '--require=node:zlib', TZ: 'Nowhere/Odd' };
    expect(await output([TRIPS], { env })).toBe(ALL_BACK);
  });
});

describeIf('posix files')('sockets, a server and a client work', () => {
  test.concurrent('in a folder that was deleted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awaitio-gone-'));
    const printed = output([TRIPS], { cwd: folder });
    // The child is in it by now, or cannot start.
    await rmdir(folder);
    expect(await printed).toBe(ALL_BACK);
  });

  test.concurrent('when nothing reads what the server prints about failures and requests', async () => {
    const child = spawn(process.execPath, ['--conditions=bundled', program('unread-output')], {
      cwd: here,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      timeout: PATIENCE,
    });
    child.stdout?.destroy();
    child.stderr?.destroy();
    const said: unknown[] = [];
    child.on('message', (message) => said.push(message));
    child.send('go');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(said).toEqual(['500 500 500']);
  });
});

describe('a program with a client', () => {
  const CLIENT = program('client');
  const authority = new TestAuthority();
  /** A server that answers, and never closes. */
  const serving = (listener?: Listener) =>
    serve(() => HttpResponse.text('hello'), {
      ...(listener === undefined ? { port: 0 } : { listener }),
      deadlines: { idle: Infinity },
    });

  test('ends by itself, its connection idle, and has loaded nothing that it did not use', async () => {
    const server = await serving();
    expect(await output([CLIENT, server.url])).toBe('200 hello\nnothing more\n');
    await server.shutdown({ grace: 0, idleWindow: 0 });
  });

  test('trusts the authorities of NODE_EXTRA_CA_CERTS, and no others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awaitio-ca-'));
    const file = join(folder, 'ca.pem');
    await writeFile(file, authority.cert);
    const server = await serving(
      await TlsListener.bind('127.0.0.1:0', authority.issue(['127.0.0.1'])),
    );
    const url = `https://${String(server.address)}/`;
    const env = { NODE_EXTRA_CA_CERTS: file };
    expect(await output([CLIENT, url], { env })).toMatch(/^200 hello\n/);
    expect(await output([CLIENT, url])).toMatch(/CertificateError/);
    await server.shutdown({ grace: 0, idleWindow: 0 });
    await rm(folder, { recursive: true });
  });
});

describe('under fakes of timers, clocks and ticks that run nothing', () => {
  test.concurrent.each([
    ['the bundle', 'bundled'],
    ['the modules', 'default'],
  ])('sockets, a server and a client work: %s', async (_name, condition) => {
    expect(await output([program('faked'), 'nextTick'], { condition })).toBe(ALL_BACK);
  });
});

test('of a fetch application, only what Node makes of text and bytes waits for a queueMicrotask that is faked', async () => {
  expect(await output([program('microtasks')])).toBe(
    [
      'Request of Node: a, some',
      'Response of Node: b, some',
      'handler: e, none',
      'application, no body: , none',
      'application, a stream: c, none',
      'application, text: d, some',
      '',
    ].join('\n'),
  );
});

test('packages that are loaded among the globals of a browser work', async () => {
  expect(await output([program('browser-globals')])).toBe(ALL_BACK);
});

/** Node 20 and 22 call it experimental. */
const permission = known.has('--permission') ? '--permission' : '--experimental-permission';
const needsNet = known.has('--allow-net');

describe('under the permission model', () => {
  const granted = [permission, '--no-warnings', '--allow-fs-read=*', '--allow-fs-write=*'];

  test.concurrent('sockets, a server and a client work with the network allowed', async () => {
    const net = needsNet ? ['--allow-net'] : [];
    expect(await output([...granted, ...net, TRIPS])).toBe(ALL_BACK);
  });
});

test('under the permission model without the network, each call rejects where it needs leave, and says which flag is missing', async () => {
  const granted = [permission, '--no-warnings', '--allow-fs-read=*', '--allow-fs-write=*'];
  const ways = ['TcpListener', 'UnixListener', 'serve', 'TcpStream', 'a name', 'UnixStream'];
  const denied = [...ways, 'UdpSocket'].map(
    (name) => `${name}: ERR_ACCESS_DENIED, names --allow-net`,
  );
  // Before Node 25 the model says nothing of the network; port 9 has no server.
  const open = [
    'TcpListener: opened',
    'UnixListener: opened',
    'serve: opened',
    'TcpStream: ECONNREFUSED',
    'a name: ECONNREFUSED',
    'UnixStream: opened',
    'UdpSocket: opened',
  ];
  const lines = (await output([...granted, program('denied')])).trimEnd().split('\n');
  expect(lines).toEqual(needsNet ? denied : open);
});
