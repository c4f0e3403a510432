/**
 * Writes the tables of docs/supported-http.md: what is refused, from the wire table, and where node:http answers in
 * another way, by asking both. Run it with Node 20, whose answers the page has; the build must be fresh.
 *
 *   node scripts/supported-http.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { useTypeScript } from './lib/typescript.mjs';

useTypeScript();
const folder = new URL('../packages/http/test/wire/', import.meta.url);
const { askBoth, rewrite } = await import(new URL('supported-http.ts', folder));

const path = new URL('../docs/supported-http.md', import.meta.url);
writeFileSync(path, rewrite(readFileSync(path, 'utf8'), await askBoth()));
