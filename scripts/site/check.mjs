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

/** What the README says of speed is what the report has: the processor time of a request whose head is new each time. */
function complaintsAboutFigures() {
  const report = readFileSync(join(root, 'bench/results/report.md'), 'utf8');
  const [, section = ''] = report.split('## HTTP echo, every head another');
  const ratioTo = (name) => {
    const row = section.split('\n').find((line) => line.startsWith(`| ${name} `));
    return row?.split('|')[5]?.trim();
  };
  const expected =
    `A POST whose head is new each time takes ${ratioTo('node:http')} the processor time that it takes with \`node:http\`, ` +
    `${ratioTo('Bun.serve')} that with Bun, ${ratioTo('Deno.serve')} that with Deno (`;
  const readme = readFileSync(join(root, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ');
  return readme.includes(expected)
    ? []
    : [`README.md does not say what bench/results/report.md has: "${expected}…"`];
}

/** @returns {string[]} A complaint for each page that the site would lack, and for each how-to that is too long, or is not run. */
export function complaintsAboutPages() {
  const complaints = [
    ...strayPages().map(
      (file) => `${file} is in no group of the sidebar: add it in scripts/site/pages.mjs`,
    ),
    ...complaintsAboutFigures(),
  ];
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
