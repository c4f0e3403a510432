import { describe, expect, test } from '@jest/globals';
import { core, type PackagePlan } from '../../../scripts/architecture/floors.ts';
import {
  describePlan,
  sourcesFrom,
  readPackage,
} from '../../../scripts/architecture/package-sources.ts';
import { checkPackage, ghostsOf, RULES } from '../../../scripts/architecture/rules.ts';

describe('the rooms of @awaitio/core', () => {
  test('hold', () => {
    expect(checkPackage(readPackage(core))).toEqual([]);
  });

  test('are the documented ones', () => {
    expect(describePlan(core)).toEqual([
      'vocabulary sees nothing',
      'waiting sees vocabulary',
      'streams/queue sees vocabulary waiting',
      'streams sees vocabulary waiting streams/queue',
      'listening sees vocabulary waiting streams',
      'codecs sees vocabulary waiting streams',
      'copying sees vocabulary waiting streams',
      'polling sees vocabulary waiting',
      'memory sees vocabulary waiting streams listening',
      'net sees vocabulary',
      'net/socket sees vocabulary waiting streams listening net',
      'net/tcp sees vocabulary waiting streams net net/socket',
      'net/unix sees vocabulary waiting streams net/socket',
      'net/udp sees vocabulary waiting streams net net/socket',
      'net/tls sees vocabulary waiting streams listening net net/socket net/tcp net/unix',
      'tasks sees vocabulary waiting streams listening',
      'sync sees vocabulary waiting streams',
      'testing/sim/decisions sees vocabulary',
      'testing/sim/hosts sees vocabulary waiting tasks',
      'testing/sim/disk sees vocabulary testing/sim/decisions testing/sim/hosts',
      'testing/sim/paths sees nothing',
      'testing/sim/names sees vocabulary waiting net/socket',
      'testing/sim/rules sees vocabulary waiting',
      'testing/sim/datagrams sees vocabulary waiting net/udp testing/sim/decisions testing/sim/hosts testing/sim/rules',
      'testing/sim/wire sees vocabulary waiting streams listening testing/sim/decisions testing/sim/hosts testing/sim/rules testing/sim/paths',
      'testing/sim/unix sees vocabulary waiting streams listening testing/sim/decisions testing/sim/hosts testing/sim/disk testing/sim/rules testing/sim/paths testing/sim/wire',
      'testing/sim/network sees vocabulary waiting streams listening tasks net testing/sim/decisions testing/sim/hosts net/udp testing/sim/wire testing/sim/unix testing/sim/disk testing/sim/rules testing/sim/paths testing/sim/names testing/sim/datagrams',
      'testing/sim/page sees testing/sim/wire',
      'testing/sim/guard sees vocabulary net testing/sim/hosts',
      'testing/sim/net sees vocabulary streams net testing/sim/hosts testing/sim/wire testing/sim/unix testing/sim/names testing/sim/network testing/sim/guard',
      'testing/sim sees vocabulary waiting tasks testing/sim/decisions testing/sim/hosts testing/sim/rules testing/sim/names testing/sim/wire testing/sim/unix testing/sim/network testing/sim/guard testing/sim/net testing/sim/page',
      'testing/sim/shrink sees vocabulary testing/sim testing/sim/decisions',
      'testing/sim/seeds sees vocabulary testing/sim testing/sim/decisions testing/sim/wire testing/sim/shrink',
      'testing/contract sees vocabulary waiting streams',
      'testing sees vocabulary waiting streams testing/sim/decisions testing/sim/wire',
      'node:net is for net/ testing/sim/net/',
      'node:tls is for net/ testing/sim/net/',
      'node:dgram is for net/ testing/sim/net/',
      'node:dns is for net/ testing/sim/net/',
      'node:dns/promises is for net/ testing/sim/net/',
      'node:fs is for net/socket/descriptor net/socket/verify-eof net/unix/ testing/sim/guard/ testing/sim/seeds/ testing/sim/page/write-page',
      'node:fs/promises is for net/socket/descriptor net/socket/verify-eof net/unix/ testing/sim/guard/ testing/sim/seeds/ testing/sim/page/write-page',
      'node:os is for net/socket/descriptor net/socket/verify-eof net/unix/ testing/sim/guard/ testing/sim/seeds/ testing/sim/page/write-page',
      'node:path is for net/socket/descriptor net/socket/verify-eof net/unix/ testing/sim/guard/ testing/sim/seeds/ testing/sim/page/write-page',
      'node:worker_threads is for testing/sim/seeds/workers',
      'node:cluster is for net/lazy-builtins',
      'node:timers is for vocabulary/platform testing/sim/guard/',
      'node:timers/promises is for vocabulary/platform testing/sim/guard/',
      'node:perf_hooks is for vocabulary/platform testing/sim/guard/',
      'node:crypto is for testing/test-authority testing/sim/guard/ testing/sim/net/',
      'node:vm is for testing/sim/guard/',
      'node:module is for testing/sim/guard/',
      'node:zlib is for testing/sim/guard/',
      'node:child_process is for testing/sim/guard/',
      'p-queue is for tasks/',
      'node:http is for testing/sim/net/',
      'node:https is for testing/sim/net/',
      'node:http2 is for no file',
      'setTimeout is for vocabulary/platform',
      'setInterval is for vocabulary/platform',
      'setImmediate is for vocabulary/platform',
      'Date.now is for vocabulary/platform',
      'Date() is for vocabulary/platform',
      'new Date() is for vocabulary/platform',
      'performance.now is for vocabulary/platform',
      'process.hrtime is for vocabulary/platform',
      'process.uptime is for vocabulary/platform',
      'AbortSignal.timeout is for vocabulary/platform',
      'Math.random is for vocabulary/random',
      'crypto.getRandomValues is for vocabulary/random',
      'crypto.randomUUID is for vocabulary/random',
      'WebAssembly is for no file',
      'process.nextTick is for vocabulary/platform',
      'queueMicrotask is for vocabulary/platform',
      'process.getBuiltinModule is for net/lazy-builtins testing/sim/seeds/',
      'process.binding is for net/socket/stream-handle',
      'without waiting: not asked for',
      'types only: not asked for',
      'computed imports: testing/sim/seeds/workers',
    ]);
  });

  test('see only rooms that come before them', () => {
    const order = core.rooms.map(({ folder }) => folder);
    for (const { folder, sees } of core.rooms) {
      expect(order.slice(0, order.indexOf(folder))).toEqual(expect.arrayContaining([...sees]));
    }
  });

  test('exist, and so does every owner', () => {
    expect(ghostsOf(readPackage(core))).toEqual([]);
  });

  test('are kept by these rules', () => {
    expect(RULES.map(({ id }) => id)).toEqual([
      'placed',
      'rooms',
      'no-cycles',
      'inside-the-package',
      'literal-imports',
      'types-only',
      'package-order',
      'owned-modules',
      'owned-globals',
      'sans-io',
      'no-barrels',
      'export-list',
      'no-entry-imports',
    ]);
  });
});

