/** The echo protocol of the simulation's tests, against the built package: for scripts that run it under other Nodes. */
import { readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';

const protocol = new URL('../../packages/core/test/support/echo-protocol.ts', import.meta.url);

/** Imports the protocol with its types taken off, which Node 20 cannot do by itself. */
async function loadProtocol() {
  const { code } = transformSync(readFileSync(protocol, 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

export const { echoProtocol, FAULTS } = await loadProtocol();
export const { simulate, simulateSeeds } = await import(
  new URL('../../packages/core/dist/testing/index.js', import.meta.url)
);

/** The virtual deadline of one run, in milliseconds. */
export const DEADLINE = 120_000;
