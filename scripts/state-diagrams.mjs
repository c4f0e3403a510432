/**
 * Draws docs/http-state-machine.md from packages/http/src/protocol/state.ts.
 *
 *   node scripts/state-diagrams.mjs            writes the page
 *   node scripts/state-diagrams.mjs --check    fails when the page is not as it would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { useTypeScript } from './lib/typescript.mjs';

useTypeScript();
const { redraw } = await import('./diagrams/state-machine.ts');
const tables = await import('../packages/http/src/protocol/state.ts');

const path = new URL('../docs/http-state-machine.md', import.meta.url);
const page = readFileSync(path, 'utf8');
const drawn = redraw(page, tables);
if (!process.argv.includes('--check')) writeFileSync(path, drawn);
else if (drawn !== page) {
  console.error('docs/http-state-machine.md is old: node scripts/state-diagrams.mjs');
  process.exitCode = 1;
}
