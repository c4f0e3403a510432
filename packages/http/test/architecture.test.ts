import { describe, expect, test } from '@jest/globals';
import { http } from '../../../scripts/architecture/floors.ts';
import {
  describePlan,
  sourcesFrom,
  readPackage,
} from '../../../scripts/architecture/package-sources.ts';
import { checkPackage, ghostsOf } from '../../../scripts/architecture/rules.ts';

describe('the rooms of @awaitio/http', () => {
  test('hold', () => {
    expect(checkPackage(readPackage(http))).toEqual([]);
  });

  test('are the documented ones', () => {
    expect(describePlan(http)).toEqual([
      'protocol/vocabulary sees nothing',
      'llhttp sees protocol/vocabulary',
      'protocol/receiving sees protocol/vocabulary llhttp',
      'protocol/sending sees protocol/vocabulary',
      'protocol sees protocol/vocabulary protocol/receiving protocol/sending',
      'observing sees nothing',
      'driver sees protocol/vocabulary llhttp protocol observing',
      'proxy-protocol sees protocol/vocabulary',
      'message sees protocol/vocabulary proxy-protocol',
      'tracing sees protocol/vocabulary message',
      'client/routes sees protocol/vocabulary',
      'client/connections sees protocol/vocabulary protocol driver message observing tracing client/routes',
      'client/content sees protocol/vocabulary message client/routes client/connections',
      'client sees protocol/vocabulary message observing client/routes client/connections client/content',
      'forms sees protocol/vocabulary message',
      'adapters sees protocol/vocabulary driver message client forms',
      'server/sending sees protocol/vocabulary protocol/sending protocol driver message',
      'server sees protocol/vocabulary protocol driver message proxy-protocol observing adapters tracing server/sending',
      'batteries/selection sees protocol/vocabulary',
      'batteries/compression sees protocol/vocabulary message batteries/selection',
      'batteries/event-stream sees protocol/vocabulary message',
      'batteries sees protocol/vocabulary message batteries/selection',
      'batteries/cookies sees protocol/vocabulary',
      'batteries/wrappers sees protocol/vocabulary message',
      'contract sees protocol/vocabulary message client/routes client',
      'websocket/protocol sees protocol/vocabulary',
      'websocket/compression sees protocol/vocabulary websocket/protocol',
      'websocket/streams sees message websocket/protocol',
      'websocket/facades sees protocol/vocabulary websocket/streams',
      'websocket sees protocol/vocabulary driver message observing tracing client websocket/protocol websocket/compression websocket/streams websocket/facades',
      'otel sees protocol/vocabulary message tracing',
      'metrics sees protocol/vocabulary message observing',
      'devtools sees protocol/vocabulary message tracing',
      'adapters/socket-events sees protocol/vocabulary message adapters websocket/protocol websocket',
      'adapters/hono sees websocket adapters/socket-events',
      'adapters/crossws sees protocol/vocabulary adapters websocket adapters/socket-events',
      'handlers sees protocol/vocabulary message',
      'inspect/looking sees observing batteries/wrappers',
      'inspect/page sees nothing',
      'inspect sees message observing server batteries/event-stream inspect/looking inspect/page',
      'inspect/top sees client inspect/looking',
      'node:net is for no file',
      'node:tls is for no file',
      'node:dgram is for no file',
      'node:dns is for no file',
      'node:dns/promises is for no file',
      '@awaitio/core is for driver/ message/ proxy-protocol/ client/ forms/ adapters/ server/ batteries/ contract/ handlers/ websocket/ observing/ inspect/ tracing/ otel/ metrics/ devtools/',
      'node:fs is for batteries/open-file batteries/file-pieces batteries/static-files',
      'node:fs/promises is for batteries/open-file batteries/file-pieces batteries/static-files',
      'node:path is for batteries/open-file batteries/file-pieces batteries/static-files',
      'node:crypto is for adapters/integrity batteries/cookies/cookie-signer batteries/wrappers/basic-auth batteries/wrappers/rate-limit-keys websocket/random-bits inspect/guard',
      'node:perf_hooks is for batteries/wrappers/event-loop-delay metrics/loop-delay',
      '@opentelemetry/api is for otel/',
      'node:inspector is for devtools/',
      'undici is for llhttp/',
      'node:module is for llhttp/',
      'node:zlib is for batteries/compression/content-coding client/content/decode websocket/compression/zlib-context',
      'mrmime is for batteries/media-type',
      'hono is for adapters/hono/',
      'crossws is for adapters/crossws/',
      'zod is for server/options-schema',
      'node:http is for no file',
      'node:https is for no file',
      'node:http2 is for no file',
      'setTimeout is for no file',
      'setInterval is for no file',
      'setImmediate is for no file',
      'Date.now is for no file',
      'Date() is for no file',
      'new Date() is for no file',
      'performance.now is for no file',
      'process.hrtime is for no file',
      'process.uptime is for no file',
      'AbortSignal.timeout is for no file',
      'Math.random is for no file',
      'crypto.getRandomValues is for no file',
      'crypto.randomUUID is for no file',
      'WebAssembly is for llhttp/ protocol/vocabulary/web-classes',
      'fetch is for no file',
      'process.nextTick is for no file',
      'without waiting: protocol/ websocket/protocol/ websocket/compression/ forms/multipart-parser forms/part-head forms/parameters',
      'types only: llhttp/',
      'computed imports: in no file',
    ]);
  });

  test('see only rooms that come before them', () => {
    const order = http.rooms.map(({ folder }) => folder);
    for (const { folder, sees } of http.rooms) {
      expect(order.slice(0, order.indexOf(folder))).toEqual(expect.arrayContaining([...sees]));
    }
  });

  test('exist, and so does every owner', () => {
    expect(ghostsOf(readPackage(http))).toEqual([]);
  });
});

