/** Keeps docs/features.md true: what it says is done has a test of the name it gives, where it says. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/features.md', root), 'utf8');

/** The sections with a list, and how many features each has: none gets lost unnoticed. */
const SECTIONS: Readonly<Record<string, number>> = {
  'Readiness, reading and writing': 18,
  'Listening, connecting, living and ending': 27,
  'Tasks, scheduling, looking inside': 22,
  'The HTTP server': 79,
  'The HTTP client': 40,
};

interface Row {
  readonly what: string;
  readonly here: string;
  readonly node: string;
  readonly shown: string;
}

function rowsOf(section: string): Row[] {
  const [, text = ''] = page.split(`\n## ${section}\n`);
  const [list = ''] = text.split('\n## ');
  return list.split(/^(?=- )/m).flatMap((item) => {
    const [line = '', ...tests] = item.trim().split('\n');
    const [, what = '', here = '', node = ''] =
      /^- \*\*(.+)\*\*: (.+)\. Node: (.+)\.$/.exec(line) ?? [];
    return line.startsWith('- ') ? [{ what, here, node, shown: tests.join('\n') }] : [];
  });
}

/** The tests that an item names: files from the root of the repository, and titles. */
function testsIn(cell: string): { file: string; title: string }[] {
  return [...cell.matchAll(/\]\(\.\.\/([^)]+)\): “([^”]+)”/g)].map(([, file = '', title = '']) => ({
    file,
    title,
  }));
}

describe.each(Object.entries(SECTIONS))('docs/features.md, %s', (section, count) => {
  const rows = rowsOf(section);

  test('has all of its rows', () => {
    expect(rows).toHaveLength(count);
    expect(new Set(rows.map(({ what }) => what)).size).toBe(count);
  });

  test('says of each row either which tests show it, or why it is refused', () => {
    for (const { what, here, node, shown } of rows) {
      const isDone = /^done\b/.test(here) && testsIn(shown).length > 0;
      const isRefused = /^refused: ./.test(here) && shown === '';
      expect([what, isDone || isRefused]).toEqual([what, true]);
      expect([what, /^(?:yes|in part|no)\b/.test(node)]).toEqual([what, true]);
    }
  });

  test('names tests that exist', () => {
    for (const { file, title } of rows.flatMap(({ shown }) => testsIn(shown))) {
      const path = new URL(file, root);
      const text = existsSync(path) ? readFileSync(path, 'utf8').replaceAll("\\'", "'") : '';
      expect([file, title, text.includes(title)]).toEqual([file, title, true]);
    }
  });
});

describe('docs/features.md, beside systems that are not on Node', () => {
  const [, text = ''] = page.split('\n## Beside systems that are not on Node\n');
  const [section = ''] = text.split('\n## ');
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

  test('has a column for each of them', () => {
    expect(rows[0]).toEqual(['feature', 'awaitio', 'tokio', 'Go', 'trio', 'Deno', 'Bun']);
  });

  test('has all of its rows, and says yes, in part or no in every cell', () => {
    const features = rows.slice(2);
    expect(features).toHaveLength(18);
    for (const [what, ...cells] of features) {
      for (const cell of cells)
        expect([what, cell]).toEqual([what, expect.stringMatching(/^(?:yes|in part|no)\b/)]);
    }
  });
});
