/**
 * Circles of imports, of files and of folders, `import type` included.
 *
 * Every knot, which is a set of files that all lead to each other, is reported once, by its shortest circle through its first
 * file. A file at the root, such as an entry, lies in no folder and counts as one alone: all folders may share it.
 */
import { posix } from 'node:path';
import { targetOf, type Source } from './sources.ts';

export interface Circle {
  readonly kind: 'file' | 'folder';
  /** The file and the line of the import with which the circle begins. */
  readonly path: string;
  readonly line: number;
  /** The first is the last. */
  readonly circle: readonly string[];
  /** How many files or folders the whole knot has. */
  readonly size: number;
}

interface Place {
  readonly path: string;
  readonly line: number;
}
/** Where each file or folder imports each other one for the first time. */
type Graph = ReadonlyMap<string, ReadonlyMap<string, Place>>;

const fileItself = (path: string): string => path;
const folderOf = (path: string): string =>
  posix.dirname(path) === '.' ? path : posix.dirname(path);

function graphOf(sources: ReadonlyMap<string, Source>, nodeOf: (path: string) => string): Graph {
  const graph = new Map<string, Map<string, Place>>();
  for (const source of sources.values()) {
    const from = nodeOf(source.path);
    const edges = graph.get(from) ?? new Map<string, Place>();
    graph.set(from, edges);
    for (const entry of source.imports) {
      const target = targetOf(source, entry);
      if (target === undefined || !sources.has(target)) continue;
      const to = nodeOf(target);
      // A folder is open to its own files; a file that imports itself is a circle.
      if (to === from && target !== source.path) continue;
      if (!edges.has(to)) edges.set(to, { path: source.path, line: entry.line });
    }
  }
  return graph;
}

/** @returns The shortest way from a node to each that it leads to, itself included if there is one back. */
function waysFrom(start: string, graph: Graph): Map<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>();
  const queue: (readonly string[])[] = [[start]];
  for (const way of queue) {
    for (const next of graph.get(way.at(-1) ?? start)?.keys() ?? []) {
      if (ways.has(next)) continue;
      ways.set(next, [...way, next]);
      queue.push([...way, next]);
    }
  }
  return ways;
}

function* circlesOf(kind: Circle['kind'], graph: Graph): Iterable<Circle> {
  const known = new Set<string>();
  const nodes = [...graph.keys()].toSorted();
  const ways = new Map(nodes.map((node) => [node, waysFrom(node, graph)]));
  for (const node of nodes) {
    const circle = ways.get(node)?.get(node);
    if (circle === undefined || known.has(node)) continue;
    const knot = nodes.filter(
      (other) => ways.get(node)?.has(other) === true && ways.get(other)?.has(node) === true,
    );
    for (const member of knot) known.add(member);
    const place = graph.get(node)?.get(circle[1] ?? node);
    if (place !== undefined) yield { kind, ...place, circle, size: knot.length };
  }
}

/** @returns Every knot among these sources, of files first. */
export function circlesIn(sources: ReadonlyMap<string, Source>): Circle[] {
  return [
    ...circlesOf('file', graphOf(sources, fileItself)),
    // One of files at the root alone is known from above.
    ...[...circlesOf('folder', graphOf(sources, folderOf))].filter(({ circle }) =>
      circle.some((node) => !sources.has(node)),
    ),
  ];
}
