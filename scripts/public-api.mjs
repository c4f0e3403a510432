/**
 * Writes what each published entry exports, names and signatures: packages/<name>/api/<entry>.txt. In review a change of
 * the public API is then a change of one of these files; a test compares them with the build.
 *
 *   node scripts/public-api.mjs            writes them from a fresh build
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { useTypeScript } from './lib/typescript.mjs';

useTypeScript();
const { describeEntry, entries } = await import('./architecture/public-api.ts');
for (const entry of entries()) {
  mkdirSync(dirname(entry.file), { recursive: true });
  writeFileSync(entry.file, describeEntry(entry));
}
