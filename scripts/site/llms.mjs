/** `llms.txt` and `llms-full.txt` (llmstxt.org): the site for programs that read, in place of people. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstSentence } from './markdown.mjs';
import { sidebar } from './pages.mjs';
import { SITE, STAGED } from './stage.mjs';

const SUMMARY =
  'Sockets whose readiness can be awaited, structured tasks, and an HTTP/1.1 server and client on top of them, in TypeScript for Node.js 20.19 and later. `npm install @awaitio/http @awaitio/core`.';

const staged = ({ path }) =>
  readFileSync(join(STAGED, `${path}.md`), 'utf8').replace(/^---\n[\s\S]*?\n---\n\n/, '');

/**
 * @param {{name: string, path: string}[]} api - The pages of the packages' entries.
 * @returns {string} The text of `llms.txt`.
 */
export function llmsText(api) {
  const groups = sidebar().map(({ text, pages }) => {
    const rows = pages.map(
      (page) => `- [${page.title}](${SITE}${page.path}.md): ${firstSentence(staged(page))}`,
    );
    return `## ${text}\n\n${rows.join('\n')}\n`;
  });
  const entries = api.map(({ name, path }) => `- [${name}](${SITE}${path}/index.md)`);
  return `# awaitio\n\n> ${SUMMARY}\n\n${groups.join('\n')}\n## API\n\n${entries.join('\n')}\n`;
}

/** @returns {string} Every page but the API, one after another. */
export function llmsFullText() {
  return sidebar()
    .flatMap(({ pages }) => pages)
    .map((page) => `<!-- ${SITE}${page.path} -->\n\n${staged(page).trim()}\n`)
    .join('\n\n');
}

/**
 * Puts both texts and the Markdown of every page into the built site.
 *
 * @throws When `llms.txt` leads to a page that is not there.
 */
export function writeForReaders(site, api) {
  const text = llmsText(api);
  writeFileSync(join(site, 'llms.txt'), text);
  writeFileSync(join(site, 'llms-full.txt'), llmsFullText());
  cpSync(STAGED, site, {
    recursive: true,
    filter: (from) => !/\.(?:svg|png|webp)$/.test(from) && !from.endsWith('pictures'),
  });
  for (const [, path] of text.matchAll(/\]\(https:\/\/awaitio\.github\.io\/awaitio\/([^)]*)\)/g)) {
    if (!existsSync(join(site, path)))
      throw new Error(`llms.txt leads to ${path}, which is not there`);
  }
}
