/** What each published entry exports, names and signatures, as the compiler's declarations say it. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = ['core', 'http'];

/** An entry: its page in `api/`, and the declarations that it publishes. */
export interface Entry {
  readonly name: string;
  readonly file: string;
  readonly types: string;
}

/** Where an exported name is declared. */
interface Origin {
  readonly file: string;
  readonly original: string;
}

/** @returns The entries of the published packages. */
export function entries(): Entry[] {
  return PACKAGES.flatMap((name) => {
    const folder = join(ROOT, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      publishConfig: { exports: Record<string, { types: string }> };
    };
    return Object.entries(manifest.publishConfig.exports)
      .filter(([key]) => !key.endsWith('.json'))
      .map(([key, { types }]) => ({
        name: manifest.name + key.slice(1),
        file: join(folder, 'api', `${key === '.' ? 'index' : key.slice(2)}.txt`),
        types: join(folder, types),
      }));
  });
}

/** @returns The page of an entry: each exported name with its declaration, without comments, in order of the names. */
export function describeEntry({ name, types }: Entry): string {
  const exported = [...exportsOf(types)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const declarations = exported.map(([local, { file, original }]) =>
    declarationOf(file, original).replace(original, local),
  );
  return [`The public API of ${name}.`, ...declarations].join('\n\n') + '\n';
}

function* exportsOf(file: string): Iterable<readonly [name: string, origin: Origin]> {
  const text = withoutComments(readFileSync(file, 'utf8'));
  for (const [, list = '', from = ''] of text.matchAll(
    /export (?:type )?\{([^}]*)\} from '([^']+)'/g,
  )) {
    const target = join(dirname(file), from.replace(/\.ts$/, '.d.ts'));
    for (const item of list.split(',').map((part) => part.trim().replace(/^type /, ''))) {
      if (item === '') continue;
      const [original = '', local = original] = item.split(' as ');
      yield [local, { file: target, original }];
    }
  }
}

/** The declaration of a name in a file that the compiler wrote: each begins at the start of a line. */
function declarationOf(file: string, name: string): string {
  const text = withoutComments(readFileSync(file, 'utf8'));
  const parts = text.split(/^(?=(?:export|declare|import|type|interface|const|class|function)\b)/m);
  const named = new RegExp(
    String.raw`^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const) ${name}\b`,
  );
  const found = parts.filter((part) => named.test(part)).map((part) => part.trim());
  if (found.length === 0) throw new Error(`${file}: expected a declaration of ${name}, got none`);
  return found.join('\n');
}

/** Also without the marks of private fields, which are no API. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/^\s*(?:#private|private (?!constructor)[^;]*);\n/gm, '')
    .replaceAll(/^(?:\s*|\/\/# .*)(?:\n|$)/gm, '');
}
