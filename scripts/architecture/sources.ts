/**
 * Reads what a source file imports and which globals it reaches for.
 *
 * The parser is swc's, which resolves names on the way: an identifier that no declaration in the file accounts for is
 * marked, so a local variable that happens to be called `setTimeout` is not mistaken for the platform's.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { parseSync } from '@swc/core';

export interface Import {
  readonly specifier: string;
  /** `import type`; an `import { type X }` is not, for it still loads the file. */
  readonly typeOnly: boolean;
  /** `export … from`, which passes on what it imports. */
  readonly reexport: boolean;
  /** The specifier is computed, so it cannot be checked. */
  readonly computed: boolean;
  readonly line: number;
}

export interface Use {
  /** A global by its dotted name: `setTimeout`, `Date.now`, `new Date()`. */
  readonly name: string;
  readonly line: number;
}

export interface Source {
  /** From the package's `src/`, with its extension. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly globals: readonly Use[];
  /** Where it waits: `async`, `await`, a promise made by hand. */
  readonly waits: readonly Use[];
  /** Top-level statements that are not `export … from`. */
  readonly ownStatements: readonly Use[];
  /** `export * from`. */
  readonly starExports: readonly Use[];
}

interface Span {
  readonly start: number;
}
interface Node {
  readonly type: string;
  readonly span?: Span;
  readonly [key: string]: unknown;
}

export const isRelative = (specifier: string): boolean => /^\.\.?(\/|$)/.test(specifier);

/** @returns The file below the same root that an import leads to, or undefined when it leads out of it. */
export function targetOf(source: Source, { specifier }: Import): string | undefined {
  if (!isRelative(specifier)) return undefined;
  const target = posix.normalize(posix.join(posix.dirname(source.path), specifier));
  return target.startsWith('..') ? undefined : target;
}

/** swc's mark of an identifier that nothing in the file declares. */
const UNRESOLVED = 1;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

function* childrenOf(node: object): Iterable<Node | object> {
  for (const value of Object.values(node)) {
    if (typeof value === 'object' && value !== null) yield value as object;
  }
}

/** What a type is put on without a change of the value. */
const TYPED_VALUES: readonly string[] = [
  'ParenthesisExpression',
  'TsAsExpression',
  'TsSatisfiesExpression',
  'TsNonNullExpression',
];

/** @returns The dotted name of a chain of plain property reads that starts at a global, or null. */
function globalName(node: Node): string | null {
  if (TYPED_VALUES.includes(node.type)) {
    return isNode(node['expression']) ? globalName(node['expression']) : null;
  }
  if (node.type === 'Identifier') {
    return node['ctxt'] === UNRESOLVED ? (node['value'] as string) : null;
  }
  if (node.type !== 'MemberExpression') return null;
  const object = node['object'];
  const property = node['property'];
  if (!isNode(object) || !isNode(property)) return null;
  const start = globalName(object);
  if (start === null) return null;
  const step =
    property.type === 'Identifier'
      ? (property['value'] as string)
      : isNode(property['expression']) && property['expression'].type === 'StringLiteral'
        ? (property['expression']['value'] as string)
        : null;
  if (step === null) return start;
  return start === 'globalThis' ? step : `${start}.${step}`;
}

