/** What the documentation lists is what the sources have: nothing is missing, nothing is left over. */

import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { core, http, type PackagePlan } from '../../../scripts/architecture/floors.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

function sourcesOf(folder: string): string[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file}`);
}

describe('docs/errors.md', () => {
  const codesIn = (text: string): string[] =>
    [...text.matchAll(/'(ERR_[A-Z0-9_]+)'/g)].map(([, code]) => code ?? '');
  /** Node's own codes: the borders to foreign errors know them by name, and the page need not. */
  const borders = [
    'packages/core/src/vocabulary/translate-error.ts',
    'packages/core/src/net/tls/tls-errors.ts',
  ];
  const isForeign = (code: string): boolean => /^ERR_(?:SSL|TLS)_/.test(code) || foreign.has(code);
  const foreign = new Set(borders.map(read).flatMap(codesIn));

  test('has a row for every code of ours, and for no other', () => {
    const sources = ['packages/core/src', 'packages/http/src']
      .flatMap(sourcesOf)
      .filter((file) => !file.includes('/testing/'))
      .map(read);
    const codes = new Set<string>();
    for (const source of sources) {
      for (const code of codesIn(source)) codes.add(code);
      // The short form of the protocol's rules: bad('what is wrong', 'NAME'), or a table of such pairs.
      if (!source.includes('bad(')) continue;
      for (const [, name] of source.matchAll(/,\s*'([A-Z_]+)',?\s*[\])]/g)) {
        codes.add(`ERR_HTTP_${name}`);
      }
    }
    const listed = [...read('docs/errors.md').matchAll(/^\| `(ERR_[A-Z0-9_]+)`/gm)].map(
      ([, code]) => code,
    );
    const wanted = [...codes].filter((code) => !isForeign(code) || listed.includes(code));
    expect(listed.toSorted()).toEqual(wanted.toSorted());
  });
});

test('docs/errors.md has every class of errors', () => {
  const page = read('docs/errors.md');
  const classes = ['packages/core/src', 'packages/http/src']
    .flatMap(sourcesOf)
    .filter((file) => !file.includes('/testing/'))
    .flatMap((file) => [...read(file).matchAll(/^export class (\w+(?:Error|Problem))\b/gm)])
    .map(([, name]) => name ?? '');
  expect(classes.length).toBeGreaterThan(10);
  expect(classes.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

describe('docs/architecture.md', () => {
  const page = read('docs/architecture.md');
  const roomsOf = ({ rooms }: PackagePlan): string[] =>
    rooms.map(({ folder, contains, sees, reason }) =>
      [
        `\`${folder}\``,
        contains,
        sees.map((seen) => `\`${seen}\``).join(' ') || 'nothing',
        reason,
      ].join(' | '),
    );
  // The formatter pads tables; what stands in the cells is compared.
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
        .join(' | '),
    );

  test('draws the rooms of core and http as they are enforced, and no others', () => {
    expect(rows).toEqual([core, http].flatMap(roomsOf));
  });

  test('names every room in its diagram', () => {
    const diagram = /```text\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const missing = [core, http]
      .flatMap(({ rooms }) => rooms)
      .flatMap(({ folder }) => folder.split('/'))
      .filter((name) => !diagram.includes(name));
    expect(missing).toEqual([]);
  });
});

describe('README.md', () => {
  test('is a page, not a book', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(120);
  });
});

test.each(['README.md', 'packages/core/README.md', 'packages/http/README.md'])(
  '%s says where `await using` is a SyntaxError, since its examples have it',
  (path) => {
    const text = read(path);
    expect(text).toContain('await using ');
    expect(text.replaceAll('\n', ' ')).toMatch(/`await using` needs .*Node\.js 24.*`SyntaxError`/);
  },
);

test.each(['packages/core/README.md', 'packages/http/README.md'])(
  '%s says what CommonJS, Jest, Bun and Deno make of the package',
  (path) => {
    const text = read(path).replaceAll('\n', ' ');
    expect(text).toMatch(/CommonJS programs load the package with `require\(\)`/);
    expect(text).toMatch(/Jest needs `--experimental-vm-modules`.*Node 24\.9 on CommonJS/);
    expect(text).toMatch(/Bun [\d.]+ and Deno [\d.]+ pass the smoke tests/);
  },
);

describe('packages/examples/README.md', () => {
  test('leads to every file of the examples', () => {
    const index = read('packages/examples/README.md');
    const missing = sourcesOf('packages/examples/src')
      .map((file) => file.replace('packages/examples/', ''))
      .filter((file) => !index.includes(`(${file})`));
    expect(missing).toEqual([]);
  });
});
