/**
 * An ES module that uses everything. Its arguments: what is imported in the repository under the name of each entry, as
 * JSON, or nothing under a runtime that cannot load it.
 */
import * as core from '@awaitio/core';
import * as lowlevel from '@awaitio/core/lowlevel';
import * as sync from '@awaitio/core/sync';
import * as testing from '@awaitio/core/testing';
import * as http from '@awaitio/http';
import * as batteries from '@awaitio/http/batteries';
import * as websocket from '@awaitio/http/websocket';
import * as contract from '@awaitio/http/contract';
import * as crossws from '@awaitio/http/crossws';
import * as inspector from '@awaitio/http/inspect';
import * as otel from '@awaitio/http/otel';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { checksOf, runAll } from './checks.mjs';

const entries = {
  '@awaitio/core': core,
  '@awaitio/core/lowlevel': lowlevel,
  '@awaitio/core/sync': sync,
  '@awaitio/core/testing': testing,
  '@awaitio/http': http,
  '@awaitio/http/batteries': batteries,
  '@awaitio/http/websocket': websocket,
  '@awaitio/http/contract': contract,
  '@awaitio/http/crossws': crossws,
  '@awaitio/http/inspect': inspector,
  '@awaitio/http/otel': otel,
};
/** Needs a package that is not here. */
const HONO = '@awaitio/http/hono';
const isNode = process.versions.bun === undefined && globalThis.Deno === undefined;
const { cache } = createRequire(import.meta.url);

await runAll({
  'each entry exports what its modules do': async () => {
    const modules = JSON.parse(process.argv[2] ?? '{}');
    for (const [name, url] of Object.entries(modules)) {
      if (name === HONO) continue;
      // The keys of a module are sorted.
      assert.deepEqual(Object.keys(entries[name]), Object.keys(await import(url)));
    }
  },
  'the entry for Hono asks for Hono, and no other does': async () => {
    await assert.rejects(import(HONO), /hono/);
  },
  'each class has the name that it is exported by': () => {
    for (const [entry, exports] of Object.entries(entries)) {
      for (const [name, value] of Object.entries(exports)) {
        if (typeof value === 'function') assert.equal(value.name, name, entry);
      }
    }
  },
  ...(isNode && {
    'a traced wait names the line of its caller': async () => {
      core.traceWaits(true);
      const [near, far] = core.memoryPair();
      const reading = far.readChunk();
      const site = far.statistics().waits[0]?.site ?? '';
      core.traceWaits(false);
      await near.close();
      await reading;
      await far.close();
      assert.match(site.split('\n')[0], /smoke\.mjs:\d+:\d+/);
      assert.ok(!site.includes('@awaitio'), site);
    },
  }),
  ...checksOf({ core, sync, testing, http }, isNode ? () => Object.keys(cache) : undefined),
});