/** A package with one wrong file, and the message it must bring. */
const planted: readonly [behaviour: string, files: Record<string, string>, message: string][] = [
  [
    'a folder that is no room is reported, with where to add it',
    { 'gadgets/gadget.ts': '' },
    'packages/core/src/gadgets/gadget.ts:1: gadgets/gadget.ts lies in gadgets, which is no room of @awaitio/core. Move it into a room, or add its folder to scripts/architecture/floors.ts and run scripts/lint-floors.mjs. [placed]',
  ],
  [
    'a file below a room is in that room only if its folder is',
    { 'net/quic/quic-stream.ts': '' },
    'net/quic/quic-stream.ts lies in net/quic, which is no room of @awaitio/core.',
  ],
  [
    'a file without a folder is found',
    { 'gadget.ts': '' },
    'packages/core/src/gadget.ts:1: gadget.ts lies in no folder, and only an entry does. Move it into a room',
  ],
  [
    'the vocabulary does not import waiting',
    {
      'vocabulary/errors.ts': "\nimport { Wait } from '../waiting/wait.ts';",
      'waiting/wait.ts': '',
    },
    'packages/core/src/vocabulary/errors.ts:2: vocabulary imports waiting/wait.ts of waiting; it sees nothing. Every other room uses the vocabulary, so it depends on none of them. [rooms]',
  ],
  [
    'waiting imports no stream, not even a type of it',
    {
      'waiting/wait.ts': "import type { ByteStream } from '../streams/byte-stream.ts';",
      'streams/byte-stream.ts': '',
    },
    'waiting imports streams/byte-stream.ts of streams',
  ],
  [
    'the stream imports no carrier',
    {
      'streams/byte-stream.ts': "import { TcpStream } from '../net/tcp/tcp-stream.ts';",
      'net/tcp/tcp-stream.ts': '',
    },
    'A stream runs over any transport, so it knows none of them. [rooms]',
  ],
  [
    'a carrier imports no task',
    {
      'net/tcp/tcp-listener.ts': "import { Executor } from '../../tasks/executor.ts';",
      'tasks/executor.ts': '',
    },
    'net/tcp imports tasks/executor.ts of tasks; it sees vocabulary, waiting, streams, net, net/socket.',
  ],
  [
    'what sockets share imports no kind of socket',
    {
      'net/socket/connect.ts': "import { TcpStream } from '../tcp/tcp-stream.ts';",
      'net/tcp/tcp-stream.ts': '',
    },
    'net/socket imports net/tcp/tcp-stream.ts of net/tcp',
  ],
  [
    'a room does not see the rooms below its own folder',
    {
      'net/address-list.ts': "import { connect } from './socket/connect.ts';",
      'net/socket/connect.ts': '',
    },
    'net imports net/socket/connect.ts of net/socket; it sees vocabulary.',
  ],
  [
    'the executor never sees a carrier',
    {
      'tasks/executor.ts': "await import('../net/tcp/tcp-stream.ts');",
      'net/tcp/tcp-stream.ts': '',
    },
    'Tasks work on contracts, so they run the same on simulated sockets. [rooms]',
  ],
  [
    'poll never sees a carrier',
    {
      'polling/poll.ts': "import { TcpStream } from '../net/tcp/tcp-stream.ts';",
      'net/tcp/tcp-stream.ts': '',
    },
    'polling imports net/tcp/tcp-stream.ts of net/tcp',
  ],
  [
    'a codec imports no executor',
    {
      'codecs/lines.ts': "import { Executor } from '../tasks/executor.ts';",
      'tasks/executor.ts': '',
    },
    'codecs imports tasks/executor.ts of tasks',
  ],
  [
    'copying imports no executor',
    {
      'copying/copy.ts': "import { Executor } from '../tasks/executor.ts';",
      'tasks/executor.ts': '',
    },
    'copying imports tasks/executor.ts of tasks',
  ],
  [
    'the package imports nothing from its test kit',
    { 'tasks/executor.ts': "import { pair } from '../testing/pair.ts';", 'testing/pair.ts': '' },
    'tasks imports testing/pair.ts of testing',
  ],
  [
    'two files do not import each other',
    {
      'waiting/wait.ts': "import { a } from './budget.ts';",
      'waiting/budget.ts': "\nimport { b } from './deferred.ts';",
      'waiting/deferred.ts': "import { c } from './wait.ts';",
    },
    'packages/core/src/waiting/budget.ts:2: files import each other: waiting/budget.ts → waiting/deferred.ts → waiting/wait.ts → waiting/budget.ts. Files in a circle are one file in disguise: they are read and changed only together. [no-cycles]',
  ],
  [
    'two files do not know each other by type either',
    {
      'waiting/wait.ts': "import type { Budget } from './budget.ts';",
      'waiting/budget.ts': "import { Wait } from './wait.ts';",
    },
    'files import each other: waiting/budget.ts → waiting/wait.ts → waiting/budget.ts.',
  ],
  [
    'two folders do not import each other, by whatever files',
    {
      'memory/memory-pair.ts': "import { a } from '../tasks/task.ts';",
      'memory/memory-listener.ts': '',
      'tasks/task.ts': '',
      'tasks/executor.ts': "import type { B } from '../memory/memory-listener.ts';",
    },
    'packages/core/src/memory/memory-pair.ts:1: folders import each other: memory → tasks → memory. Folders in a circle are one folder in disguise: move what both need below both. [no-cycles]',
  ],
  [
    'a source does not reach out of src/',
    { 'vocabulary/errors.ts': "import { x } from '../../../http/src/client/client.ts';" },
    'imports ../../../http/src/client/client.ts, which is outside of src/. Another package is imported by its name, through what it exports. [inside-the-package]',
  ],
  [
    'a relative import names its file',
    {
      'waiting/wait.ts': "import { IoError } from '../vocabulary/errors';",
      'vocabulary/errors.ts': '',
    },
    'imports ../vocabulary/errors without its .ts extension.',
  ],
  [
    'a computed import is refused',
    { 'vocabulary/errors.ts': 'export const load = (name: string) => import(name);' },
    'imports a computed name. What cannot be read cannot be checked: import a literal. [literal-imports]',
  ],
  [
    'core does not import http',
    { 'tasks/executor.ts': "import { serve } from '@awaitio/http';" },
    '@awaitio/core imports @awaitio/http. Packages import downwards: @awaitio/examples → @awaitio/http → @awaitio/core. [package-order]',
  ],
  [
    'only net/ imports node:net',
    { 'streams/byte-stream.ts': "import type { Socket } from 'node:net';" },
    'imports node:net, which is for net/, testing/sim/net/ only. Sockets live in net/ alone; everything else works on a Transport or a ByteStream. A simulation covers these modules. [owned-modules]',
  ],
  [
    'only net/ imports node:tls',
    { 'testing/pair.ts': "const tls = await import('node:tls');" },
    'imports node:tls, which is for net/, testing/sim/net/ only.',
  ],
  [
    'only net/ imports node:dgram',
    { 'polling/poll.ts': "export const dgram = require('node:dgram');" },
    'imports node:dgram, which is for net/, testing/sim/net/ only.',
  ],
  [
    'only net/ imports node:dns',
    { 'vocabulary/address.ts': "import { lookup } from 'node:dns/promises';" },
    'imports node:dns/promises, which is for net/, testing/sim/net/ only.',
  ],
  [
    'a carrier without files imports no node:fs',
    { 'net/tcp/tcp-stream.ts': "import { readFile } from 'node:fs/promises';" },
    'imports node:fs/promises, which is for net/socket/descriptor, net/socket/verify-eof, net/unix/, testing/sim/guard/, testing/sim/seeds/, testing/sim/page/write-page only.',
  ],
  [
    'only the executor imports p-queue',
    { 'listening/admission.ts': "import PQueue from 'p-queue';" },
    'imports p-queue, which is for tasks/ only. One executor wraps one queue; a second importer would be a second scheduler. [owned-modules]',
  ],
  [
    'no one imports node:http',
    { 'net/tcp/tcp-listener.ts': "import { createServer } from 'node:http';" },
    'imports node:http, which is for testing/sim/net/ only.',
  ],
  [
    'a module that no one owns is refused',
    { 'vocabulary/errors.ts': "import { readFileSync } from 'fs';" },
    'imports fs, which no file owns. Give it an owner and a reason in scripts/architecture/floors.ts (modules of Node are spelled node:…). [owned-modules]',
  ],
  [
    'a timer is not taken from a module either',
    { 'waiting/deferred.ts': "import { setTimeout } from 'node:timers/promises';" },
    'imports node:timers/promises, which is for vocabulary/platform, testing/sim/guard/ only. Take a Clock',
  ],
  [
    'WebAssembly is not for core',
    { 'streams/queue/byte-queue.ts': 'export const m = new WebAssembly.Module(bytes);' },
    'uses WebAssembly.Module, which is for no file only.',
  ],
  [
    'the binding is reached in one file, whatever type is put on the process',
    {
      'net/socket/connect.ts':
        "(process as unknown as { binding(name: string): unknown }).binding('stream_wrap');",
    },
    'uses process.binding, which is for net/socket/stream-handle only.',
  ],
  [
    'a file inside the package passes nothing on',
    {
      'streams/byte-stream.ts': "export { IoError } from '../vocabulary/errors.ts';",
      'vocabulary/errors.ts': '',
    },
    'passes on ../vocabulary/errors.ts. Only an entry file re-exports; inside a package a file is imported from where it is. [no-barrels]',
  ],
  [
    'a folder inside the package has no index',
    { 'net/tcp/index.ts': "export * from './tcp-stream.ts';", 'net/tcp/tcp-stream.ts': '' },
    'passes on ./tcp-stream.ts.',
  ],
  [
    'an entry holds no code',
    {
      'index.ts': "export { IoError } from './vocabulary/errors.ts';\nexport const extra = 1;",
      'vocabulary/errors.ts': '',
    },
    'packages/core/src/index.ts:2: holds more than named exports (ExportDeclaration). An entry file is a list: what a package offers is read in one look. [export-list]',
  ],
  [
    'an entry names what it exports',
    { 'index.ts': "export * from './vocabulary/errors.ts';", 'vocabulary/errors.ts': '' },
    'holds more than named exports (export *).',
  ],
  [
    'no one imports through an entry',
    { 'testing/pair.ts': "import { IoError } from '../index.ts';", 'index.ts': '' },
    'imports the entry index.ts. Through an entry everything imports everything; import the file itself. [no-entry-imports]',
  ],
];

