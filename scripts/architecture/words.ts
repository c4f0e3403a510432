/**
 * Words that say less than they seem to. Prose, comments and titles of tests name who or what is meant: a task, the caller,
 * the server. The rules read whole files, so that a phrase counts also where a line breaks in it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

interface Rule {
  readonly phrase: string;
  readonly instead: string;
}

/** A space in a phrase is any white space, and the beginning of the next line of a comment. */
const RULES: readonly Rule[] = [
  { phrase: '(?:no|some|any|every)body', instead: 'name who: a task, the caller, the server' },
  { phrase: 'who(?:m|so)?ever', instead: 'name who: a task, the caller, the server' },
  { phrase: 'the ones? who', instead: 'name who: a task, the caller, the server' },
  { phrase: 'who does not', instead: '"that does not", or name who' },
  {
    phrase: '(?:is|are|was|were|be|been|being|has|have|had|not|otherwise) told',
    instead: 'say what happens: "gets", "is called with", "is reported"',
  },
  { phrase: 'told (?:apart|from|of|so|when|by)', instead: '"distinguished", "reported", "shown"' },
  // Not the name of a method.
  { phrase: 'hear(?:s|d|ing)?(?![(:])', instead: '"receives", "sees", "is called with"' },
  { phrase: 'of (?:its|their|his|her) own', instead: '"its own X", "a separate X", "another X"' },
];

/** Where a word stands for itself. */
export interface Exception {
  /** The end of the path of a file, or of a folder with a slash at its end. */
  readonly path: string;
  /** The text around the word; every word of the path if there is none. */
  readonly text?: string;
  readonly reason: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  { path: 'bench/results/', reason: 'A record of a run is not edited.' },
  { path: 'CHANGELOG.md', reason: 'What was released is not edited.' },
  { path: 'scripts/architecture/words.ts', reason: 'The rules themselves.' },
  { path: 'packages/core/test/words.test.ts', reason: 'The test of the rules.' },
  { path: 'basic-auth.test.ts', text: 'nobody', reason: 'The name of a user.' },
  { path: 'battery-handlers.ts', text: "'nobody'", reason: 'The name of a user.' },
  { path: 'battery-protocol.ts', text: "'nobody'", reason: 'The name of a user.' },
];

const EXTENSIONS = /\.(?:ts|mjs|js|md)$|\/\.oxlintrc\.json$/;
const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'coverage']);

const matcher = new RegExp(
  `(?<![\\w-])(?:${RULES.map(({ phrase }) => `(${phrase})`).join('|')})(?!\\w)`.replaceAll(
    ' ',
    String.raw`\s+(?:(?:\*|//|>)\s+)?`,
  ),
  'gi',
);

/** A word that a rule refuses. */
export interface Found {
  readonly path: string;
  readonly line: number;
  readonly word: string;
  /** The whole line, or lines, in which it stands. */
  readonly text: string;
  readonly instead: string;
}

/** The words in one text that the rules refuse. */
export function wordsIn(path: string, text: string): Found[] {
  return [...text.matchAll(matcher)].map((match) => {
    const [word, ...groups] = match;
    const end = text.indexOf('\n', match.index + word.length);
    const rule = RULES[groups.findIndex((group) => group !== undefined)];
    return {
      path,
      line: text.slice(0, match.index).split('\n').length,
      word: word.replace(/\s+(?:(?:\*|\/\/|>)\s+)?/g, ' '),
      text: text.slice(text.lastIndexOf('\n', match.index) + 1, end === -1 ? text.length : end),
      instead: rule?.instead ?? '',
    };
  });
}

/** Every text of the repository, by its path. */
export function textsOf(root: string): Map<string, string> {
  const texts = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!NOT_OURS.has(entry.name)) visit(path);
      } else if (entry.isFile() && EXTENSIONS.test(path)) {
        texts.set(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
      }
    }
  };
  visit(root);
  return texts;
}

/** Whether an exception covers a word. */
export function isExcepted({ path, text = '' }: Exception, found: Found): boolean {
  const isHere = path.endsWith('/') ? found.path.includes(path) : found.path.endsWith(path);
  return isHere && found.text.includes(text);
}
