import { describe, expect, test } from '@jest/globals';
import { http } from '../../../scripts/architecture/floors.ts';
import { describePlan, plantHouse, readHouse } from '../../../scripts/architecture/houses.ts';
import { checkHouse } from '../../../scripts/architecture/rules.ts';

describe('the floors of @awaitio/http', () => {
  test('hold', () => {
    expect(checkHouse(readHouse(http))).toEqual([]);
  });

  test('are the documented ones', () => {
    expect(describePlan(http)).toEqual([
      'P0 sees nothing',
      'L sees P0',
      'P1 sees P0',
      'P2 sees P0 L P1',
      'V sees P0',
      'X sees P0 P1 P2',
      'A sees P0 P1 P2 V X',
      'node:net is for nobody',
      'node:tls is for nobody',
      'node:dgram is for nobody',
      'node:dns is for nobody',
      'node:dns/promises is for nobody',
      '@awaitio/core is for floor:V floor:X floor:A',
      'node:fs is for response-file',
      'node:fs/promises is for response-file',
      'undici is for llhttp/',
      'node:module is for llhttp/',
      'zod is for validation/',
      'node:http is for nobody',
      'node:https is for nobody',
      'node:http2 is for nobody',
      'setTimeout is for nobody',
      'setInterval is for nobody',
      'setImmediate is for nobody',
      'Date.now is for nobody',
      'Date() is for nobody',
      'new Date() is for nobody',
      'performance.now is for nobody',
      'process.hrtime is for nobody',
      'process.uptime is for nobody',
      'AbortSignal.timeout is for nobody',
      'Math.random is for nobody',
      'crypto.getRandomValues is for nobody',
      'crypto.randomUUID is for nobody',
      'WebAssembly is for llhttp/',
      'fetch is for nobody',
      'process.nextTick is for nobody',
      'without waiting: protocol/',
      'types only: llhttp/',
    ]);
  });

  test('see only floors that come before them', () => {
    const order = http.floors.map(({ id }) => id);
    for (const { id, sees } of http.floors) {
      expect(order.slice(0, order.indexOf(id))).toEqual(expect.arrayContaining([...sees]));
    }
  });
});