/** What only the clock may ask the platform for. */
const time = [
  'setTimeout(f, 1)',
  'setInterval(f, 1)',
  'setImmediate(f)',
  'globalThis.setTimeout(f, 1)',
  "globalThis['setTimeout'](f, 1)",
  'Date.now()',
  'new Date()',
  'Date()',
  'performance.now()',
  'process.hrtime.bigint()',
  'AbortSignal.timeout(1)',
];

describe('a planted break of the rules is found:', () => {
  test.each(planted)('%s', (_behaviour, files, message) => {
    expect(checkPackage(sourcesFrom(core, files)).join('\n')).toContain(message);
  });

  test.each(time)('only the clock and the carriers use %s', (call) => {
    const files = { 'tasks/executor.ts': `export const f = (): void => {};\n${call};` };
    expect(checkPackage(sourcesFrom(core, files))).toEqual([
      expect.stringMatching(
        /^packages\/core\/src\/tasks\/executor\.ts:2: uses .*, which is for vocabulary\/platform only\. Take a Clock: .* \[owned-globals\]$/,
      ),
    ]);
  });

  test.each(['Math.random()', 'crypto.getRandomValues(x)', 'globalThis.crypto.randomUUID()'])(
    'only random.ts uses %s',
    (call) => {
      const files = { 'net/tcp/tcp-stream.ts': `const x = 1;\n${call};` };
      expect(checkPackage(sourcesFrom(core, files)).join('\n')).toMatch(
        /:2: uses .*, which is for vocabulary\/random only\. Take a Random: .* \[owned-globals\]$/,
      );
    },
  );

  test('every rule has a plant that brings it out', () => {
    const found = planted
      .flatMap(([, files]) => checkPackage(sourcesFrom(core, files)))
      .map((line) => /\[([a-z-]+)\]$/.exec(line)?.[1]);
    // The two rules that have no file to apply to in core are planted in @awaitio/http.
    const elsewhere = ['types-only', 'sans-io'];
    const needed = RULES.map(({ id }) => id).filter(
      (id) => id !== 'owned-globals' && !elsewhere.includes(id),
    );
    expect(needed.filter((id) => !found.includes(id))).toEqual([]);
  });

  const ghostly: PackagePlan = {
    ...core,
    rooms: [
      { folder: 'vocabulary', sees: [], contains: '', reason: '' },
      { folder: 'waiting', sees: ['vocabulary', 'mechanisms'], contains: '', reason: '' },
      { folder: 'testing', sees: [], contains: '', reason: '' },
    ],
    modules: [{ modules: ['p-queue'], owners: ['tasks/', 'waiting/'], reason: '' }],
    globals: [{ globals: ['fetch'], owners: ['vocabulary/errors', 'vocabulary/gone'], reason: '' }],
    sansIo: ['protocol/'],
    typesOnly: ['llhttp/'],
    loaders: [],
  };

  test.each([
    ['a room without a folder', 'waiting: a room without a source file'],
    ['a room with nothing but an entry', 'testing: a room without a source file'],
    ['a room that is seen and does not exist', 'mechanisms: seen by waiting, and no room'],
    ['a folder that owns a module', 'tasks/: an owner that does not exist'],
    ['a file that owns a global', 'vocabulary/gone: an owner that does not exist'],
    ['a folder without I/O', 'protocol/: an owner that does not exist'],
    ['a folder of types only', 'llhttp/: an owner that does not exist'],
  ])('%s', (_name, ghost) => {
    const files = { 'vocabulary/errors.ts': '', 'testing/index.ts': '' };
    expect(ghostsOf(sourcesFrom(ghostly, files))).toContain(ghost);
  });
});

