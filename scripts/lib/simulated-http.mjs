/** The requests of the simulation's tests, against the built packages: for scripts that run more of them. */
import { readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';

const protocol = new URL('../../packages/http/test/support/request-protocol.ts', import.meta.url);

/** Imports the protocol with its types taken off, which Node 20 cannot do by itself. */
async function loadProtocol() {
  const { code } = transformSync(readFileSync(protocol, 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

const { requestProtocol, FAULTS, DEADLINE } = await loadProtocol();
const http = await import(new URL('../../packages/http/dist/index.js', import.meta.url));
export const { simulateSeeds } = await import(
  new URL('../../packages/core/dist/testing/index.js', import.meta.url)
);
export const httpProtocol = requestProtocol(http);
export { DEADLINE, FAULTS };
