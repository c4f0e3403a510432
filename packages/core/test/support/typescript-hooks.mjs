/** Lets `node --import` run the TypeScript of this repository as it stands, for tests that need a process of their own. */
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { transform } = await import('@swc/core');
  const source = await readFile(fileURLToPath(url), 'utf8');
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
  const { code } = await transform(source, {
    jsc,
    filename: fileURLToPath(url),
    module: { type: 'es6' },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
