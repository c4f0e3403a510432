/** The same from CommonJS. */
const core = require('@awaitio/core');
const testing = require('@awaitio/core/testing');
const http = require('@awaitio/http');

void import('./checks.mjs').then(({ checksOf, runAll }) =>
  runAll(checksOf({ core, testing, http }, () => Object.keys(require.cache))),
);
