/** What of the site can be checked in a moment, without building it; the gate's step `docs` does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/run.mjs';
import { sidebar, strayPages } from './pages.mjs';

/** The most lines of code on a page of docs/how-to/. */
const MOST_LINES = 15;

/** @returns {number} How many lines of a page are code that is run; empty ones do not count. */
function testedLines(text) {
  const programs = text.matchAll(/^```ts(?: until-sigterm)?\n([\s\S]*?)^```$/gm);
  const lines = [...programs].flatMap(([, code]) => code.split('\n'));
  return lines.filter((line) => line.trim() !== '').length;
}

/** @returns {string[]} A complaint for each page that the site would lack, and for each how-to that is too long, or is not run. */
export function complaintsAboutPages() {
  const complaints = strayPages().map(
    (file) => `${file} is in no group of the sidebar: add it in scripts/site/pages.mjs`,
  );
  for (const { file } of sidebar().flatMap(({ pages }) => pages)) {
    if (!file.startsWith('docs/how-to/')) continue;
    const text = readFileSync(join(root, file), 'utf8');
    const lines = testedLines(text);
    if (lines > MOST_LINES) {
      complaints.push(`${file} has ${lines} lines of code; a how-to has at most ${MOST_LINES}`);
    }
    if (/^```ts .*no-run/m.test(text)) complaints.push(`${file} has code that is not run`);
  }
  return complaints;
}