/** Parses one file. */
export function parseSource(path: string, text: string): Source {
  const module = parseSync(text, { syntax: 'typescript', target: 'es2022' });
  const bytes = Buffer.from(text);
  const lineOf = (node: Node): number => {
    let line = 1;
    const end = (node.span?.start ?? 1) - 1;
    for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1))
      line += 1;
    return line;
  };
  const imports: Import[] = [];
  const globals: Use[] = [];
  const waits: Use[] = [];
  const ownStatements: Use[] = [];
  const starExports: Use[] = [];

  const addImport = (node: Node, from: unknown, typeOnly: boolean, reexport: boolean): void => {
    // A choice between two literals is two imports.
    if (isNode(from) && from.type === 'ConditionalExpression') {
      addImport(node, from['consequent'], typeOnly, reexport);
      addImport(node, from['alternate'], typeOnly, reexport);
      return;
    }
    const literal = isNode(from) && from.type === 'StringLiteral';
    imports.push({
      specifier: literal ? (from['value'] as string) : '',
      typeOnly,
      reexport,
      computed: !literal,
      line: lineOf(node),
    });
  };
  const firstArgument = (node: Node): unknown =>
    (node['arguments'] as readonly { expression: unknown }[])[0]?.expression;
  const visitCall = (node: Node): void => {
    const callee = node['callee'];
    if (!isNode(callee)) return;
    if (callee.type === 'Import') {
      addImport(node, firstArgument(node), false, false);
      return;
    }
    // `require` is a local name here (from createRequire), so it is known by its spelling.
    const loader = callee.type === 'MemberExpression' ? callee['object'] : callee;
    if (isNode(loader) && loader.type === 'Identifier' && loader['value'] === 'require') {
      addImport(node, firstArgument(node), false, false);
    }
    const name = globalName(callee);
    if (name === 'Date') globals.push({ name: 'Date()', line: lineOf(node) });
  };

  let lastLine = 1;
  const visit = (value: object): void => {
    // The `async` modifier of a method has no type and no location: report the line of its parent.
    if ((value as { async?: unknown }).async === true)
      waits.push({ name: 'async', line: lastLine });
    if (!isNode(value)) {
      for (const child of childrenOf(value)) visit(child);
      return;
    }
    lastLine = lineOf(value);
    switch (value.type) {
      case 'ImportDeclaration':
        addImport(value, value['source'], value['typeOnly'] === true, false);
        return;
      case 'ExportAllDeclaration':
        addImport(value, value['source'], value['typeOnly'] === true, true);
        return;
      case 'ExportNamedDeclaration':
        if (value['source'] !== null) {
          addImport(value, value['source'], value['typeOnly'] === true, true);
        }
        return;
      case 'TsImportType':
        addImport(value, value['argument'], true, false);
        return;
      case 'TsTypeQuery':
        // `typeof setTimeout` as a type touches nothing at run time; `typeof import('x')` still names a module.
        if (isNode(value['exprName']) && value['exprName'].type === 'TsImportType') {
          visit(value['exprName']);
        }
        return;
      case 'CallExpression':
        visitCall(value);
        break;
      case 'NewExpression': {
        const callee = value['callee'];
        const name = isNode(callee) ? globalName(callee) : null;
        const count = (value['arguments'] as readonly unknown[] | null)?.length ?? 0;
        if (name === 'Date' && count === 0)
          globals.push({ name: 'new Date()', line: lineOf(value) });
        if (name === 'Promise') waits.push({ name: 'new Promise', line: lineOf(value) });
        break;
      }
      case 'ForOfStatement':
        if (value['await'] === true) waits.push({ name: 'for await', line: lineOf(value) });
        break;
      case 'UsingDeclaration':
        if (value['isAwait'] === true) waits.push({ name: 'await using', line: lineOf(value) });
        break;
      case 'AwaitExpression':
        waits.push({ name: 'await', line: lineOf(value) });
        break;
      case 'MemberExpression':
      case 'Identifier': {
        const name = globalName(value);
        if (name === null) break;
        globals.push({ name, line: lineOf(value) });
        if (name.startsWith('Promise.')) waits.push({ name, line: lineOf(value) });
        if (value.type === 'MemberExpression') return;
        break;
      }
    }
    for (const child of childrenOf(value)) visit(child);
  };

  for (const statement of module.body as unknown as readonly Node[]) {
    const line = lineOf(statement);
    if (statement.type === 'ExportAllDeclaration') starExports.push({ name: 'export *', line });
    const listed =
      statement.type === 'ExportAllDeclaration' ||
      (statement.type === 'ExportNamedDeclaration' &&
        (statement['source'] !== null ||
          (statement['specifiers'] as readonly unknown[]).length === 0));
    if (!listed) ownStatements.push({ name: statement.type, line });
    visit(statement);
  }
  return { path, imports, globals, waits, ownStatements, starExports };
}

/** Parses every source below a folder; unit tests, which lie beside the sources, are left out. */
export function readSources(root: string): Map<string, Source> {
  const sources = new Map<string, Source>();
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join(posix.sep))
    .filter((file) => /\.m?[jt]s$/.test(file) && !/\.test\.m?ts$/.test(file))
    .toSorted();
  for (const file of files) {
    sources.set(file, parseSource(file, readFileSync(join(root, file), 'utf8')));
  }
  return sources;
}

/** @returns The entry files of a package (`index.ts`, `testing/index.ts`), from the `source` conditions it exports. */
export function entriesOf(packageFolder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { source?: string }>;
  };
  return Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'object' && target.source !== undefined
      ? [target.source.replace('./src/', '')]
      : [],
  );
}
