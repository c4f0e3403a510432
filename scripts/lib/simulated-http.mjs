/** The requests of the simulation's tests, against the built packages: for scripts that run more of them. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { transformSync } from '@swc/core';

const support = new URL('../../packages/http/test/support/', import.meta.url);
const built = (path) => import(new URL(`../../packages/${path}`, import.meta.url));

/** Imports a file of the tests with its types taken off, which Node 20 cannot do by itself. */
async function load(file) {
  const { code } = transformSync(readFileSync(new URL(file, support), 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

const requests = await load('request-protocol.ts');
const handlers = await load('battery-handlers.ts');
const faulty = await load('faulty-servers.ts');
const { clientProtocol: makeClients } = await load('client-protocol.ts');
const { batteryProtocol: makeBatteries } = await load('battery-protocol.ts');
const { websocketProtocol: makeWebSockets } = await load('websocket-protocol.ts');
const http = await built('http/dist/index.js');
const batteries = await built('http/dist/batteries/index.js');
const websockets = await built('http/dist/websocket/index.js');
export const { simulateSeeds } = await built('core/dist/testing/index.js');
export const httpProtocol = requests.requestProtocol(http);
export const clientProtocol = makeClients({ http, requests, faulty, gzipSync });
export const batteryProtocol = makeBatteries({ http, batteries, requests, handlers, gunzipSync });
const talk = makeWebSockets({ http, websockets });
const talkUntilShutdown = makeWebSockets({ http, websockets }, { drains: true });
export const websocketProtocol = (sim) => (sim.random.chance(0.5) ? talk : talkUntilShutdown)(sim);
export const { DEADLINE, FAULTS } = requests;
