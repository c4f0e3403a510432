import { describe, expect, test } from '@jest/globals';
import { core } from '../../../scripts/architecture/floors.ts';
import { describePlan, plantHouse, readHouse } from '../../../scripts/architecture/houses.ts';
import { checkHouse, RULES } from '../../../scripts/architecture/rules.ts';

describe('the floors of @awaitio/core', () => {
  test('hold', () => {
    expect(checkHouse(readHouse(core))).toEqual([]);
  });

  test('are the documented ones', () => {
    expect(describePlan(core)).toEqual([
      'F0 sees nothing',
      'F1 sees F0',
      'F2 sees F0 F1',
      'F3 sees F0 F1 F2',
      'F4 sees F0 F1 F2',
      'F5 sees F0 F1 F2',
      'T sees F0 F1 F2 F3 F4',
      'node:net is for net/',
      'node:tls is for net/',
      'node:dgram is for net/',
      'node:dns is for net/',
      'node:dns/promises is for net/',
      'node:fs is for net/',
      'node:fs/promises is for net/',
      'node:os is for net/',
      'node:path is for net/',
      'node:timers is for clock',
      'node:timers/promises is for clock',
      'node:perf_hooks is for clock',
      'node:crypto is for random testing/test-authority',
      'node:vm is for testing/sim-guard',
      'p-queue is for executor',
      'node:http is for nobody',
      'node:https is for nobody',
      'node:http2 is for nobody',
      'setTimeout is for clock net/ testing/manual-clock',
      'setInterval is for clock net/ testing/manual-clock',
      'setImmediate is for clock net/ testing/manual-clock',
      'Date.now is for clock net/ testing/manual-clock',
      'Date() is for clock net/ testing/manual-clock',
      'new Date() is for clock net/ testing/manual-clock',
      'performance.now is for clock net/ testing/manual-clock',
      'process.hrtime is for clock net/ testing/manual-clock',
      'process.uptime is for clock net/ testing/manual-clock',
      'AbortSignal.timeout is for clock net/ testing/manual-clock',
      'Math.random is for random',
      'crypto.getRandomValues is for random',
      'crypto.randomUUID is for random',
      'WebAssembly is for nobody',
      'process.nextTick is for net/',
      'process.getBuiltinModule is for net/',
      'process.binding is for net/',
      'without waiting: not asked for',
      'types only: not asked for',
    ]);
  });

  test('see only floors that come before them', () => {
    const order = core.floors.map(({ id }) => id);
    for (const { id, sees } of core.floors) {
      expect(order.slice(0, order.indexOf(id))).toEqual(expect.arrayContaining([...sees]));
    }
  });

  test('are kept by these rules', () => {
    expect(RULES.map(({ id }) => id)).toEqual([
      'placed',
      'floors',
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
      'nobody-imports-an-entry',
    ]);
  });
});

