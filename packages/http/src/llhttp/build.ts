/**
 * Where the two WebAssembly builds of llhttp come from: in this repository, undici.
 *
 * In the published bundle scripts/bundle.mjs puts another module in the place of this one, with the same two functions. It
 * finds the builds in two files beside the bundle, which are not read, and not parsed, before the first parser is needed.
 */

import { createRequire } from 'node:module';

/** The bytes of a build, with instructions of WebAssembly SIMD or without. @throws when there is no such file */
export function readBuild(simd: boolean): unknown {
  const require = createRequire(import.meta.url);
  // Literals: the architecture test reads which modules these are.
  return simd
    ? require('undici/lib/llhttp/llhttp_simd-wasm.js')
    : require('undici/lib/llhttp/llhttp-wasm.js');
}

/** The same by `import()`, which bundlers follow. */
export function importBuild(simd: boolean): Promise<unknown> {
  return new Promise((resolve) => {
    resolve(readBuild(simd));
  });
}