describe('what is allowed is not found:', () => {
  test.each([
    ['a local of the same name as a global', 'const setTimeout = 1; export const x = setTimeout;'],
    ['a property of that name', 'export const x = { setTimeout: 1 }.setTimeout;'],
    ['the type of a global', 'export let x: ReturnType<typeof setTimeout> | undefined;'],
    ['a date made from a number', 'export const x = new Date(5).toUTCString();'],
    ['a name in a string or a comment', "export const x = 'Date.now()'; // setTimeout()"],
  ])('%s', (_name, text) => {
    expect(checkPackage(sourcesFrom(core, { 'vocabulary/errors.ts': text }))).toEqual([]);
  });

  test('a new file in a room', () => {
    const files = {
      'net/tcp/happy-gadget.ts': "import type { Gadget } from './gadget.ts';",
      'net/tcp/gadget.ts': "import { connect } from '../socket/connect.ts';",
      'net/socket/connect.ts': "import { late } from '../late.ts';",
      'net/late.ts': '',
    };
    expect(checkPackage(sourcesFrom(core, files))).toEqual([]);
  });

  test('imports of lower rooms and of the own one', () => {
    const files = {
      'vocabulary/errors.ts': '',
      'waiting/budget.ts': "import { IoError } from '../vocabulary/errors.ts';",
      'waiting/wait.ts': "import { Budget } from './budget.ts';",
      'net/tcp/tcp-stream.ts':
        "import { Socket } from 'node:net';\nimport { IoError } from '../../vocabulary/errors.ts';",
      'vocabulary/platform.ts': 'setTimeout(f, 1);',
      'index.ts': "export { IoError } from './vocabulary/errors.ts';",
    };
    expect(checkPackage(sourcesFrom(core, files))).toEqual([]);
  });
});
