/**
 * Lays the pages of the site out in `site/dist/pages`, each at its address: links between pages become links of the site, links
 * to other files of the repository lead to GitHub, and pictures come along. A link that leads nowhere ends it.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { root } from '../lib/run.mjs';
import { firstSentence, HTML_PICTURE, LINK, proseOf } from './markdown.mjs';
import { linkTo, sidebar } from './pages.mjs';

export const REPOSITORY = 'https://github.com/awaitio/awaitio/';
export const SITE = 'https://awaitio.github.io/awaitio/';
/** What the site is built from, and where. */
export const STAGED = join(root, 'site/dist/pages');

/** Begins two programs that do the same. */
const SIDE_BY_SIDE = '<!-- side by side -->';
const PICTURE = /\.(?:svg|png|webp)$/;

/** The file of the repository that a link of a page leads to; none if it leads elsewhere. */
function fileOf(page, target) {
  const blob = `${REPOSITORY}blob/main/`;
  if (target.startsWith(blob)) return target.slice(blob.length);
  if (/^[a-z]+:/.test(target)) return undefined;
  return posix.normalize(posix.join(dirname(page), target)).replace(/\/$/, '');
}

/**
 * @param {import('./pages.mjs').Page[]} pages
 * @returns {(page: import('./pages.mjs').Page, line: string, copy: (file: string) => void) => string} Rewrites the links of a line.
 */
function linker(pages) {
  const addresses = new Map(pages.map(({ file, path }) => [file, linkTo(path)]));
  const first = (folder) => pages.find(({ file }) => file.startsWith(`${folder}/`))?.path;
  return ({ file, path }, line, copy) =>
    line.replaceAll(LINK, (whole, target, fragment, title) => {
      const hash = fragment === undefined ? '' : `#${fragment}`;
      if (target === '') return whole;
      if (target.startsWith(SITE)) return `](/${target.slice(SITE.length)}${hash}${title})`;
      const aim = fileOf(file, target);
      if (aim === undefined) return whole;
      const address = addresses.get(aim);
      if (address !== undefined) return `](${address}${hash}${title})`;
      if (!existsSync(join(root, aim))) throw new Error(`${file}: ${target} leads nowhere`);
      if (PICTURE.test(aim)) return `](${picture(path, aim, copy)}${title})`;
      if (!statSync(join(root, aim)).isDirectory())
        return `](${REPOSITORY}blob/main/${aim}${hash}${title})`;
      return `](${first(aim) === undefined ? `${REPOSITORY}tree/main/${aim}` : `/${first(aim)}`}${title})`;
    });
}

/** Copies a picture to the site. @returns {string} Its address, relative to the page, as the bundler takes it. */
function picture(path, aim, copy) {
  copy(aim);
  const name = posix.relative(posix.dirname(path), `pictures/${posix.basename(aim)}`);
  return name.startsWith('.') ? name : `./${name}`;
}

/** Pictures that are HTML, such as those with another one for dark pages. */
function htmlPictures({ file, path }, line, copy) {
  return line.replaceAll(HTML_PICTURE, (whole, attribute, target) => {
    const aim = fileOf(file, target);
    if (aim === undefined) return whole;
    if (!existsSync(join(root, aim))) throw new Error(`${file}: ${target} leads nowhere`);
    return `${attribute}="${picture(path, aim, copy)}"`;
  });
}

/** One page as VitePress is to see it. */
function rewrite(page, text, link, copy) {
  const lines = text.split('\n');
  for (const [at, line] of proseOf(text)) {
    lines[at] = htmlPictures(page, link(page, line, copy), copy);
  }
  return (
    lines
      .map((line) =>
        line.replace(/^(\s*```+\w+) (?:no-run|run|until-sigterm|bench|printed)\s*$/, '$1'),
      )
      .join('\n')
      // Two programs that belong together: one beside the other where there is room.
      .replaceAll(SIDE_BY_SIDE, '<div class="side-by-side">\n')
      .replaceAll('<!-- to here -->', '\n</div>')
      // A code of an error is an address: errors#ERR_LIMIT.
      .replaceAll(/^\| `(E[A-Z0-9_]+)`/gm, '| <a id="$1"></a>`$1`')
  );
}

/** @returns {import('./pages.mjs').Page[]} The pages that were laid out. */
export function stage() {
  const pages = sidebar().flatMap((group) => group.pages);
  const link = linker(pages);
  rmSync(STAGED, { recursive: true, force: true });
  const copy = (file) => cpSync(join(root, file), join(STAGED, 'pictures', posix.basename(file)));
  for (const page of pages) {
    const to = join(STAGED, `${page.path}.md`);
    mkdirSync(dirname(to), { recursive: true });
    const text = readFileSync(join(root, page.file), 'utf8');
    const source = JSON.stringify(`${REPOSITORY}blob/main/${page.file}`);
    // Two programs beside each other take the room of the outline.
    const aside = text.includes(SIDE_BY_SIDE) ? 'aside: false\n' : '';
    const description = JSON.stringify(firstSentence(text).replaceAll('`', ''));
    const head = `source: ${source}\ndescription: ${description}\n${aside}`;
    writeFileSync(to, `---\n${head}---\n\n${rewrite(page, text, link, copy)}`);
  }
  return pages;
}
