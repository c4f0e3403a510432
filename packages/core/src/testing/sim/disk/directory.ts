/**
 * The names of a simulated disk: which file is where.
 *
 * Names are apart from files. What is made, renamed or removed is seen at once, and is certain to outlast a crash when its
 * directory was synced. A file system keeps a journal of names: at a crash the first of the changes since are there, and the
 * later ones are not. The contents of a file and its name are two matters: either may be there without the other.
 */

import { DiskError } from './disk-error.ts';
import type { FileNode } from './file-node.ts';
import type { SocketNode } from './socket-node.ts';

export class DirectoryNode {
  readonly isDirectory = true;
  readonly isSocket = false;
  readonly size = 0;
}

export type DiskNode = FileNode | DirectoryNode | SocketNode;

type Names = Map<string, DiskNode>;

/** A change of names since the last sync of their directories. */
interface Change {
  readonly number: number;
  /** The directories that it concerns. */
  readonly directories: readonly string[];
  readonly apply: (names: Names) => void;
  /** What has got a name with it. */
  readonly node?: DiskNode;
}

const ROOT = '/';

export class Directory {
  readonly #seen: Names = new Map([[ROOT, new DirectoryNode()]]);
  readonly #synced: Names = new Map(this.#seen);
  #journal: Change[] = [];
  #last = 0;

  get(path: string): DiskNode | undefined {
    return this.#seen.get(path);
  }

  /** The number of the last change, for {@link Directory.sync}. */
  get last(): number {
    return this.#last;
  }

  /** All nodes, each once. */
  get nodes(): ReadonlySet<DiskNode> {
    return new Set([...this.#seen.values(), ...this.#synced.values()]);
  }

  /** All that may have a name after a crash: also what has lost it since, by a change that may itself be lost. */
  get recoverable(): ReadonlySet<DiskNode> {
    const added = this.#journal.flatMap(({ node }) => node ?? []);
    return new Set([...this.nodes, ...added]);
  }

  /** @throws `ENOENT`, `ENOTDIR` when there is no directory for the name. */
  checkParent(path: string, syscall: string, given: string): void {
    const parent = this.#seen.get(parentOf(path));
    if (parent === undefined) throw new DiskError('ENOENT', syscall, given);
    if (!parent.isDirectory) throw new DiskError('ENOTDIR', syscall, given);
  }

  add(path: string, node: DiskNode): void {
    this.#change([parentOf(path)], (names) => names.set(path, node), node);
  }

  remove(path: string): void {
    this.#change([parentOf(path)], (names) => names.delete(path));
  }

  /** Moves a file, or a directory with all that is in it. */
  rename(from: string, to: string): void {
    this.#change([parentOf(from), parentOf(to)], (names) => {
      const moved = [...names].filter(([path]) => path === from || path.startsWith(`${from}/`));
      names.delete(to);
      for (const [path] of moved) names.delete(path);
      for (const [path, node] of moved) names.set(to + path.slice(from.length), node);
    });
  }

  /** The names in a directory, in order. */
  list(path: string): string[] {
    return [...this.#seen.keys()]
      .filter((name) => name !== ROOT && parentOf(name) === path)
      .map((name) => name.slice(name.lastIndexOf('/') + 1))
      .toSorted();
  }

  /** Makes the changes of a directory durable, up to a number; those before them go along, as in a journal. */
  sync(path: string, last: number): void {
    const concerned = this.#journal.filter(
      ({ number, directories }) => number <= last && directories.includes(path),
    );
    const upTo = concerned.at(-1)?.number ?? 0;
    for (const { number, apply } of this.#journal) if (number <= upTo) apply(this.#synced);
    this.#journal = this.#journal.filter(({ number }) => number > upTo);
  }

  /** The machine crashes. @param lost - How many of the last changes are lost, of so many */
  crash(lost: (count: number) => number): void {
    const count = this.#journal.length;
    const kept = count === 0 ? 0 : count - lost(count);
    for (const { apply } of this.#journal.slice(0, kept)) apply(this.#synced);
    this.#journal = [];
    this.#seen.clear();
    for (const [path, node] of this.#synced) this.#seen.set(path, node);
  }

  #change(directories: readonly string[], apply: (names: Names) => unknown, node?: DiskNode): void {
    apply(this.#seen);
    this.#last += 1;
    const change = { number: this.#last, directories, apply };
    this.#journal.push(node === undefined ? change : { ...change, node });
  }
}

/** The directory that a path is in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || ROOT;
}

/** An absolute path without `.`, `..` and empty parts; relative ones begin at the root. */
export function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return ROOT + parts.join('/');
}
