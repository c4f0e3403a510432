/** Finds the snippets of the documentation: fences of Markdown files and `@example` blocks of doc comments. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { root } from '../lib/run.mjs';
import { anchorsOf, HTML_PICTURE, LINK, proseOf } from '../site/markdown.mjs';

/**
 * @typedef {object} Snippet
 * @property {string} file - From the root of the repository.
 * @property {number} line - The line of its first line of code.
 * @property {string} language - The first word after the fence: `ts`, `console`.
 * @property {readonly string[]} flags - The other words: `no-run`, `run`.
 * @property {string} code
 */

function filesBelow(folder, keep) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => keep(file) && !file.split(sep).some((part) => part === 'node_modules'))
    .map((file) => join(path, file))
    .toSorted();
}

/** Takes the fences out of lines; `offset` is the line number before the first of them. */
function* fences(file, lines, offset = 0) {
  let open;
  for (const [at, line] of lines.entries()) {
    const fence = /^(\s*)(```+)\s*(.*)$/.exec(line);
    if (open === undefined) {
      if (fence === null) continue;
      const [language = '', ...flags] = fence[3].trim().split(/\s+/);
      open = { indent: fence[1].length, language, flags, line: offset + at + 2, code: [] };
    } else if (fence !== null && fence[3] === '') {
      const { indent, code, ...rest } = open;
      yield { file, ...rest, code: code.map((text) => text.slice(indent)).join('\n') };
      open = undefined;
    } else {
      open.code.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line - 1}: a fence that never closes`);
}

/** Doc comments with their stars taken off; line numbers stay those of the file. */
function* commentFences(file, text) {
  for (const comment of text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)) {
    const offset = text.slice(0, comment.index).split('\n').length - 1;
    const lines = comment[0].split('\n').map((line) => line.replace(/^\s*\*( |$)/, ''));
    yield* fences(file, lines, offset);
  }
}

const name = (path) => relative(root, path).split(sep).join('/');
const read = (path) => readFileSync(path, 'utf8');
const packages = readdirSync(join(root, 'packages')).map((folder) => `packages/${folder}`);

/** @returns {string[]} The paths of the Markdown files that users and contributors read. */
function findPages() {
  return [
    ...[
      'README.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      ...packages.map((folder) => `${folder}/README.md`),
    ]
      .map((file) => join(root, file))
      .filter((path) => existsSync(path)),
    ...filesBelow('docs', (file) => file.endsWith('.md')),
  ];
}

/** What a README on npm links to: files of this repository, by their addresses. */
const REPOSITORY = 'https://github.com/awaitio/awaitio/blob/main/';
/** The pages that npm shows, where a link to another folder leads nowhere. */
const PUBLISHED = ['packages/core/README.md', 'packages/http/README.md'];

/** @returns The file that a link leads to, if it leads to one of this repository. */
function fileOf(page, target) {
  if (target.startsWith(REPOSITORY)) return join(root, target.slice(REPOSITORY.length));
  return /^[a-z]+:/.test(target) ? undefined : join(dirname(page), target);
}

/** @returns {string[]} A complaint for every link of a page that leads to no file or no heading, or does not on npm. */
export function findDeadLinks() {
  const dead = [];
  const anchors = new Map();
  const hasAnchor = (file, anchor) => {
    if (!anchors.has(file)) anchors.set(file, anchorsOf(read(file)));
    return anchors.get(file).has(anchor);
  };
  for (const page of findPages()) {
    for (const [at, line] of proseOf(read(page))) {
      for (const [, , target] of line.matchAll(HTML_PICTURE)) {
        const file = fileOf(page, target);
        if (file === undefined || existsSync(file)) continue;
        dead.push(`${name(page)}:${at + 1}: the picture ${target} is not there`);
      }
      for (const [, target, anchor] of line.matchAll(LINK)) {
        const file = target === '' ? page : fileOf(page, target);
        const where = `${name(page)}:${at + 1}: the link to ${target}`;
        if (file !== undefined && !existsSync(file)) {
          dead.push(`${where} leads nowhere`);
        } else if (file?.endsWith('.md') && anchor !== undefined && !hasAnchor(file, anchor)) {
          dead.push(`${where}#${anchor} leads to no heading`);
        }
        if (target.startsWith('..') && PUBLISHED.includes(name(page))) {
          dead.push(`${where} leads nowhere on npm; write ${REPOSITORY}…`);
        }
      }
    }
  }
  return dead;
}

/** @returns {Snippet[]} Every snippet of the repository. */
export function findSnippets() {
  const sources = packages.flatMap((folder) =>
    filesBelow(`${folder}/src`, (file) => file.endsWith('.ts') && !file.endsWith('.test.ts')),
  );
  return [
    ...findPages().flatMap((path) => [...fences(name(path), read(path).split('\n'))]),
    ...sources.flatMap((path) => [...commentFences(name(path), read(path))]),
  ];
}