/** A house of one wrong file, and the message it must bring. */
const planted: readonly [behaviour: string, files: Record<string, string>, message: string][] = [
  [
    'a file without a floor is told where to add it',
    { 'gadget.ts': '' },
    'packages/core/src/gadget.ts:1: gadget.ts stands on no floor. Add it to a floor of @awaitio/core in scripts/architecture/floors.ts, and to the table in docs/architecture.md. [placed]',
  ],
  [
    'the vocabulary imports no mechanism',
    { 'errors.ts': "\nimport { Wait } from './waiters.ts';", 'waiters.ts': '' },
    'packages/core/src/vocabulary/errors.ts:2: F0 (vocabulary) imports waiters.ts of F1 (mechanisms); it may see nothing. The vocabulary is what everything else is said in, so it can lean on nothing. [floors]',
  ],
  [
    'a mechanism imports no stream, not even a type of it',
    { 'waiters.ts': "import type { ByteStream } from './byte-stream.ts';", 'byte-stream.ts': '' },
    'F1 (mechanisms) imports byte-stream.ts of F2',
  ],
  [
    'the stream imports no carrier',
    {
      'byte-stream.ts': "import { TcpStream } from './net/tcp-stream.ts';",
      'net/tcp-stream.ts': '',
    },
    'The stream runs over any transport, so it knows none of them. [floors]',
  ],
  [
    'a carrier imports no task',
    { 'net/tcp-listener.ts': "import { Executor } from '../executor.ts';", 'executor.ts': '' },
    'F3 (carriers) imports executor.ts of F4 (coordination); it may see F0, F1, F2.',
  ],
  [
    'the executor never sees a carrier',
    { 'executor.ts': "await import('./net/tcp-stream.ts');", 'net/tcp-stream.ts': '' },
    'Coordination works on contracts, so that it runs the same on simulated sockets. [floors]',
  ],
  [
    'poll never sees a carrier',
    { 'poll.ts': "import { TcpStream } from './net/tcp-stream.ts';", 'net/tcp-stream.ts': '' },
    'F4 (coordination) imports net/tcp-stream.ts of F3',
  ],
  [
    'a combinator imports no executor',
    { 'copy.ts': "import { Executor } from './executor.ts';", 'executor.ts': '' },
    'F5 (combinators) imports executor.ts of F4',
  ],
  [
    'the package imports nothing from its test kit',
    { 'executor.ts': "import { pair } from './testing/pair.ts';", 'testing/pair.ts': '' },
    'F4 (coordination) imports testing/pair.ts of T (test kit)',
  ],
  [
    'two files do not import each other',
    {
      'waiters.ts': "import { a } from './budget.ts';",
      'budget.ts': "import { b } from './sleep.ts';",
      'sleep.ts': "import { c } from './waiters.ts';",
    },
    'packages/core/src/waiting/budget.ts:1: imports go in a circle: budget.ts → sleep.ts → waiters.ts → budget.ts. Files in a circle are one file in disguise: they load, test and read only together. [no-cycles]',
  ],
  [
    'a source does not reach out of src/',
    { 'errors.ts': "import { x } from '../../http/src/client/client.ts';" },
    'imports ../../http/src/client.ts, which is outside of src/. Another package is imported by its name, through what it exports. [inside-the-package]',
  ],
  [
    'a relative import names its file',
    { 'waiters.ts': "import { IoError } from './errors';", 'errors.ts': '' },
    'imports ./errors without its .ts extension.',
  ],
  [
    'a computed import is refused',
    { 'errors.ts': 'export const load = (name: string) => import(name);' },
    'imports a computed name. What cannot be read cannot be checked: import a literal. [literal-imports]',
  ],
  [
    'core does not import http',
    { 'executor.ts': "import { serve } from '@awaitio/http';" },
    '@awaitio/core imports @awaitio/http. Packages import downwards: @awaitio/examples → @awaitio/http → @awaitio/core. [package-order]',
  ],
  [
    'only net/ imports node:net',
    { 'byte-stream.ts': "import type { Socket } from 'node:net';" },
    'imports node:net, which is for net/ only. Sockets live in net/ alone; everybody else works on a Transport or a ByteStream. [owned-modules]',
  ],
  [
    'only net/ imports node:tls',
    { 'testing/pair.ts': "const tls = await import('node:tls');" },
    'imports node:tls, which is for net/ only.',
  ],
  [
    'only net/ imports node:dgram',
    { 'poll.ts': "export const dgram = require('node:dgram');" },
    'imports node:dgram, which is for net/ only.',
  ],
  [
    'only net/ imports node:dns',
    { 'address.ts': "import { lookup } from 'node:dns/promises';" },
    'imports node:dns/promises, which is for net/ only.',
  ],
  [
    'only the executor imports p-queue',
    { 'task-group.ts': "import PQueue from 'p-queue';" },
    'imports p-queue, which is for executor only. One executor wraps one queue; a second importer would be a second scheduler. [owned-modules]',
  ],
  [
    'nobody imports node:http',
    { 'net/tcp-listener.ts': "import { createServer } from 'node:http';" },
    'imports node:http, which is for nobody only.',
  ],
  [
    'a module that nobody owns is refused',
    { 'errors.ts': "import { readFileSync } from 'fs';" },
    'imports fs, which no file owns. Give it an owner and a reason in scripts/architecture/floors.ts (modules of Node are spelled node:…). [owned-modules]',
  ],
  [
    'a timer is not taken from a module either',
    { 'sleep.ts': "import { setTimeout } from 'node:timers/promises';" },
    'imports node:timers/promises, which is for clock only. Take a Clock',
  ],
  [
    'WebAssembly is not for core',
    { 'byte-queue.ts': 'export const m = new WebAssembly.Module(bytes);' },
    'uses WebAssembly.Module, which is for nobody only.',
  ],
  [
    'a file inside the package passes nothing on',
    { 'byte-stream.ts': "export { IoError } from './errors.ts';", 'errors.ts': '' },
    'passes on ./errors.ts. Only an entry file re-exports; inside a package a file is imported from where it is. [no-barrels]',
  ],
  [
    'a folder inside the package has no index of its own',
    { 'net/index.ts': "export * from './tcp-stream.ts';", 'net/tcp-stream.ts': '' },
    'passes on ./tcp-stream.ts.',
  ],
  [
    'an entry holds no code',
    {
      'index.ts': "export { IoError } from './errors.ts';\nexport const extra = 1;",
      'errors.ts': '',
    },
    'packages/core/src/index.ts:2: holds more than named exports (ExportDeclaration). An entry file is a list: what a package offers is read in one look. [export-list]',
  ],
  [
    'an entry names what it exports',
    { 'index.ts': "export * from './errors.ts';", 'errors.ts': '' },
    'holds more than named exports (export *).',
  ],
  [
    'nobody imports through an entry',
    { 'testing/pair.ts': "import { IoError } from '../index.ts';", 'index.ts': '' },
    'imports the entry index.ts. Through an entry everything imports everything; import the file itself. [nobody-imports-an-entry]',
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

describe('a planted break of the floors is found:', () => {
  test.each(planted)('%s', (_behaviour, files, message) => {
    expect(checkHouse(plantHouse(core, files)).join('\n')).toContain(message);
  });

  test.each(time)('only the clock and the carriers use %s', (call) => {
    const files = { 'executor.ts': `export const f = (): void => {};\n${call};` };
    expect(checkHouse(plantHouse(core, files))).toEqual([
      expect.stringMatching(
        /^packages\/core\/src\/executor\.ts:2: uses .*, which is for clock, net\/, testing\/manual-clock only\. Take a Clock: .* \[owned-globals\]$/,
      ),
    ]);
  });

  test.each(['Math.random()', 'crypto.getRandomValues(x)', 'globalThis.crypto.randomUUID()'])(
    'only random.ts uses %s',
    (call) => {
      const files = { 'net/tcp-stream.ts': `const x = 1;\n${call};` };
      expect(checkHouse(plantHouse(core, files)).join('\n')).toMatch(
        /:2: uses .*, which is for random only\. Take a Random: .* \[owned-globals\]$/,
      );
    },
  );

  test('every rule has a plant that brings it out', () => {
    const found = planted
      .flatMap(([, files]) => checkHouse(plantHouse(core, files)))
      .map((line) => /\[([a-z-]+)\]$/.exec(line)?.[1]);
    // The two rules that have no file to apply to in core are planted in @awaitio/http.
    const elsewhere = ['types-only', 'sans-io'];
    const needed = RULES.map(({ id }) => id).filter(
      (id) => id !== 'owned-globals' && !elsewhere.includes(id),
    );
    expect(needed.filter((id) => !found.includes(id))).toEqual([]);
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
    expect(checkHouse(plantHouse(core, { 'errors.ts': text }))).toEqual([]);
  });

  test('two files of a floor that know each other by type', () => {
    const files = {
      'waiters.ts': "import type { Budget } from './budget.ts';",
      'budget.ts': "import { Wait } from './waiters.ts';",
    };
    expect(checkHouse(plantHouse(core, files))).toEqual([]);
  });

  test('imports of lower floors and of the own one', () => {
    const files = {
      'errors.ts': '',
      'byte-queue.ts': "import { IoError } from './errors.ts';",
      'waiters.ts': "import { ByteQueue } from './byte-queue.ts';",
      'net/tcp-stream.ts':
        "import { Socket } from 'node:net';\nimport { IoError } from '../errors.ts';\nsetTimeout(f, 1);",
      'index.ts': "export { IoError } from './errors.ts';",
    };
    expect(checkHouse(plantHouse(core, files))).toEqual([]);
  });
});