/** A house of one wrong file, and the message it must bring. */
const planted: readonly [behaviour: string, files: Record<string, string>, message: string][] = [
  [
    'a file without a floor is told where to add it',
    { 'router.ts': '' },
    'packages/http/src/router.ts:1: router.ts stands on no floor. Add it to a floor of @awaitio/http in scripts/architecture/floors.ts',
  ],
  [
    'the vocabulary imports no machine',
    { 'protocol/events.ts': "import { x } from './state.ts';", 'protocol/state.ts': '' },
    'packages/http/src/protocol/vocabulary/events.ts:1: P0 (vocabulary) imports protocol/state.ts of P1 (machines); it may see nothing.',
  ],
  [
    'a machine does not see the parser',
    { 'protocol/state.ts': "import { x } from '../llhttp/parser.ts';", 'llhttp/parser.ts': '' },
    'P1 (machines) imports llhttp/parser.ts of L (parser); it may see P0. A machine decides from values alone, so that a table can test it. [floors]',
  ],
  [
    'the connection imports no driver',
    { 'protocol/connection.ts': "import { x } from '../driver.ts';", 'driver.ts': '' },
    'P2 (sans-IO connection) imports driver.ts of X (driver)',
  ],
  [
    'the driver imports neither server nor client',
    { 'driver.ts': "import type { Server } from './server.ts';", 'server.ts': '' },
    'X (driver) imports server.ts of A (application); it may see P0, P1, P2.',
  ],
  [
    'the application does not reach past the connection to the parser',
    { 'server.ts': "import { Parser } from './llhttp/parser.ts';", 'llhttp/parser.ts': '' },
    'A (application) imports llhttp/parser.ts of L (parser)',
  ],
  [
    'the parser imports only types',
    {
      'llhttp/parser.ts': "import { type Limits } from '../protocol/limits.ts';",
      'protocol/limits.ts': '',
    },
    'imports more than types from protocol/limits.ts. The parser is a leaf: it knows the package’s types and none of its code. [types-only]',
  ],
  [
    'a machine is not async',
    { 'protocol/state.ts': 'export const f = async (): Promise<void> => {};' },
    'waits (async). The protocol never waits: bytes in, events out, so that a test needs no loop. [sans-io]',
  ],
  [
    'a method of a machine is not async either',
    { 'protocol/state.ts': 'export class A { async f(): Promise<void> {} }' },
    'waits (async).',
  ],
  [
    'the connection makes no promise',
    { 'protocol/connection.ts': 'export const f = new Promise(() => {});' },
    'waits (new Promise).',
  ],
  [
    'the connection chains no promise',
    { 'protocol/connection.ts': 'export const f = Promise.resolve(1);' },
    'waits (Promise.resolve).',
  ],
  [
    'the connection iterates over nothing that waits',
    { 'protocol/connection.ts': 'for await (const x of y) x();' },
    'waits (for await).',
  ],
  [
    'the protocol imports no stream',
    { 'protocol/connection.ts': "import { ByteStream } from '@awaitio/core';" },
    'The protocol is a pure machine of bytes and events: no stream, no clock, no task. [owned-modules]',
  ],
  [
    'the parser imports no stream',
    { 'llhttp/parser.ts': "import type { ByteStream } from '@awaitio/core';" },
    'imports @awaitio/core, which is for',
  ],
  [
    'http does not import the examples',
    { 'server.ts': "import { x } from '@awaitio/examples';" },
    '@awaitio/http imports @awaitio/examples. Packages import downwards',
  ],
  [
    'only llhttp/ imports undici',
    { 'client.ts': "import { request } from 'undici';" },
    'imports undici, which is for llhttp/ only. undici is here for its build of llhttp only, and llhttp/ is its one door. [owned-modules]',
  ],
  [
    'only llhttp/ loads undici through require',
    { 'client.ts': "export const wasm = require('undici/lib/llhttp/llhttp-wasm.js');" },
    'imports undici/lib/llhttp/llhttp-wasm.js, which is for llhttp/ only.',
  ],
  [
    'only llhttp/ loads one of two builds of undici',
    { 'client.ts': "export const wasm = require(simd ? 'undici/simd.js' : 'undici/plain.js');" },
    'imports undici/plain.js, which is for llhttp/ only.',
  ],
  [
    'only llhttp/ resolves undici through require',
    { 'client.ts': "export const wasm = require.resolve('undici/lib/llhttp/llhttp-wasm.js');" },
    'imports undici/lib/llhttp/llhttp-wasm.js, which is for llhttp/ only.',
  ],
  [
    'only llhttp/ touches WebAssembly',
    { 'protocol/decoder.ts': 'export const m = WebAssembly.instantiate(x);' },
    'uses WebAssembly.instantiate, which is for llhttp/ only.',
  ],
  [
    'only validation/ imports zod',
    { 'request.ts': "import type { ZodType } from 'zod';" },
    'imports zod, which is for validation/ only. Values are validated at the edge, in one folder, never on the hot path. [owned-modules]',
  ],
  [
    'nobody imports node:net',
    { 'server.ts': "import { Socket } from 'node:net';" },
    'imports node:net, which is for nobody only. HTTP runs over any ByteStream',
  ],
  [
    'nobody imports node:http',
    { 'headers.ts': "import { STATUS_CODES } from 'node:http';" },
    'imports node:http, which is for nobody only.',
  ],
  [
    'nobody uses Node’s fetch',
    { 'client.ts': "export const x = fetch('http://localhost');" },
    'uses fetch, which is for nobody only.',
  ],
  [
    'nobody sets a timer',
    { 'driver.ts': 'setTimeout(() => {}, 1);' },
    'uses setTimeout, which is for nobody only. Take a Clock',
  ],
  [
    'nobody asks for the date',
    { 'response.ts': 'export const x = new Date();' },
    'uses new Date(), which is for nobody only. Take a Clock',
  ],
];

describe('a planted break of the floors is found:', () => {
  test.each(planted)('%s', (_behaviour, files, message) => {
    expect(checkHouse(plantHouse(http, files)).join('\n')).toContain(message);
  });
});

test('what each floor is for is allowed', () => {
  const files = {
    'protocol/errors.ts': '',
    'llhttp/instance.ts':
      "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\nnew WebAssembly.Module(require('undici/lib/llhttp/llhttp-wasm.js'));",
    'llhttp/parser.ts':
      "import { x } from './instance.ts';\nimport type { E } from '../protocol/errors.ts';",
    'protocol/decoder.ts': "import { Parser } from '../llhttp/parser.ts';",
    'protocol/connection.ts': "import { decode } from './decoder.ts';",
    'validation/options.ts': "import { z } from 'zod';",
    'driver.ts':
      "import { ByteStream } from '@awaitio/core';\nimport { C } from './protocol/connection.ts';",
    'server.ts':
      "import { D } from './driver.ts';\nimport { o } from './validation/options.ts';\nawait D.run(new Date(5));",
  };
  expect(checkHouse(plantHouse(http, files))).toEqual([]);
});