/** A package with one wrong file, and the message it must bring. */
const planted: readonly [behaviour: string, files: Record<string, string>, message: string][] = [
  [
    'a folder that is no room is reported, with where to add it',
    { 'router/router.ts': '' },
    'packages/http/src/router/router.ts:1: router/router.ts lies in router, which is no room of @awaitio/http. Move it into a room, or add its folder to scripts/architecture/floors.ts',
  ],
  [
    'the vocabulary does not import the state table',
    {
      'protocol/vocabulary/events.ts': "import { x } from '../state.ts';",
      'protocol/state.ts': '',
    },
    'packages/http/src/protocol/vocabulary/events.ts:1: protocol/vocabulary imports protocol/state.ts of protocol; it sees nothing.',
  ],
  [
    'sending does not see the parser',
    {
      'protocol/sending/encoder.ts': "import { x } from '../../llhttp/parser.ts';",
      'llhttp/parser.ts': '',
    },
    'protocol/sending imports llhttp/parser.ts of llhttp; it sees protocol/vocabulary. Sending decides from values alone, so that a table can test it. [rooms]',
  ],
  [
    'receiving and sending do not see each other',
    {
      'protocol/receiving/decoder.ts': "import type { x } from '../sending/encoder.ts';",
      'protocol/sending/encoder.ts': '',
    },
    'protocol/receiving imports protocol/sending/encoder.ts of protocol/sending',
  ],
  [
    'the connection imports no driver',
    {
      'protocol/connection.ts': "import { x } from '../driver/driver.ts';",
      'driver/driver.ts': '',
    },
    'protocol imports driver/driver.ts of driver',
  ],
  [
    'the driver imports neither server nor client',
    {
      'driver/driver.ts': "import type { Server } from '../server/server.ts';",
      'server/server.ts': '',
    },
    'driver imports server/server.ts of server; it sees protocol/vocabulary, llhttp, protocol, observing.',
  ],
  [
    'the server does not reach past the connection to the parser',
    { 'server/server.ts': "import { Parser } from '../llhttp/parser.ts';", 'llhttp/parser.ts': '' },
    'server imports llhttp/parser.ts of llhttp',
  ],
  [
    'a handler imports no server, not even a type of it',
    {
      'handlers/echo.ts': "import type { Handler } from '../server/runtime.ts';",
      'server/runtime.ts': '',
    },
    'handlers imports server/runtime.ts of server; it sees protocol/vocabulary, message. A handler works on messages alone',
  ],
  [
    'an adapter imports no server',
    {
      'adapters/fetch-handler.ts': "import type { Exchange } from '../server/exchange.ts';",
      'server/exchange.ts': '',
    },
    'adapters imports server/exchange.ts of server',
  ],
  [
    'the parser imports only types',
    {
      'llhttp/parser.ts': "import { type Limits } from '../protocol/vocabulary/limits.ts';",
      'protocol/vocabulary/limits.ts': '',
    },
    'imports more than types from protocol/vocabulary/limits.ts. The parser is a leaf: it knows the package’s types and none of its code. [types-only]',
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
    { 'server/server.ts': "import { x } from '@awaitio/examples';" },
    '@awaitio/http imports @awaitio/examples. Packages import downwards',
  ],
  [
    'only llhttp/ imports undici',
    { 'client/client.ts': "import { request } from 'undici';" },
    'imports undici, which is for llhttp/ only. undici is here for its build of llhttp, and llhttp/ alone loads it. [owned-modules]',
  ],
  [
    'only llhttp/ loads undici through require',
    { 'client/client.ts': "export const wasm = require('undici/lib/llhttp/llhttp-wasm.js');" },
    'imports undici/lib/llhttp/llhttp-wasm.js, which is for llhttp/ only.',
  ],
  [
    'only llhttp/ loads one of two builds of undici',
    {
      'client/client.ts':
        "export const wasm = require(simd ? 'undici/simd.js' : 'undici/plain.js');",
    },
    'imports undici/plain.js, which is for llhttp/ only.',
  ],
  [
    'only llhttp/ resolves undici through require',
    {
      'client/client.ts':
        "export const wasm = require.resolve('undici/lib/llhttp/llhttp-wasm.js');",
    },
    'imports undici/lib/llhttp/llhttp-wasm.js, which is for llhttp/ only.',
  ],
  [
    'only llhttp/ touches WebAssembly',
    { 'protocol/receiving/decoder.ts': 'export const m = WebAssembly.instantiate(x);' },
    'uses WebAssembly.instantiate, which is for llhttp/, protocol/vocabulary/web-classes only.',
  ],
  [
    'only the schema of options imports zod',
    { 'message/request.ts': "import type { ZodType } from 'zod';" },
    'imports zod, which is for server/options-schema only. Options are validated at the edge, in one file, never on the hot path. [owned-modules]',
  ],
  [
    'no one imports node:net',
    { 'server/server.ts': "import { Socket } from 'node:net';" },
    'imports node:net, which is for no file only. HTTP runs over any ByteStream',
  ],
  [
    'no one imports node:http',
    { 'protocol/vocabulary/headers.ts': "import { STATUS_CODES } from 'node:http';" },
    'imports node:http, which is for no file only.',
  ],
  [
    'no one uses Node’s fetch',
    { 'client/client.ts': "export const x = fetch('http://localhost');" },
    'uses fetch, which is for no file only.',
  ],
  [
    'no one sets a timer',
    { 'driver/driver.ts': 'setTimeout(() => {}, 1);' },
    'uses setTimeout, which is for no file only. Take a Clock',
  ],
  [
    'no one asks for the date',
    { 'message/response.ts': 'export const x = new Date();' },
    'uses new Date(), which is for no file only. Take a Clock',
  ],
];

describe('a planted break of the rules is found:', () => {
  test.each(planted)('%s', (_behaviour, files, message) => {
    expect(checkPackage(sourcesFrom(http, files)).join('\n')).toContain(message);
  });
});

test('what each room is for is allowed', () => {
  const files = {
    'protocol/vocabulary/errors.ts': '',
    'llhttp/instance.ts':
      "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\nnew WebAssembly.Module(require('undici/lib/llhttp/llhttp-wasm.js'));",
    'llhttp/parser.ts':
      "import { x } from './instance.ts';\nimport type { E } from '../protocol/vocabulary/errors.ts';",
    'protocol/receiving/decoder.ts': "import { Parser } from '../../llhttp/parser.ts';",
    'protocol/connection.ts': "import { decode } from './receiving/decoder.ts';",
    'server/options-schema.ts': "import * as z from 'zod/mini';",
    'driver/driver.ts':
      "import { ByteStream } from '@awaitio/core';\nimport { C } from '../protocol/connection.ts';",
    'server/server.ts':
      "import { D } from '../driver/driver.ts';\nimport { o } from './options-schema.ts';\nawait D.run(new Date(5));",
  };
  expect(checkPackage(sourcesFrom(http, files))).toEqual([]);
});
