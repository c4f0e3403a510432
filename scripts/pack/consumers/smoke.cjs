/** The same from CommonJS. */
const core = require('@awaitio/core');
const sync = require('@awaitio/core/sync');
const testing = require('@awaitio/core/testing');
const http = require('@awaitio/http');

void import('./checks.mjs').then(({ checksOf, runAll }) =>
  runAll(checksOf({ core, sync, testing, http }, () => Object.keys(require.cache))),
);
