/**
 * The calls of a simulated disk, as an operating system makes them: at once, on what programs see.
 *
 * When a call is made, how long it takes and whether it fails is up to `disk.ts`.
 */

import { Directory, DirectoryNode, normalized, parentOf, type DiskNode } from './directory.ts';
import { DiskError } from './disk-error.ts';
import { FileNode, type CrashDraws } from './file-node.ts';
import type { SocketNode } from './socket-node.ts';

/** An open file: a node, where it is read and written next, and what it was opened for. */
export interface OpenFile {
  readonly path: string;
  readonly node: DiskNode;
  readonly mode: OpenMode;
  position: number;
}

export interface OpenMode {
  readonly reads: boolean;
  readonly writes: boolean;
  readonly appends: boolean;
  readonly creates: boolean;
  readonly truncates: boolean;
  readonly isExclusive: boolean;
}

/** What the flags of node:fs mean; `s` adds nothing here. */
export function modeOf(flags: string): OpenMode | undefined {
  const [, letter, rest = ''] = /^([rwa])([sx+]*)$/.exec(flags) ?? [];
  if (letter === undefined || (letter === 'r' && rest.includes('x'))) return undefined;
  const isBoth = rest.includes('+');
  return {
    reads: letter === 'r' || isBoth,
    writes: letter !== 'r' || isBoth,
    appends: letter === 'a',
    creates: letter !== 'r',
    truncates: letter === 'w',
    isExclusive: rest.includes('x'),
  };
}

export class DiskCalls {
  readonly #names = new Directory();
  capacity: number = Infinity;

  get used(): number {
    let sum = 0;
    for (const node of this.#names.nodes) sum += node.size;
    return sum;
  }

  open(given: string, mode: OpenMode): OpenFile {
    const path = normalized(given);
    let node = this.#names.get(path);
    if (node === undefined) {
      if (!mode.creates) throw new DiskError('ENOENT', 'open', given);
      this.#names.checkParent(path, 'open', given);
      node = new FileNode();
      this.#names.add(path, node);
    } else if (mode.isExclusive) {
      throw new DiskError('EEXIST', 'open', given);
    } else if (node.isDirectory && mode.writes) {
      throw new DiskError('EISDIR', 'open', given);
    } else if (node.isSocket) {
      throw new DiskError('ENXIO', 'open', given);
    }
    if (mode.truncates && node instanceof FileNode && node.size > 0) node.resize(0);
    return { path, node, mode, position: 0 };
  }

  read(file: OpenFile, length: number, position: number | undefined): Uint8Array {
    if (!file.mode.reads) throw new DiskError('EBADF', 'read');
    const at = position ?? file.position;
    const bytes = fileOf(file, 'read').read(at, at + length);
    if (position === undefined) file.position += bytes.length;
    return bytes;
  }

  /** @returns How many bytes fit. */
  write(file: OpenFile, bytes: Uint8Array, position: number | undefined): number {
    if (!file.mode.writes) throw new DiskError('EBADF', 'write');
    const node = fileOf(file, 'write');
    const at = file.mode.appends ? node.size : (position ?? file.position);
    const room = Math.max(0, node.size - at) + Math.max(0, this.capacity - this.used);
    const count = Math.min(bytes.length, room);
    if (count === 0 && bytes.length > 0) throw new DiskError('ENOSPC', 'write');
    node.write(at, bytes.subarray(0, count));
    if (position === undefined || file.mode.appends) file.position = at + count;
    return count;
  }

  truncate(file: OpenFile, length: number): void {
    if (!file.mode.writes) throw new DiskError('EINVAL', 'ftruncate');
    fileOf(file, 'ftruncate').resize(length);
  }

  /** What a sync that begins now makes durable. */
  beginSync({ node, path }: OpenFile): { readonly end: () => void; readonly fail: () => void } {
    if (!(node instanceof FileNode)) {
      const { last } = this.#names;
      return { end: () => this.#names.sync(path, last), fail: () => {} };
    }
    const { last } = node;
    return { end: () => node.sync(last), fail: () => node.failSync(last) };
  }

  rename(given: string, to: string): void {
    const [source, target] = [normalized(given), normalized(to)];
    const node = this.#find(given, 'rename');
    this.#names.checkParent(target, 'rename', given);
    if (source === target) return;
    const replaced = this.#names.get(target);
    if (target.startsWith(`${source}/`)) throw new DiskError('EINVAL', 'rename', given);
    if (replaced !== undefined && replaced.isDirectory !== node.isDirectory) {
      throw new DiskError(replaced.isDirectory ? 'EISDIR' : 'ENOTDIR', 'rename', given);
    }
    if (replaced?.isDirectory === true) this.#checkEmpty(target, 'rename', given);
    this.#names.rename(source, target);
  }

  unlink(given: string): void {
    if (this.#find(given, 'unlink').isDirectory) throw new DiskError('EISDIR', 'unlink', given);
    this.#names.remove(normalized(given));
  }

  mkdir(given: string): void {
    const path = normalized(given);
    if (this.#names.get(path) !== undefined) throw new DiskError('EEXIST', 'mkdir', given);
    this.#names.checkParent(path, 'mkdir', given);
    this.#names.add(path, new DirectoryNode());
  }

  rmdir(given: string): void {
    const path = normalized(given);
    if (!this.#find(given, 'rmdir').isDirectory) throw new DiskError('ENOTDIR', 'rmdir', given);
    this.#checkEmpty(path, 'rmdir', given);
    this.#names.remove(path);
  }

  readdir(given: string): string[] {
    if (!this.#find(given, 'scandir').isDirectory) throw new DiskError('ENOTDIR', 'scandir', given);
    return this.#names.list(normalized(given));
  }

  stat(given: string): DiskNode {
    return this.#find(given, 'stat');
  }

  /** What has a name, if anything. */
  find(given: string): DiskNode | undefined {
    return this.#names.get(normalized(given));
  }

  /** Gives a socket its name, in a directory that is made with it where there is none. @throws `ENOTDIR` */
  bindSocket(given: string, node: SocketNode): void {
    const path = normalized(given);
    const missing: string[] = [];
    for (
      let above = parentOf(path);
      this.#names.get(above) === undefined;
      above = parentOf(above)
    ) {
      missing.unshift(above);
    }
    for (const above of missing) {
      this.#names.checkParent(above, 'bind', given);
      this.#names.add(above, new DirectoryNode());
    }
    this.#names.checkParent(path, 'bind', given);
    this.#names.add(path, node);
  }

  /** Removes the name of a socket, unless another file has it by now. */
  unbindSocket(given: string, node: SocketNode): void {
    if (this.find(given) === node) this.#names.remove(normalized(given));
  }

  /** The machine crashes. @param lostNames - How many of the last changes of names are lost, of so many */
  crash(draws: CrashDraws, lostNames: (count: number) => number): void {
    for (const node of this.#names.recoverable) if (node instanceof FileNode) node.crash(draws);
    this.#names.crash(lostNames);
  }

  #find(given: string, syscall: string): DiskNode {
    const node = this.#names.get(normalized(given));
    if (node !== undefined) return node;
    this.#names.checkParent(normalized(given), syscall, given);
    throw new DiskError('ENOENT', syscall, given);
  }

  #checkEmpty(path: string, syscall: string, given: string): void {
    if (path === parentOf(path) || this.#names.list(path).length > 0) {
      throw new DiskError('ENOTEMPTY', syscall, given);
    }
  }
}

function fileOf({ node, path }: OpenFile, syscall: string): FileNode {
  if (!(node instanceof FileNode)) throw new DiskError('EISDIR', syscall, path);
  return node;
}
