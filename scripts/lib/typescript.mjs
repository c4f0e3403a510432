/**
 * Lets a script import the TypeScript of this repository, sources and tests, on a Node that cannot take types off by
 * itself.
 */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The loader's half, on a separate thread which imports this file too. */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const { transform } = await import('@swc/core');
  const path = fileURLToPath(url);
  const { code } = await transform(readFileSync(path, 'utf8'), {
    filename: path,
    sourceMaps: 'inline',
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  return { format: 'module', source: code, shortCircuit: true };
}

/** To be called before the first import of TypeScript. */
export function useTypeScript() {
  if (!process.features.typescript) register(import.meta.url);
}
