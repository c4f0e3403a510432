/** Every name that the packages export is documented where it stands. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const ENTRIES = [
  'core/src/index.ts',
  'core/src/lowlevel.ts',
  'core/src/sync/index.ts',
  'core/src/testing/index.ts',
  'http/src/index.ts',
  'http/src/batteries/index.ts',
  'http/src/websocket/index.ts',
  'http/src/contract/index.ts',
  'http/src/adapters/hono/index.ts',
  'http/src/adapters/crossws/index.ts',
];

/** The exported names of an entry, each with the file that it comes from. */
function namesOf(entry: string): [name: string, file: URL][] {
  const at = new URL(`../../${entry}`, import.meta.url);
  const exports = readFileSync(at, 'utf8').matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g);
  return [...exports].flatMap(([, list = '', file = '']) =>
    list
      .split(',')
      .map((name) => name.replace(/\btype\b/, '').trim())
      .filter((name) => name !== '')
      .map((name): [string, URL] => [name, new URL(file, at)]),
  );
}

/** Whether the declaration of a name follows a doc comment, line comments between them aside. */
function isDocumented(name: string, file: URL): boolean {
  const source = readFileSync(file, 'utf8');
  const declaration = new RegExp(
    `^export (?:declare |abstract |async )*(?:function\\*?|class|interface|type|const) ${name}\\b`,
    'm',
  ).exec(source);
  const before = source.slice(0, declaration?.index ?? 0).replace(/(?:\/\/[^\n]*\n)+$/, '');
  return before.trimEnd().endsWith('*/');
}

describe.each(ENTRIES)('every name that %s exports', (entry) => {
  test('is documented', () => {
    const names = namesOf(entry);
    expect(names.length).toBeGreaterThan(1);
    const silent = names.filter(([name, file]) => !isDocumented(name, file));
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});
